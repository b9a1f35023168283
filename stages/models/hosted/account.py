"""The tables of the account: tokens that were paid, and requests that may be, by study and model.

`spent` has sums, `open` a row a request that is on its way or was in a kill.
"""

import sqlite3
from dataclasses import dataclass

from stages.models.hosted.money import Tariff, Tokens

WHOSE = "study, stage, model, trained, batch"
COUNTS = "prompt_tokens, cached_tokens, answer_tokens, trained_tokens"
KEYS = """study TEXT NOT NULL, stage TEXT NOT NULL, model TEXT NOT NULL,
    trained INTEGER NOT NULL, batch INTEGER NOT NULL"""
NUMBERS = """prompt_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
    answer_tokens INTEGER NOT NULL, trained_tokens INTEGER NOT NULL"""
TABLES = f"""
CREATE TABLE IF NOT EXISTS spent (
    {KEYS}, {NUMBERS}, requests INTEGER NOT NULL, estimated INTEGER NOT NULL,
    PRIMARY KEY ({WHOSE})
);
CREATE TABLE IF NOT EXISTS open (
    name TEXT PRIMARY KEY, owner TEXT NOT NULL, {KEYS}, {NUMBERS}
);
"""
ADDENDS = (*COUNTS.split(", "), "requests", "estimated")
SUMS = ", ".join(f"SUM({column})" for column in COUNTS.split(", "))
PAID = (
    f"SELECT stage, model, trained, batch, {COUNTS}, requests, estimated FROM spent WHERE study = ?"
)
WAITING = f"""SELECT stage, model, trained, batch, {SUMS}, COUNT(*), 0 FROM open
    WHERE study = ? AND name NOT IN (SELECT value FROM json_each(?))
    GROUP BY stage, model, trained, batch"""
ADDED = f"""INSERT INTO spent VALUES ({", ".join("?" * 11)}) ON CONFLICT ({WHOSE}) DO UPDATE SET
    {", ".join(f"{column} = {column} + excluded.{column}" for column in ADDENDS)}"""


@dataclass(frozen=True)
class Wish:
    """A request that is to be sent, by its name, with the most that it can take."""

    name: str
    most: Tokens
    tariff: Tariff


@dataclass(frozen=True)
class Bill:
    """What a request took; None: it was surely not paid for."""

    name: str
    paid: Tokens | None
    estimated: bool = False


def counts(tokens: Tokens) -> tuple[int, int, int, int]:
    return tokens.prompt, tokens.cached, tokens.answer, tokens.trained


def settle(connection: sqlite3.Connection, bill: Bill) -> None:
    """Note a bill; it is noted once, however often it is said."""
    whose = connection.execute(
        f"DELETE FROM open WHERE name = ? RETURNING {WHOSE}", (bill.name,)
    ).fetchone()
    if whose is not None and bill.paid is not None:
        row = *whose, *counts(bill.paid), 1, int(bill.estimated)
        connection.execute(ADDED, row)


def others_settle(connection: sqlite3.Connection, owner: str, name: str) -> bool:
    """Whether this process has other requests on the way, which may take less than they could."""
    query = "SELECT EXISTS (SELECT 1 FROM open WHERE owner = ? AND name != ?)"
    return bool(connection.execute(query, (owner, name)).fetchone()[0])
