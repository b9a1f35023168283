"""Hosted models, asked and taught over real HTTP on loopback."""
