"""Batching: orders go into batches one after the other, until each has its replies or fails.

A batch that is at work already, of a killed run or another command, is waited for before a new
one is created; what it gives is the same whoever takes it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType

from stages.models.hosted.ask.batch.journal import BatchJournal, Journals
from stages.models.hosted.ask.batch.judging import UNDONE, Judged, judged
from stages.models.hosted.ask.batch.lines import MOST_LINES, address, first_chunk
from stages.models.hosted.ask.batch.outcome import (
    CANCELLED,
    COMPLETED,
    EXPIRED,
    FAILED,
    Outcome,
    kind,
    outcome,
)
from stages.models.hosted.ask.orders import Order
from stages.models.hosted.ask.replies import Reply
from stages.models.hosted.ask.sending import Done
from stages.models.hosted.errands.door import USUAL, Door, Pace
from stages.models.hosted.errands.journal import RUNNING
from stages.models.hosted.errands.sending import Errand
from stages.models.hosted.failures import Fails
from stages.models.hosted.hosted import Hosted
from stages.models.hosted.money import Tariff, cost, dollars
from stages.storage.errors import StudyError

ROUNDS = 3  # batches in which a request is answered badly before it has no answer
log = logging.getLogger(__name__)


class Batching:
    """Open while its `with` lasts; `batches` gives what is done, as each batch ends."""

    def __init__(self, hosted: Hosted, orders: Sequence[Order], pace: Pace = USUAL) -> None:
        self.hosted, self.orders, self.pace = hosted, list(orders), pace
        self.host, self.ledger = hosted.host, hosted.purse.ledger if hosted.purse else None
        self.tariff = replace(
            hosted.purse.tariff if hosted.purse else Tariff(hosted.name), batch=True
        )
        self.journals, self.kind = Journals(hosted.host), kind(hosted.host)
        self.rounds: Counter[str] = Counter()  # in which an answer was a bad one
        self.most_lines = MOST_LINES

    def __enter__(self) -> Batching:
        self.door = Door(self.host, self.pace)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.door.client.close()

    def batches(self) -> Iterator[list[Done]]:
        """What a batch gave, as it ends; the caller keeps it and asks for more.

        Raises StudyError where no more can be asked: what was given before is to be kept.
        """
        left = self.orders
        while left:
            asked = {key.content: order for order in left for key in order.keys}
            journal = self._at_work(left, set(asked))
            ended = outcome(self.door, journal)
            whole = ended.status == COMPLETED
            found = judged(self.hosted, journal, ended.lines, asked, whole=whole)
            self._limit(found)
            price = self._pay(journal, found, ended)
            yield [done for order in left for done in _done(order, found)]
            self.journals.taken(journal, asked.keys() | _lacking(journal, ended))
            self._raise(journal, ended, found, price)
            left = [part for order in left for part in self._left(order, found)]

    def _at_work(self, left: Sequence[Order], asked: set[str]) -> BatchJournal:
        """A batch that has some of the answers; one is created where none is at work."""
        with self.journals.held():
            chunk = first_chunk(self.hosted, left, self.most_lines)
            own = self.journals.of(chunk)
            for journal in self.journals.open():
                if not journal.has(asked) or journal.key == own.key:
                    continue
                errand = Errand(self.door, journal, self.kind, b"")
                if journal.step == RUNNING or errand.sought():
                    return journal
                journal.path.unlink()  # a killed run created nothing
                if self.ledger:
                    self.ledger.release(journal.bill)
            if own.step != RUNNING:
                told = {"endpoint": address(self.host), "completion_window": "24h"}
                errand = Errand(self.door, own, self.kind, chunk.content)
                errand.send(told, self.ledger, chunk.most, self.tariff)
            return own

    def _limit(self, found: Judged) -> None:
        """Let what was answered badly too often fail; what a filter stopped is kept at last."""
        filtered = {k for k, r in found.replies.items() if r.finish_reason == "content_filter"}
        self.rounds.update([*found.again, *filtered])
        for key in filtered:
            if self.rounds[key] < ROUNDS:
                del found.replies[key]
        for key, why in list(found.again.items()):
            if self.rounds[key] >= ROUNDS:
                found.fails[key] = Fails(why.why, passing=True)

    def _pay(self, journal: BatchJournal, found: Judged, ended: Outcome) -> float | None:
        """Note what a batch took, and say what it costs."""
        if self.ledger is None:
            return None
        if ended.status == FAILED:
            self.ledger.release(journal.bill)
            return 0.0
        self.ledger.settle(journal.bill, found.paid, estimated=found.estimated)
        return cost(found.paid, self.tariff, self.ledger.limits)

    def _raise(
        self, journal: BatchJournal, ended: Outcome, found: Judged, price: float | None
    ) -> None:
        """StudyError where no more can be asked: what happened, what it cost, what to do."""
        name = f"models.{self.host.name}: batch {journal.batch} at {self.host.host}"
        counts = f"{len(found.replies)} answers are kept, cost {dollars(price)}"
        if found.ends is not None:
            raise StudyError(f"{name}: {found.ends.why}; {counts}")
        if ended.crowded and journal.state["count"] > 1:
            self.most_lines = max(1, journal.state["count"] // 2)
            log.warning(
                f"{self.host.name}: batch {journal.batch} failed{self._why(ended)}; smaller ones "
                f"of {self.most_lines:,} requests follow each other"
            )
        elif ended.status == FAILED:
            raise StudyError(
                f"{name} failed{self._why(ended)}; nothing was paid. Mend the reason; the same "
                "command then creates another batch"
            )
        elif ended.status == CANCELLED and found.undone:
            raise StudyError(
                f"{name} was cancelled; {counts}. The same command creates another batch of the "
                "rest"
            )
        elif ended.status == EXPIRED:
            if not found.replies:
                raise StudyError(
                    f"{name} expired without an answer, cost {dollars(price)}. The same command "
                    "creates another batch; sampling.mode: live asks at once"
                )
            log.warning(f"{name} expired; {counts}, the rest goes into another batch")

    def _why(self, ended: Outcome) -> str:
        told = "; ".join(self.host.told(message) for _, message in ended.errors[:3])
        return f": {told}" if told else ""

    def _left(self, order: Order, found: Judged) -> list[Order]:
        """What of an order is asked again."""
        settled = found.replies.keys() | found.fails.keys()
        places = [at for at, key in enumerate(order.keys) if key.content not in settled]
        if len(places) == len(order.keys) and (len(places) == 1 or self.hosted.abilities.n):
            return [order]
        return order.parts(places)


def _done(order: Order, found: Judged) -> Iterator[Done]:
    """What is settled of an order: its replies, and each of those that have none."""
    replies: dict[int, Reply] = {
        at: found.replies[key.content]
        for at, key in enumerate(order.keys)
        if key.content in found.replies
    }
    if replies:
        yield Done(order, replies)
    for part in order.parts(range(len(order.keys))):
        if failure := found.fails.get(part.keys[0].content):
            yield Done(part, {}, failure)


def _lacking(journal: BatchJournal, ended: Outcome) -> set[str]:
    """The answers of a batch that it never gave, to whomever."""
    return {
        key
        for name, keys in journal.lines.items()
        if all(line.code in UNDONE for line in ended.lines.get(name, []))
        for key in keys
    }
