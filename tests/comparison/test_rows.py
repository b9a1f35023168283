"""metrics/rows.parquet holds the scored rows, as git keeps them."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from stages import evaluate
from stages.analysis.dealt import with_dealt_out
from stages.comparison.rows.making import write_git_rows
from stages.params import load_params
from stages.storage.errors import StudyError
from stages.storage.tables import read_columns, read_table, write_table
from tests.conftest import run_command

ROWS = Path("metrics/rows.parquet")
KEY = ["target", "predictor", "kind", "seed", "task", "input_id", "property"]


def sorted_rows(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype({name: object for name in KEY if name != "seed"}).sort_values(
        KEY, ignore_index=True
    )


def mark(kind: str, path: str, which) -> None:
    """Mark rows of a table as near ties."""
    rows = read_table(kind, path)
    for row in rows:
        row["near_tie"] = which(row)
    write_table(kind, rows, path)


def test_every_scored_row_is_there_with_what_is_dealt_out(evaluated):
    rows = sorted_rows(read_columns("rows", ROWS))
    scores = sorted_rows(with_dealt_out(read_columns("scores", "data/scores.parquet")))
    for name in (*KEY, "truth", "correct", "dealt_out"):
        assert rows[name].astype(object).equals(scores[name].astype(object)), name
    assert rows["used"].equals(scores["informative"])
    complied = scores["compliant"].to_numpy()
    assert (rows["answer"].notna().to_numpy() == complied).all()
    assert rows["answer"][complied].astype(str).equals(scores["answer"][complied].astype(str))
    assert ROWS.stat().st_size < 30_000


def test_a_near_tie_stands_in_the_rows_that_it_may_decide(evaluated):
    first = read_table("tasks", "data/tasks/animals_long.parquet")
    key = next(row["input_id"] for row in first if row["split"] == "test")
    mark("behavior", "data/behavior/left.parquet", lambda row: row["input_id"] == key)
    mark(
        "predictions",
        "data/predictions/right-on-left.parquet",
        lambda row: row["input_id"] == key and row["property"] == "first_word",
    )
    run_command(evaluate)
    rows = read_columns("rows", ROWS)
    assert set(rows[rows["behavior_near_tie"]]["target"]) == {"left"}
    assert set(rows[rows["behavior_near_tie"]]["input_id"]) == {key}
    tied = rows[rows["near_tie"].eq(True)]
    found = set(tied[["target", "predictor", "kind"]].itertuples(index=False, name=None))
    # What `left` itself did is also what it would be taken to say of `right`.
    assert found == {
        ("left", "right", "cross"),
        ("left", "left", "own_behavior"),
        ("right", "left", "own_behavior"),
    }
    asked = {"self", "fresh_self", "cross", "untrained", "own_behavior"}
    assert set(rows[rows["near_tie"].notna()]["kind"]) == asked


def test_rows_of_too_many_bytes_are_left_out_and_that_is_said(evaluated, monkeypatch):
    params, scores = load_params(), read_columns("scores", "data/scores.parquet")
    assert not write_git_rows(scores, Path("data"), params.design, ROWS, most=1000)
    assert len(read_columns("rows", ROWS)) == 0
    monkeypatch.setattr("stages.comparison.rows.making.MOST_ROWS", 10)
    told = run_command(evaluate)
    assert "metrics/rows.parquet: left out, as its rows have over 1 MB; it is empty" in told
    assert len(read_columns("rows", ROWS)) == 0


@pytest.mark.parametrize("column", ["truth", "used"])
def test_a_table_of_rows_without_a_column_is_refused(evaluated, column):
    pq.write_table(pq.read_table(ROWS).drop_columns([column]), ROWS)
    with pytest.raises(StudyError, match=f"column '{column}' is missing"):
        read_columns("rows", ROWS)
