"""How a hosted model is reached and asked: its section of params, and what is written of it."""
