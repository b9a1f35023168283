"""Showing what was measured: the report, the page and its pictures. No number is computed here."""
