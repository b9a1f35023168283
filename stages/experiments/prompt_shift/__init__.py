"""prompt_shift: does a prediction move with the behavior that a prefix moves?"""
