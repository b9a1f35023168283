"""Models of transformers, on this machine: loading, asking and LoRA training over prefix trees.

    subject/layout      sequences as a tree, each distinct prefix one token in one row
    subject/plan        which token of the row sees what; the cache of keys and values
    subject/counters    random bits of a key and a counter
    subject/attention   the attention function over a plan
    subject/generation  `generate` of transformers, for models whose attention takes no tree
    subject/trial       which of both a model takes, tried as it is loaded
    subject/budget      how much is computed at once
    subject/limits      what a model cannot read
    subject/loading     a model in memory, with or without an adapter
    ask/runs            prefill and decoding over a tree
    ask/draws           the next token: the most probable, or drawn by noise
    ask/generate        answers: greedy, sampled, cut where decided, closed ones scored
    ask/thoughts        what a model thinks before its answer, taken off
    ask/stops           stop marks: where they end an answer
    ask/asking          questions in, answers out: batches by token budget, the response cache
    teach/head          what a head reads: kept, or read once more
    teach/loss          the loss of a training step over a tree
    teach/steps         which inputs are a step, at which share of the rate
    teach/lora          which layers are taught
    teach/dropout       dropout that no batch decides
    teach/train         LoRA: gradients, what held-back rows show
    teach/checkpoints   what the next step needs
    teach/finetuning    rows in, an adapter out, kept in the user's cache
    rendering, keys     what a model reads, and what decides its answers and adapters
    backend             the rest behind the protocols of stages.models

Shape letters in tensor names: N tokens in one row, or label tokens; B branches; P places; R rows
of the attention (groups), T queries and K keys of a row; H heads, G query heads to a key/value
head, D head size; V vocabulary.
"""
