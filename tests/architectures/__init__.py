"""Tiny random models of the families of transformers, made on the spot; see `__main__`."""
