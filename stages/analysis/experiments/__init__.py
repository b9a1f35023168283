"""What the outcomes of each experiment say: a module with `numbers` and `plot` for each.

`numbers(rows, params)` is the experiment's metrics file, `plot(numbers)` the rows of its plot.
Its section of the report is templates/experiments/NAME.md.j2, filled in with the numbers.
"""
