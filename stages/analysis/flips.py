"""The permutation test of an average: self and cross swapped in whole inputs, at random.

Draws, ties and p are those of scipy.stats.permutation_test with permutation_type "samples", which
takes ten times as long. Array suffixes: I inputs, D draws.
"""

from collections.abc import Iterator

import numpy as np
from scipy import stats

from stages.study.splits import rng

BLOCK = 2**17  # signs at once
EXACT = 64  # from so many inputs on there are more ways to flip than anyone draws
DECIMALS = 12  # sums that are equal to so many are ties


def sign_flip_p(shares_I: np.ndarray, seed: int, permutations: int) -> float:
    """Two-sided p-value of the sum of `shares_I` when the sign of each is a matter of chance.

    Where there are no more ways to flip than `permutations`, each is taken once.
    """
    generator = np.random.default_rng(rng(seed, "permutations").getrandbits(64))
    if len(shares_I) < EXACT and 2 ** len(shares_I) <= permutations:
        return _exact(shares_I, permutations)
    observed = np.round(shares_I.sum(), DECIMALS)
    slack = abs(observed) * 100 * np.finfo(float).eps
    below = above = 1  # what was observed is one of the draws
    for sums_D in _flipped_sums(shares_I, generator, permutations):
        below += int((sums_D <= observed + slack).sum())
        above += int((sums_D >= observed - slack).sum())
    return float(min(1.0, 2 * min(below / (permutations + 1), above / (permutations + 1))))


def _flipped_sums(
    shares_I: np.ndarray, generator: np.random.Generator, permutations: int
) -> Iterator[np.ndarray]:
    """The sums of all draws, a block at a time.

    `Generator.permuted` of a pair takes the lowest bit of the next 32 bits of the generator: 0
    swaps it. The generator gives 64 bits at once, of which the lower 32 come first.
    """
    inputs = len(shares_I)
    total = shares_I.sum()
    block = max(2, BLOCK // inputs // 2 * 2)  # an even number, so that no half is left over
    for start in range(0, permutations, block):
        draws = min(block, permutations - start)
        raw = generator.bit_generator.random_raw((draws * inputs + 1) // 2)
        bits = raw.astype("<u8", copy=False).view("<i4")[: draws * inputs]
        bits &= 1
        kept_DI = bits.reshape(draws, inputs).astype(float)
        yield np.round(2 * (kept_DI @ shares_I) - total, DECIMALS)


def _exact(shares_I: np.ndarray, permutations: int) -> float:
    found = stats.permutation_test(
        (shares_I,),
        lambda shares, axis: np.round(shares.sum(axis=axis), DECIMALS),
        permutation_type="samples",
        vectorized=True,
        n_resamples=permutations,
    )
    return float(found.pvalue)
