"""What hosted models cost: unknown is not nothing, limits hold for the study whatever happens."""

import asyncio
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from stages.models.hosted.account import Bill, Wish
from stages.models.hosted.ask.plan import asking_plan
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.identity import Host
from stages.models.hosted.ledger import SPENT, Ledger, study_of
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.money import (
    Tariff,
    Tokens,
    cost,
    estimated_tokens,
    most_tokens,
)
from stages.models.questions import Decoding
from stages.storage.errors import StudyError
from tests.conftest import ROOT
from tests.hosted.asked import questions

PRICES = {"one": {"input": 2.0, "cached": 0.5, "output": 8.0, "training": 25.0}}
ONE = Tariff("one")
QUESTION = [{"role": "user", "content": "What would you say to: red blue green?"}]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def limits(**told: object) -> LimitsParams:
    return LimitsParams.model_validate({"prices": PRICES} | told)


def paid(ledger: Ledger) -> Tokens:
    return sum((t.tokens for t in ledger.totals() if not t.open), Tokens())


def test_tokens_cost_what_the_prices_say():
    tokens = Tokens(prompt=1_000_000, cached=400_000, answer=100_000)
    assert cost(tokens, ONE, limits()) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.1 * 8)
    assert cost(Tokens(trained=2_000_000), ONE, limits()) == pytest.approx(50)


def test_cached_tokens_without_a_price_of_their_own_cost_as_much_as_others():
    told = LimitsParams.model_validate({"prices": {"one": {"input": 2, "output": 8}}})
    assert cost(Tokens(prompt=100, cached=100), ONE, told) == cost(Tokens(prompt=100), ONE, told)


def test_what_training_made_and_batches_have_prices_of_their_own():
    one = PRICES["one"] | {"trained": {"input": 3.0, "output": 12.0}, "batch": 0.5}
    told, tokens = limits(prices={"one": one}), Tokens(prompt=1_000_000, answer=1_000_000)
    assert cost(tokens, Tariff("one", trained=True), told) == pytest.approx(15)
    assert cost(tokens, Tariff("one", batch=True), told) == pytest.approx(5)
    assert cost(tokens, Tariff("one", trained=True, batch=True), told) == pytest.approx(7.5)


def test_what_has_no_price_costs_an_unknown_amount_and_not_nothing():
    assert cost(Tokens(prompt=1), Tariff("two"), limits()) is None
    told = LimitsParams.model_validate({"prices": {"one": {"input": 2, "output": 8}}})
    assert cost(Tokens(trained=1), ONE, told) is None
    assert cost(Tokens(prompt=8, answer=4), Tariff("two"), limits()) is None


def test_a_limit_in_dollars_is_refused_without_prices():
    with pytest.raises(ValidationError, match="max_cost_usd has no meaning without prices"):
        LimitsParams.model_validate({"max_cost_usd": 1.0})
    with pytest.raises(ValueError, match="max_cost_usd: 'two' has no prices; add prices"):
        limits(max_cost_usd=1.0).check(models=["one", "two"], hosted=["two"])
    with pytest.raises(ValueError, match="prices: 'one' is no model; allowed: two"):
        limits().check(models=["two"], hosted=["two"])
    with pytest.raises(StudyError, match=r"limits.prices.two: has no price of input and output"):
        Ledger(limits(max_cost_usd=1.0), "predict").reserve(Tokens(1), Tariff("two"))


def test_an_estimate_is_a_rule_on_the_bytes_of_the_text():
    assert estimated_tokens([{"role": "user", "content": "a" * 41}]) == 11 + 4 + 3
    assert estimated_tokens([{"role": "user", "content": "é" * 4}]) == 2 + 4 + 3
    assert most_tokens(QUESTION) >= len(QUESTION[0]["content"].encode())
    model, asked = Hosted(Host("one", "one", "http://127.0.0.1:9/v1")), questions(3)
    plan = asking_plan(model, "one", asked, Decoding(5), ())
    prompts = sum(estimated_tokens(question.messages) for question in asked)
    assert plan.most == Tokens(prompt=prompts, answer=15)


def test_totals_stand_by_stage_and_model_with_what_was_estimated():
    for stage, model in (("predict", "one"), ("predict", "two"), ("sample_base", "one")):
        ledger = Ledger(limits(), stage)
        for count in (1, 2):
            name = ledger.reserve(Tokens(100, answer=100), Tariff(model))
            ledger.settle(name, Tokens(count, answer=10), estimated=count == 2)
    found = {(t.stage, t.tariff.model): t for t in ledger.totals()}
    assert found.keys() == {("predict", "one"), ("predict", "two"), ("sample_base", "one")}
    total = found["predict", "one"]
    assert (total.tokens, total.requests, total.estimated) == (Tokens(3, answer=20), 2, 1)
    assert total.cost_usd == pytest.approx((3 * 2 + 20 * 8) / 1e6)
    assert found["predict", "two"].cost_usd is None


def test_prices_that_come_later_hold_for_what_was_paid_before():
    before = Ledger(LimitsParams(), "predict")
    before.settle(before.reserve(Tokens(10**6), ONE), Tokens(10**6))
    assert before.totals()[0].cost_usd is None
    after = Ledger(limits(max_cost_usd=2.5), "predict")
    assert after.totals()[0].cost_usd == pytest.approx(2.0)
    with pytest.raises(StudyError, match=r"max_cost_usd: \$2.5000 would be passed: \$2.0000 paid"):
        after.reserve(Tokens(300_000), ONE)


