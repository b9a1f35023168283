"""What was paid is told by stage and model, and how far trainings on servers are."""

from pathlib import Path

import pytest

from stages import cache
from stages.models.hosted.errands.journal import RUNNING
from stages.models.hosted.ledger import Ledger
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.statement import account, trainings
from stages.models.hosted.teach.journal import journal_of
from stages.models.plan import Tariff, Tokens
from tests.conftest import run_command

LIMITS = LimitsParams.model_validate(
    {"max_cost_usd": 5.0, "prices": {"one": {"input": 2.0, "output": 8.0, "training": 25.0}}}
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFPREDICT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def pay(model: str, paid: Tokens | None, *, trained: bool = False, estimated: bool = False) -> None:
    ledger = Ledger(LimitsParams(), "predict")
    name = ledger.reserve(Tokens(1_000_000), Tariff(model, trained=trained))
    if paid is not None:
        ledger.settle(name or "", paid, estimated=estimated)


def test_where_nothing_was_paid_nothing_is_said_and_no_account_begun(tmp_path):
    assert list(account(LIMITS)) == [] and not (tmp_path / "cache/spent.sqlite").exists()


def test_what_was_paid_and_what_may_have_been_lost_stand_apart():
    pay("one", Tokens(500_000, cached=1_000, answer=100), estimated=True)
    pay("one", Tokens(trained=1_000), trained=True)
    pay("one", None)
    assert list(account(LIMITS)) == [
        "paid for this study: $1.0258, 501,100 tokens; the limit is $5.0000",
        "  predict, one: 1 requests; 500,000 tokens of prompts (1,000 read before), "
        "100 of answers; $1.0008; tokens of 1 of them estimated",
        "  predict, one (trained): 1 requests; 1,000 tokens trained on; $0.0250",
        "on the way, or lost in a kill, at most: $2.0000, 1,000,000 tokens",
        "  predict, one: 1 requests; 1,000,000 tokens of prompts (0 read before), 0 of answers; "
        "$2.0000",
    ]


def test_what_has_no_price_is_no_zero():
    pay("one", Tokens(10))
    pay("two", Tokens(10))
    first, *lines = account(LIMITS)
    assert "$0.0000 and more" in first and lines[1].endswith("; no price")


def test_the_cache_shows_trainings_and_the_account(tmp_path):
    pay("one", Tokens(10))
    with journal_of({"model": "gpt", "host": "h/v1"}) as journal:
        journal.note(RUNNING, job="job-1")
    (tmp_path / "cache/jobs/bad.json").write_text("{", encoding="utf-8")
    assert [line.partition(": ")[2] for line in trainings()] == [
        "gpt at h/v1: running, job job-1",
        "damaged",
    ]
    shown = run_command(cache)
    assert "running, job job-1" in shown and "paid for this study: unknown" not in shown
    assert "10 tokens" in shown
