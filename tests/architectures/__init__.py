"""Tiny random models of many families, and what must hold of each; see `__main__`."""
