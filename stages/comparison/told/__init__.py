"""A comparison told: in words, tables and points, for a terminal, a pull request or a page."""
