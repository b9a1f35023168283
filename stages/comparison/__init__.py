"""Two versions of a study, or several: what changed between them, and how their numbers differ."""
