"""before_after: what self-prediction training changed, on the same rows and the same target."""