def test_a_run_stops_before_it_would_pass_a_limit():
    ledger = Ledger(limits(max_tokens=100), "predict")
    ledger.settle(ledger.reserve(Tokens(40, answer=20), ONE), Tokens(40, answer=20))
    with pytest.raises(StudyError) as refused:
        ledger.reserve(Tokens(41), ONE)
    assert str(refused.value) == (
        "params.yaml: limits.max_tokens: 100 tokens would be passed: 60 tokens paid, at most 0 "
        "tokens on the way or lost in a kill, and what predict asks of one next takes up to 41 "
        "tokens. All that was paid for is kept: raise the limit and give the same command again"
    )
    assert ledger.reserve(Tokens(40), ONE)


def test_a_request_waits_for_those_on_the_way_where_they_may_take_less_than_they_could():
    ledger = Ledger(limits(max_tokens=100), "predict")
    first = ledger.reserve(Tokens(90), ONE)
    assert ledger.reserve(Tokens(20), ONE) is None
    ledger.settle(first, Tokens(50))
    assert ledger.reserve(Tokens(20), ONE)


def test_what_is_noted_together_is_judged_one_after_the_other():
    ledger = Ledger(limits(max_tokens=100), "predict")
    bill = Bill(ledger.reserve(Tokens(90), ONE), Tokens(30))
    wishes = [Wish(name, Tokens(most), ONE) for name, most in (("a", 60), ("b", 20), ("c", 10))]
    assert ledger.note([bill], wishes) == [True, False, True]
    assert [(t.open, t.tokens.total) for t in ledger.totals()] == [(False, 30), (True, 70)]


def test_a_refused_request_is_forgotten_and_a_bill_counts_once():
    ledger = Ledger(limits(), "predict")
    ledger.release(ledger.reserve(Tokens(5), ONE))
    assert ledger.totals() == []
    name = ledger.reserve(Tokens(trained=9), ONE, name="job")
    assert ledger.reserve(Tokens(trained=9), ONE, name="job") == name
    for _ in range(2):
        ledger.settle("job", Tokens(trained=7))
    assert [t.tokens for t in ledger.totals()] == [Tokens(trained=7)]


def test_what_was_on_the_way_in_a_killed_process_counts_with_all_it_could_have_cost():
    killed = """
        import os
        from stages.models.hosted.ledger import Ledger
        from stages.models.hosted.limits_section import LimitsParams
        from stages.models.hosted.money import Tariff, Tokens
        ledger = Ledger(LimitsParams(), "predict")
        ledger.settle(ledger.reserve(Tokens(50), Tariff("one")), Tokens(30))
        ledger.reserve(Tokens(50), Tariff("one"))
        os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(killed)], check=False)
    ledger = Ledger(limits(max_tokens=100), "predict")
    assert [(t.open, t.tokens.total, t.requests) for t in ledger.totals()] == [
        (False, 30, 1),
        (True, 50, 1),
    ]
    with pytest.raises(StudyError, match="30 tokens paid, at most 50 tokens on the way or lost"):
        ledger.reserve(Tokens(21), ONE)


def test_threads_and_processes_never_pass_a_limit_together():
    def spend(stage: str) -> int:
        ledger, spent = Ledger(limits(max_tokens=60), stage), 0
        while True:
            try:
                name = ledger.reserve(Tokens(1), ONE)
            except StudyError:
                return spent
            ledger.settle(name, Tokens(1))
            spent += 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(spend, "abcd")) == 60
    assert paid(Ledger(limits(), "any")) == Tokens(60)


def test_one_ledger_serves_threads_and_coroutines_at_once():
    ledger = Ledger(limits(), "predict")

    async def ask(threaded: bool) -> None:
        if threaded:
            name = await asyncio.to_thread(ledger.reserve, Tokens(1), ONE)
        else:
            name = ledger.reserve(Tokens(1), ONE)
        await asyncio.sleep(0)
        ledger.settle(name, Tokens(1))

    async def all_of_them() -> None:
        await asyncio.gather(*(ask(number % 2 == 0) for number in range(40)))

    asyncio.run(all_of_them())
    assert paid(ledger) == Tokens(40)


def test_a_study_is_its_folder_and_its_temporary_experiments_are_the_same_study(tmp_path):
    inside = tmp_path / ".dvc" / "tmp" / "exps" / "standalone" / "tmp123"
    inside.mkdir(parents=True)
    assert study_of(inside) == study_of(tmp_path) == str(tmp_path.resolve())
    other = Ledger(limits(), "predict", tmp_path / "other")
    other.settle(other.reserve(Tokens(5), ONE), Tokens(5))
    assert Ledger(limits(), "predict", tmp_path).totals() == []


def test_no_limit_holds_where_a_damaged_account_was_set_aside(cache):
    Ledger(limits(), "predict").totals()
    (cache / f"{SPENT}.damaged").touch()
    assert Ledger(limits(), "predict").reserve(Tokens(1), ONE)
    with pytest.raises(StudyError, match="what was paid before is not known"):
        Ledger(limits(max_tokens=10), "predict").reserve(Tokens(1), ONE)


def test_prices_and_limits_are_no_param_of_any_stage():
    assert "limits" not in (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert os.environ["SELFPREDICT_CACHE"]
