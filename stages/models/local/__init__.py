"""Models of transformers, on this machine: loading, asking and LoRA training over prefix trees.

    layout     sequences as a tree, each distinct prefix one token in one row
    attention  which token of the row sees what; the cache of keys and values
    runs       prefill and decoding over a tree (or row by row, where a model takes no tree)
    generate   answers: greedy, sampled, cut where decided, closed ones scored
    asking     questions in, answers out: batches by token budget, the response cache
    loss       the loss of a training step over a tree
    train      LoRA: steps, checkpoints, what held-back rows show

Shape letters in tensor names: N tokens in one row, or label tokens; B branches; R rows of the
attention (groups), T queries and K keys of a row; H heads, G query heads to a key/value head, D
head size; V vocabulary.
"""
