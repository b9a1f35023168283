"""Openings of stories, from a small grammar, cut off; two more sentences are asked for, or one."""

from collections.abc import Iterator
from random import Random

from stages.study.item import Item, Task, draws, own, user_prompt

WHEN = """
One cold morning; Late at night; After the long storm; On the first day of school; Before dawn;
In the middle of winter; On the longest day of the year; One rainy afternoon;
The summer the well ran dry; When the last train had left; On market day; During the great
festival; At the end of the war; Three weeks after the wedding; As the snow began to melt
"""
WHO = """
a young baker named Tomas; an old sailor; two sisters from the valley; a lonely clockmaker;
the farmer's youngest son; a girl called Mira; a retired judge; a traveling musician; the village
teacher; a fox with one eye; a nervous student; the lighthouse keeper; a boy named Idris; the
queen's gardener; a tired nurse; an inventor called Hazel; three brothers; a shepherd;
a stray dog; the new librarian
"""
WHAT = """
found a locked box under the floor; heard somebody singing in the cellar; lost the only map of
the island; received a letter without a name; saw smoke rising behind the hill; missed the last
boat home; planted a seed that glowed in the dark; discovered a door that had not been there
before; promised never to lie again; bought a mirror that showed another room; followed a trail of
white feathers into the woods; woke up in a house full of strangers; won a race that nobody
remembered; broke the oldest bell in town; met a stranger with the same face; was given three
days to leave; forgot the words of the spell; built a boat out of old doors; opened a window and
let the wind in; learned that the bridge was gone
"""
# Where the opening breaks off: a whole sentence is nearly always followed by "The", and what wants
# a comma by a comma, so it has its own.
THEN = """
. Nobody; . Without a word,; . That evening,; . It was; . Inside,; , and then; , but; , because;
. Everyone in town; . With shaking hands,; . Soon,; . What happened next was; . From far away,;
. At first,
"""


def _parts(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split(";")]


def _make(random: Random) -> Item:
    when, who, what, then = (random.choice(_parts(part)) for part in (WHEN, WHO, WHAT, THEN))
    return Item(f"{when}, {who} {what}{then}")


def _task(name: str, more: str) -> Task:
    def candidates(seed: int) -> Iterator[Item]:
        return own(draws(seed, name, _make), name, NAMES)

    return Task(
        name,
        "continuation",
        candidates,
        lambda item: user_prompt(f"Continue this story with {more}.", item.text),
    )


NAMES = ("stories_sentences", "stories")
STORIES = (_task(NAMES[0], "two sentences"), _task(NAMES[1], "one sentence"))
