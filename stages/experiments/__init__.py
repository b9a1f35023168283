"""What is asked and trained beyond the main study: a folder for each experiment.

X/params.py (what it is told), X/run (what it asks; the rows of its outcomes table), X/measure.py
(what they say), X/section.md.j2, X/line.md.j2 and X/plot.json (how the report shows it). They are
found by the folder's name; docs/add_an_experiment.md adds one step by step.
"""
