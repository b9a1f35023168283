"""Tiny models with known answers, grown on the spot for the control studies."""
