"""How a model is got, asked and taught."""
