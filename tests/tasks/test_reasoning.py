"""Questions of reasoning_choice: every answer is found again from the question's own words."""

import re
from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import islice, pairwise

import pytest

from stages.study.splits import rng
from stages.tasks import TASKS
from stages.tasks.reasoning_choice import KINDS
from stages.tasks.reasoning_words import SORTS, SPELLING

TURNS = {"right": 90, "around": 180, "left": 270}
WAYS = {"north": 0, "east": 90, "south": 180, "west": 270}
SIZES = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800, "second": 1}
SIZES |= {"millimeter": 1, "centimeter": 10, "meter": 1000, "kilometer": 10**6}
SIZES |= {"gram": 1, "kilogram": 1000}
ITEMS = list(islice(TASKS["reasoning_choice"].candidates(0), 2500))


def solve(asked: str, options: tuple[str, ...]) -> list[str]:
    """All options that are right."""
    n = [int(found) for found in re.findall(r"\d+", asked)]
    words = re.findall(r"\w+", asked)
    quoted = re.search(r'"(\w+)"', asked)
    if quoted:
        return [quoted[1][::-1] if "backwards" in asked else str(len(quoted[1]))]
    if "cents each" in asked or "kilometers an hour" in asked:
        return [str(n[0] * n[1])]
    if "equally among" in asked:
        return [str(n[0] // n[1])]
    if " in a box" in asked:
        return [str(n[0] - n[1] + n[2])]
    if "fence" in asked:
        return [str(n[0] + n[1] + n[0] + n[1])]
    if "comes next" in asked:
        return [str(following(n))]
    if "of these numbers" in asked:
        choose = max if "largest" in asked else min
        return [choose(options, key=lambda text: int(text.replace(",", "")))]
    if "of these fractions" in asked:
        return [(max if "largest" in asked else min)(options, key=Fraction)]
    if asked.startswith("How many"):
        small, large = words[2].removesuffix("s"), words[5].removesuffix("s")
        return [str(n[0] * SIZES[large] // SIZES[small] + n[1])]
    if "When does it end" in asked:
        start = datetime(2024, 5, 1, n[0], n[1])
        return [(start + timedelta(minutes=n[2])).strftime("%H:%M")]
    if asked.startswith("Today is"):
        today = next(d for d in map(day, range(7)) if f"{d:%A}" == words[2])
        return [f"{today + timedelta(days=-n[0] if 'ago' in words else n[0]):%A}"]
    if asked.startswith("Which month"):
        names = [f"{datetime(2024, number, 1):%B}" for number in range(1, 13)]
        return [names[(names.index(words[-1]) + n[0] * (1 if "after" in words else -1)) % 12]]
    if asked.startswith("You face"):
        angle = WAYS[words[2]] + sum(TURNS.get(word, 0) for word in words)
        return [way for way, at in WAYS.items() if at == angle % 360]
    return solve_words(asked, options)


def following(n: list[int]) -> int:
    """By the same step, the same factor, or steps that grow by one."""
    steps = [b - a for a, b in pairwise(n)]
    if len(set(steps)) == 1:
        return n[-1] + steps[0]
    if n[1] * n[1] == n[0] * n[2] and n[2] * n[2] == n[1] * n[3]:
        return n[3] * n[3] // n[2]
    assert steps[2] - steps[1] == steps[1] - steps[0] == 1
    return n[-1] + steps[-1] + 1


def day(number: int) -> datetime:
    return datetime(2024, 5, 6 + number)


def solve_words(asked: str, options: tuple[str, ...]) -> list[str]:
    if "dictionary" in asked:
        return [(min if "first" in asked else max)(options)]
    if "spelled correctly" in asked or "misspelled" in asked:
        return [o for o in options if (o in SPELLING) == ("correctly" in asked)]
    if asked.startswith("Which of these is"):
        sort = asked.removeprefix("Which of these is ").removeprefix("not ").removesuffix("?")
        return [o for o in options if (o in SORTS[sort]) != (" is not " in asked)]
    if "Who is the" in asked:
        wins = Counter(re.findall(r"(\w+) is \w+er than", asked))
        loses = Counter(re.findall(r"than (\w+)", asked))
        top = asked.split()[-1] in ("tallest?", "oldest?", "fastest?", "richest?")
        return [o for o in options if not (loses if top else wins)[o]]
    group, thing, who = re.match(r"In a village every (\w+) owns a (\w+)\. (\w+)", asked).groups()  # type: ignore[union-attr]
    if f"{who} is a {group}" in asked:
        return [f"{who} owns a {thing}."]
    assert f"{who} owns no {thing}." in asked
    return [f"{who} is no {group}."]


def test_each_question_has_one_right_answer_and_the_letters_are_balanced():
    letters: Counter[str] = Counter()
    for item in ITEMS:
        assert len(item.options) == len(set(item.options)) == 4
        right = solve(item.text.splitlines()[0], item.options)
        assert len(right) == 1, item.text
        letters["ABCD"[item.options.index(right[0])]] += 1
    assert min(letters.values()) > 0.22 * letters.total()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_drawn_answer_is_the_one_that_the_question_has(kind):
    for number in range(300):
        asked, right, wrong = kind(rng(0, "test", number))
        assert right not in wrong and len(set(wrong)) == len(wrong) >= 3
        assert solve(asked, (right, *wrong)) == [right]


def test_no_word_is_of_two_sorts_and_no_misspelling_is_a_word():
    words = Counter(word for listed in SORTS.values() for word in listed)
    assert max(words.values()) == 1
    slips = Counter(slip for listed in SPELLING.values() for slip in listed)
    assert max(slips.values()) == 1 and not set(slips) & set(SPELLING)
