"""A prefix before prompt and question: who reads it, and who is only right by chance."""

from stages.experiments.prompt_shift import measure, run
from stages.experiments.prompt_shift.measure import compared, plot
from stages.experiments.shared.outcomes import prefixed
from stages.reporting.sections import section
from stages.storage.tables import Row
from tests.experiments import tiny_study
from tests.experiments.outcomes import columns, measured

WORDS = ("cat", "dog", "horse", "ibex", "owl")
PARAMS = tiny_study.params({"prompt_shift": {"prefixes": {"loud": "Shout."}, "inputs": 20}})


def numbers(rows: list[Row]) -> dict:
    return measured("prompt_shift", rows, PARAMS)


def row(kind: str, number: int, said: str, *, plain: bool = False, name="first_word") -> dict:
    """With the prefix M1 says the next word, on every second input."""
    before, after = (WORDS[(number + shift) % 5] for shift in (0, number % 2))
    if name == "starts_with_vowel":
        before, after = ("true", "false") if number % 2 else ("true", "true")
    answer = {"after": after, "before": before, "other": "zebra"}[said]
    return {
        "target": "left",
        "predictor": "right" if kind == "cross" else "left",
        "kind": kind,
        "seed": 0,
        "condition": "loud:plain question" if plain else "loud",
        "input_id": f"{number:02}",
        "task": "animals_long",
        "property": name,
        "question": None,
        "raw_answer": answer,
        "answer": answer,
        "compliant": True,
        "truth": after,
        "correct": answer == after,
        "mode_correct": after == "cat",
        "other_truth": before,
    }


def study() -> list[dict]:
    """Self reads the prefix, cross predicts the plain behavior whatever it is asked."""
    return [
        row(kind, number, said, plain=plain, name=name)
        for number in range(20)
        for kind, plain, said in (
            ("self", False, "after"),
            ("self", True, "before"),
            ("cross", False, "before"),
            ("cross", True, "before"),
        )
        for name in ("first_word", "starts_with_vowel")
    ]


def test_the_prefix_stands_before_the_users_first_words_alone():
    messages = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "v"},
    ]
    assert [m["content"] for m in prefixed(messages, "Shout.")] == ["s", "Shout.\nu", "a", "v"]
    assert messages[1]["content"] == "u"


def test_who_reads_the_prefix_predicts_the_behavior_that_moved():
    found = numbers(study())["targets"]["left"]["loud"]
    assert found["moved"]["estimate"] == 0.5
    arms = found["several"]["moved"]["arms"]
    assert arms["self"]["with"]["estimate"] == 1.0 and arms["self"]["without"]["estimate"] == 0.0
    assert arms["self, plain question"]["difference"]["estimate"] == -1.0
    assert found["several"]["moved"]["moves"]["self"]["estimate"] == 2.0
    assert found["several"]["moved"]["moves"]["cross"]["estimate"] == 0.0
    assert found["several"]["moved"]["self_minus_cross"]["estimate"] == 2.0
    assert arms["self"]["with"]["rows"] == 10
    assert found["several"]["all"]["arms"]["cross"]["with"]["estimate"] == 0.5


def test_with_three_subjects_each_predictor_is_compared_with_itself():
    """Right reads the prefix and third does not: on average one, in whatever order rows come."""
    rows = [
        row("cross", n, said, plain=plain) | {"predictor": predictor}
        for n in range(20)
        for predictor, plain, said in (
            ("right", False, "after"),
            ("right", True, "before"),
            ("third", False, "before"),
            ("third", True, "before"),
        )
    ]
    for order in (rows, rows[::-1]):
        found = numbers(order)["targets"]["left"]["loud"]["several"]["moved"]
        assert found["moves"]["cross"]["estimate"] == 1.0


def test_of_two_values_the_difference_itself_is_told():
    found = numbers(study())["targets"]["left"]["loud"]["two"]["moved"]
    assert found["moves"]["self"]["estimate"] == found["self_minus_cross"]["estimate"] == 1.0


def test_cells_with_two_values_stand_apart():
    found = numbers(study())["targets"]["left"]["loud"]
    assert found["two"]["all"]["arms"]["self"]["with"]["rows"] == 20
    rows = compared(columns(study()))
    assert set(rows["property"][rows["values"] == "two"]) == {"starts_with_vowel"}


def test_the_most_common_answer_is_that_of_the_whole_cell():
    arms = numbers(study())["targets"]["left"]["loud"]["several"]["moved"]["arms"]
    assert arms["most common answer"]["without"]["estimate"] == 0.2


def test_a_behavior_without_a_plain_value_is_left_out():
    rows = [row("self", 1, "after") | {"other_truth": None}, row("self", 3, "after")]
    assert list(compared(columns(rows))["input_id"]) == ["03"]


def test_what_is_asked_and_what_is_measured_name_the_plain_question_alike():
    assert run.PLAIN == measure.PLAIN


def test_the_section_and_the_plot_show_both_behaviors():
    found = numbers(study())
    text = section("prompt_shift", found)
    assert "* loud: `Shout.`" in text and "| left | loud | self, plain question | 0.000" in text
    points = plot(found)
    assert {p["behavior"] for p in points} == {"with the prefix", "without the prefix"}
    assert {p["values"] for p in points} == {"several", "two"}


def test_no_rows_at_all_are_a_report_too():
    found = numbers([])
    assert plot(found) == [] and section("prompt_shift", found)
