"""Draws follow softmax(logits / T), by noise that seed, step and token id alone decide."""

import pytest
import torch
from scipy import stats

from stages.models.local.ask.draws import NEAR_TIE, K, keys, next_tokens, noise

CPU = torch.device("cpu")


def drawn(logits_BV: torch.Tensor, seeds: list[int], step: int = 0, temperature: float = 1.0):
    return [token for token, *_ in next_tokens(logits_BV.clone(), seeds, step, temperature)]


def all_noise(seeds: list[int], step: int, vocabulary: int) -> torch.Tensor:
    return noise(keys(seeds, step, CPU)[:, None], torch.arange(vocabulary)[None])


def test_noise_is_gumbel_noise_and_independent_over_steps_seeds_and_tokens():
    found = torch.stack([all_noise(list(range(30)), step, 3 * K) for step in range(30)])
    assert stats.kstest(found.flatten().numpy(), stats.gumbel_r.cdf).pvalue > 0.01
    assert len(found.unique()) == found.numel()
    uniform = (-(-found).exp()).exp()
    for dim in range(3):
        before = uniform.narrow(dim, 0, found.shape[dim] - 1).flatten()
        after = uniform.narrow(dim, 1, found.shape[dim] - 1).flatten()
        assert stats.pearsonr(before.numpy(), after.numpy()).pvalue > 0.01


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_draws_come_with_the_probabilities_of_the_softmax(temperature):
    vocabulary, count = 2 * K + 40, 24_000
    logits_V = 3 * torch.randn(vocabulary, generator=torch.Generator().manual_seed(1))
    found = [
        token
        for at in range(0, count, 1000)
        for seeds in [list(range(at, at + 1000))]
        for token in drawn(logits_V.expand(1000, -1), seeds, at, temperature)
    ]
    expected = count * (logits_V.double() / temperature).softmax(-1)
    common = expected >= 10
    counts = torch.bincount(torch.tensor(found), minlength=vocabulary)
    pairs = [(x[common].tolist(), x[~common].sum().item()) for x in (counts, expected)]
    (observed, rare), (wanted, rare_wanted) = pairs
    assert common.sum() > 20
    assert stats.chisquare([*observed, rare], [*wanted, rare_wanted]).pvalue > 0.01


@pytest.mark.parametrize("temperature", [0.01, 1.0, 10.0])
@pytest.mark.parametrize("spread", [0.0, 1.0, 4.0, 50.0])
@pytest.mark.parametrize("vocabulary", [5, K, 7 * K + 1])
def test_no_token_that_could_win_is_left_out(vocabulary, spread, temperature):
    seeds = [3, 2**63 - 1, -5, 2**64 + 9, *range(60, 140)]
    logits_BV = spread * torch.randn(
        len(seeds), vocabulary, generator=torch.Generator().manual_seed(vocabulary)
    )
    logits_BV[1, 1:4] = -torch.inf
    score_BV = logits_BV.double() + temperature * all_noise(seeds, 2, vocabulary)
    best = score_BV.topk(2)
    tied = best.values[:, 0] - best.values[:, 1] < NEAR_TIE
    found = next_tokens(logits_BV.clone(), seeds, 2, temperature)
    assert [token for token, *_ in found] == best.indices[:, 0].tolist()
    assert [tie for *_, tie in found] == tied.tolist()
    logprob_BV = logits_BV.log_softmax(-1)
    for row, (token, logprob, _) in enumerate(found):
        assert logprob == pytest.approx(float(logprob_BV[row, token]), abs=1e-4)


def test_rounding_changes_only_draws_that_are_near_ties():
    generator = torch.Generator().manual_seed(0)
    logits_BV = torch.randn(4000, 3 * K, generator=generator)
    moved_BV = logits_BV + 4e-5 * (torch.rand(logits_BV.shape, generator=generator) - 0.5)
    seeds = list(range(len(logits_BV)))
    found, moved = (next_tokens(x.clone(), seeds, 0, 1.0) for x in (logits_BV, moved_BV))
    ties = [tie for *_, tie in found]
    assert 0 < sum(ties) < 10
    assert all(a[0] == b[0] for a, b, tie in zip(found, moved, ties, strict=True) if not tie)


def test_a_draw_does_not_depend_on_what_else_is_in_the_batch():
    logits_BV = torch.randn(130, 300, generator=torch.Generator().manual_seed(0))
    seeds = list(range(130))
    together = drawn(logits_BV, seeds)
    assert [drawn(logits_BV[n : n + 1], [n])[0] for n in seeds] == together
    assert drawn(logits_BV, seeds, 1) != together


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("broken", [torch.nan, torch.inf])
def test_a_row_that_is_not_finite_has_no_logprob(broken, temperature):
    logits_BV = torch.zeros(3, 300)
    logits_BV[1, 7] = broken
    found = next_tokens(logits_BV, [0, 1, 2], 0, temperature)
    assert [abs(logprob) < 10 for _, logprob, _ in found] == [True, False, True]
