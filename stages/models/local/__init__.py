"""Models of transformers, on this machine: loading, asking with shared prefixes, LoRA training.

Shape letters in tensor names: B rows of a batch, T tokens, K cached tokens, V vocabulary,
N answer tokens, H hidden size.
"""
