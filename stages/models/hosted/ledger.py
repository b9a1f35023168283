"""What a study has paid for hosted models, and whether the next request still fits its limits.

One SQLite file in the user's cache folder holds tokens by study, stage and model; what they cost
is said by the prices of today, so prices that are told late or mended hold for all of it. A
request is noted before it is sent (`reserve`) and when its bill is known (`settle`), each in one
transaction: limits hold for processes that run side by side, and after a kill, whose requests
may have been paid for and count with all that they could have cost.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

from stages.models.hosted.account import (
    PAID,
    TABLES,
    WAITING,
    Bill,
    Wish,
    counts,
    others_settle,
    settle,
)
from stages.models.hosted.limits import Total, check_priced, limit_passed
from stages.models.hosted.limits_section import LimitsParams
from stages.models.hosted.money import Tariff, Tokens, cost
from stages.storage.database import Database
from stages.storage.errors import StudyError
from stages.storage.files import DAMAGED
from stages.storage.response_cache import CACHE_VARIABLE, cache_folder

SPENT = "spent.sqlite"
EXPERIMENTS = (".dvc", "tmp", "exps")  # where `dvc exp run --temp` and --queue run a study


def study_of(folder: Path) -> str:
    """By what a study is known: its folder, that of its experiments' temporary copies too."""
    parts = folder.resolve().parts
    for at in range(1, len(parts)):
        if parts[at : at + len(EXPERIMENTS)] == EXPERIMENTS:
            return str(Path(*parts[:at]))
    return str(folder.resolve())


class Ledger:
    """The account of one study, as a stage keeps it; for threads and coroutines alike."""

    def __init__(self, limits: LimitsParams, stage: str, study: Path = Path(".")) -> None:
        self.limits, self.stage, self.study = limits, stage, study_of(study)
        self.path, self.owner = cache_folder() / SPENT, uuid4().hex
        self._local = threading.local()  # a connection serves the thread that opened it

    def reserve(self, most: Tokens, tariff: Tariff, name: str | None = None) -> str | None:
        """The name by which a request that costs `most` is settled, noted before it is sent.

        None where it fits the limits only once others of this process are settled: ask again
        then. `name` makes it the same one whenever it is noted again. Raises StudyError where it
        would pass a limit, where max_cost_usd has no price to go by, and where nothing is kept.
        """
        wish = Wish(name or uuid4().hex, most, tariff)
        [found] = self.note((), [wish])
        if isinstance(found, StudyError):
            raise found
        return wish.name if found else None

    def settle(self, name: str, paid: Tokens, *, estimated: bool = False) -> None:
        """Note what a request really took; `estimated` where the server did not say.

        It is noted once, however often it is said.
        """
        self.note([Bill(name, paid, estimated)])

    def release(self, name: str) -> None:
        """Forget a request that was surely not paid for: it was refused, or never sent."""
        self.note([Bill(name, None)])

    def note(self, bills: Sequence[Bill], wishes: Sequence[Wish] = ()) -> list[bool | StudyError]:
        """Settle bills, then reserve wishes, all in one transaction; of each wish what came of it.

        True: it is noted; False: it fits the limits only once others are settled; an error: it
        never does. Raises StudyError where nothing is noted.
        """
        if wishes:
            self._check_sound()
        for wish in wishes:
            check_priced(self.limits, wish.most, wish.tariff)

        def note(connection: sqlite3.Connection) -> list[bool | StudyError]:
            connection.execute("BEGIN IMMEDIATE")  # of all who ask at once one is first
            for bill in bills:
                settle(connection, bill)
            names = json.dumps([wish.name for wish in wishes])
            before = list(self._totals(connection, names)) if wishes and self._limited else []
            return [self._wished(connection, wish, before) for wish in wishes]

        return self._database.run(note)

    def _wished(
        self, connection: sqlite3.Connection, wish: Wish, before: list[Total]
    ) -> bool | StudyError:
        """What comes of a wish, after all those in `before`, to which it is added."""
        passed = limit_passed(self.limits, before, wish.most, wish.tariff, self.stage)
        if passed:
            others = others_settle(connection, self.owner, wish.name)
            return False if others else StudyError(passed)
        row = wish.name, self.owner, *self._whose(wish.tariff), *counts(wish.most)
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT OR REPLACE INTO open VALUES ({marks})", row)
        price = cost(wish.most, wish.tariff, self.limits)
        before.append(Total(self.stage, wish.tariff, wish.most, 1, 0, True, price))
        return True

    def totals(self) -> list[Total]:
        """What the study has paid, by stage and model; then what may have been paid as well."""
        return self._database.run(lambda connection: list(self._totals(connection)))

    @property
    def _database(self) -> Database:
        found: Database | None = getattr(self._local, "database", None)
        if found is None:
            found = self._local.database = Database(self.path, TABLES)
            # A killed process loses nothing of it; a power cut may lose the last requests.
            found.run(lambda connection: connection.execute("PRAGMA synchronous = NORMAL"))
        return found

    @property
    def _limited(self) -> bool:
        return self.limits.max_cost_usd is not None or self.limits.max_tokens is not None

    def _whose(self, tariff: Tariff) -> tuple[str, str, str, bool, bool]:
        return self.study, self.stage, tariff.model, tariff.trained, tariff.batch

    def _check_sound(self) -> None:
        """StudyError where what is paid would not be kept, or what was paid is not known."""
        if not self._database.writable:
            raise StudyError(
                f"{self.path}: cannot be written, so what is paid for would not be kept; "
                f"{CACHE_VARIABLE} names another folder"
            )
        if self._limited and (aside := next(self.path.parent.glob(f"{SPENT}{DAMAGED}*"), None)):
            raise StudyError(
                f"{aside}: what was paid before is not known, so no limit can hold; look at the "
                "host's bill, lower the limits in params.yaml by it, and delete this file"
            )

    def _totals(self, connection: sqlite3.Connection, but: str = "[]") -> Iterator[Total]:
        """`but` names open ones that do not count, as JSON."""
        for query, is_open, given in (
            (PAID, False, (self.study,)),
            (WAITING, True, (self.study, but)),
        ):
            for row in connection.execute(query, given).fetchall():
                tariff, tokens = Tariff(row[1], bool(row[2]), bool(row[3])), Tokens(*row[4:8])
                price = cost(tokens, tariff, self.limits)
                yield Total(row[0], tariff, tokens, row[8], row[9], is_open, price)
