"""examples: what examples in the prompt teach, to the target itself and to another model."""
