"""The next token of each row: the most probable, or one that is drawn by noise on the logits.

Drawn is the token of the greatest score, logit + T * g, where g is Gumbel noise: the tokens then
come with the probabilities of softmax(logits / T) (Gumbel 1954; arXiv 1611.00712, section 2.1).
The noise is a function of (seed, step, token id) alone. So a draw does not depend on what else is
in the batch, and rounding of the logits changes it only where two tokens are nearly tied.

Noise for all of a large vocabulary would take a good part of the time of decoding. But g = -log E,
with E exponential, and of K exponentials the least is one of rate K, at each place with the same
chance; what the others are beyond it is exponential again. So the least of a block of tokens is
drawn first: it bounds their noise, and only tokens that may win are given noise of their own.

Letters: B rows; V vocabulary, M blocks of K tokens each; of all rows A blocks, N tokens may win.
"""

import math

import torch

from stages.models.local.subject.counters import bits, shifted, signed

NEAR_TIE = 1e-4  # logits: below this, rounding may decide which token is the greatest
CHUNK = 64  # rows of logits worked on at a time
K = 256  # tokens of a block; a power of two

Chosen = tuple[int, float, bool]
"""a token; its log-probability in nats, at temperature 1; whether another was nearly chosen"""


def next_tokens(
    logits_BV: torch.Tensor, seeds: list[int], step: int, temperature: float
) -> list[Chosen]:
    """The next token of each row, drawn by its seed and `step`; greedy at temperature 0.

    Log-probabilities are not finite where a row's logits are not. The logits are used up.
    """
    chosen: list[Chosen] = []
    for at in range(0, len(logits_BV), CHUNK):
        part_BV = logits_BV[at : at + CHUNK].float()
        total_B = part_BV.logsumexp(-1)
        best_B, token_B = part_BV.max(-1)
        if temperature:
            key_B = keys(seeds[at : at + CHUNK], step, part_BV.device)
            token_B, tie_B = _drawn(part_BV, token_B, key_B, temperature)
            best_B = part_BV.gather(1, token_B[:, None])[:, 0]
        else:
            second_B = part_BV.scatter_(1, token_B[:, None], -torch.inf).amax(-1)
            tie_B = best_B - second_B < NEAR_TIE
        chosen += zip(token_B.tolist(), (best_B - total_B).tolist(), tie_B.tolist(), strict=True)
    return chosen


def keys(seeds: list[int], step: int, device: torch.device) -> torch.Tensor:
    """What the noise of each row is drawn by (B)."""
    seed_B = torch.tensor([signed(seed) for seed in seeds], device=device)
    return bits(bits(torch.zeros_like(seed_B), seed_B), torch.full_like(seed_B, step))


def noise(key: torch.Tensor, token: torch.Tensor) -> torch.Tensor:
    """Gumbel noise (float64) of tokens, by the keys of their rows; shapes are broadcast."""
    least, first = _least(key, token // K)
    beyond = torch.where(token == first, 0, _exponential(bits(key, token)))
    return -(least + beyond).log()


def _drawn(
    logits_BV: torch.Tensor, top_B: torch.Tensor, key_B: torch.Tensor, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The token of each row with the greatest score, and whether a second is nearly as great.

    `top_B` are the most probable tokens. Rows that are not finite give any token.
    """
    rows, size = logits_BV.shape
    blocks = math.ceil(size / K)
    if rest := blocks * K - size:
        logits_BV = torch.nn.functional.pad(logits_BV, (0, rest), value=-torch.inf)
    key_B1 = key_B[:, None]
    least_BM, first_BM = _least(key_B1, torch.arange(blocks, device=key_B.device)[None])
    tried_BM = torch.cat([first_BM, top_B[:, None]], 1)
    score_BM = logits_BV.gather(1, tried_BM) + temperature * noise(key_B1, tried_BM)
    needed_B1 = score_BM.amax(1, keepdim=True) - 2 * NEAR_TIE  # the greatest score is not below
    needed_BM = (needed_B1 + temperature * least_BM.log()).float()
    logits_BMK = logits_BV.unflatten(1, (blocks, K))
    row_A, block_A = (logits_BMK.amax(2) >= needed_BM).nonzero().T
    able_AK = logits_BMK[row_A, block_A] >= needed_BM[row_A, block_A, None]
    block_N, place_N = able_AK.nonzero().T
    row_N, token_N = row_A[block_N], block_A[block_N] * K + place_N
    score_N = logits_BV[row_N, token_N] + temperature * noise(key_B[row_N], token_N)

    def greatest(score_N: torch.Tensor) -> torch.Tensor:
        return score_N.new_full((rows,), -torch.inf).scatter_reduce(0, row_N, score_N, "amax")

    best_B = greatest(score_N)
    best_N = score_N == best_B[row_N]
    token_B = top_B.scatter(0, row_N[best_N], token_N[best_N])
    second_B = greatest(score_N.masked_fill(token_N == token_B[row_N], -torch.inf))
    return token_B, best_B - second_B < NEAR_TIE


def _least(key: torch.Tensor, block: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The least exponential of a block, and the token that has it."""
    drawn = bits(key, -1 - block)  # counters of tokens are not below 0
    return _exponential(drawn) / K, block * K + (drawn & (K - 1))


def _exponential(drawn: torch.Tensor) -> torch.Tensor:
    """Exponentials of rate 1 by the upper 52 of 64 bits; never 0."""
    return -((shifted(drawn, 12).double() + 0.5) * 2.0**-52).log()
