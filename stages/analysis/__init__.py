"""Scores in, numbers out: accuracies, gaps with intervals, baselines, where a gap can show."""
