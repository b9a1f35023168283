"""behavior_change: M1 is taught other answers and nothing about itself; does it notice?"""
