"""calibration: is what a model says as frequent as what the target does?"""
