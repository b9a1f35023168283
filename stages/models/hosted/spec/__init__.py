"""How a hosted model is reached and asked: its section of params.yaml, and what is written of it."""
