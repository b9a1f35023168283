"""What each experiment asks and trains beyond the main study: a module with `run` for each.

`run(target, params, cache)` gives the rows of its outcomes table; what they say is measured by
the module of the same name in stages/analysis/experiments.
"""
