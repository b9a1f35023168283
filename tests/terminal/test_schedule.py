"""Cells run as soon as what they need has ended, and only where something is out of date."""

from stages.terminal.schedule import Schedule

PLAN = [
    {"cell": "fetch", "needs": []},
    {"cell": "ask@a", "needs": ["fetch"]},
    {"cell": "ask@b", "needs": ["fetch", "elsewhere"]},
    {"cell": "report", "needs": ["ask@a", "ask@b"]},
]


def test_a_cell_begins_when_all_that_it_needs_has_ended():
    schedule = Schedule(PLAN, {"fetch", "ask@a", "ask@b", "report"})
    assert schedule.next() == "fetch" and schedule.next() is None
    schedule.ends("fetch", "ran")
    assert (schedule.next(), schedule.next(), schedule.next()) == ("ask@a", "ask@b", None)
    schedule.ends("ask@b", "restored")
    assert schedule.next() is None
    schedule.ends("ask@a", "kept")
    assert (schedule.next(), schedule.next()) == ("report", None)


def test_what_is_up_to_date_is_kept_without_a_look_unless_what_it_needs_was_made_anew():
    schedule = Schedule(PLAN, {"ask@b"})
    assert list(schedule.kept()) == ["fetch", "ask@a"] and list(schedule.kept()) == []
    assert schedule.next() == "ask@b"
    schedule.ends("ask@b", "ran")
    assert list(schedule.kept()) == [] and schedule.next() == "report"


def test_where_what_was_out_of_date_turns_out_the_same_the_rest_is_kept():
    schedule = Schedule(PLAN, {"fetch"})
    assert schedule.next() == "fetch"
    schedule.ends("fetch", "kept")
    assert list(schedule.kept()) == ["ask@a", "ask@b", "report"]


def test_nothing_that_needs_a_failed_cell_begins():
    schedule = Schedule(PLAN, {"fetch", "ask@a"})
    assert schedule.next() == "fetch"
    schedule.ends("fetch", "failed")
    assert schedule.next() is None and list(schedule.kept()) == []
