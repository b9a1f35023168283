"""What one finds by reading an answer: its sentiment and its main character.

The published study had a language model read; these are rules, so that everyone gets the same
values at no cost. They are rough, and a task is only as good as they are:

* `sentiment` knows some 200 words and turns those after a negation. Expect it to be right where a
  text says how somebody feels, and to say neutral where only events tell it ("the letter came
  back unopened"). Irony, and words outside the list, escape it. English only.
* `main_character_name` is a capitalised word. Expect it to find whom a story calls by name more
  than once inside its sentences. A place that is named more often than a person is taken for one;
  a name that only ever opens sentences is not found, as nothing tells it from another word.
"""

import re
from collections import Counter

from stages.study.properties.answers import SINGLE_WORD, one_of
from stages.study.properties.property import Property, asking


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


POSITIVE = _listed(
    """
    admire admired amazing beautiful beloved best better blessed bliss brave bright brilliant calm
    celebrate celebrated charming cheer cheered cheerful comfort comfortable cozy delicious delight
    delighted delightful eager easy enjoy enjoyed enjoyable excellent excited exciting fantastic
    festive friendly fun generous gentle glad good grateful great happily happiness happy helpful
    hope hopeful joy joyful kind kindness laughed laughing laughter liked love loved lovely
    loving loyal lucky magnificent merry nice peace peaceful perfect pleasant pleased pleasure proud
    relief relieved safe satisfied smile smiled smiling success sweet thankful triumph warm warmth
    welcome win won wonder wonderful
    """
)
NEGATIVE = _listed(
    """
    abandoned afraid alone anger angry anxious ashamed awful bad betrayed bitter bleak boring broken
    cold cried cruel cry crying danger dangerous dead death despair died dirty disappointed
    disappointing disgusting dread dreadful empty evil fail failed failure fear feared fearful
    frightened frightening furious gloomy grief grim guilty harm hate hated hopeless horrible hurt
    injured lonely lose lost miserable misery mourn mourned nasty nervous pain painful panic poor
    regret rude ruined sad sadly sadness scared scream screamed shame sick sorrow sour suffer
    suffered suffering tears terrible terrified terror tragedy tragic ugly unhappy upset violent
    weak weary wept worried worry worse worst wretched wrong
    """
)
NEGATIONS = _listed(
    """
    barely cannot hardly neither never no nobody none nor not nothing scarcely without
    """
)
REACH = 3  # words after a negation that it turns
WORD_OR_MARK = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|[.,;:!?\n]")

# What is capitalised but names nobody, or stands before the name.
NO_NAMES = _listed(
    """
    i he she it we you they me him her us them his hers its our ours your yours
    their theirs my mine this that these those who what when where why how the a an and but or so
    yes no oh ah well ok okay please
    monday tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december christmas easter halloween
    english french german spanish italian chinese japanese american british european
    god lord earth moon sun mother father mom dad mama papa mum grandma grandpa
    lady king queen prince princess captain professor uncle aunt miss sir saint
    mr mrs ms dr st
    """
)
SHORTENED = ("mr", "mrs", "ms", "dr", "st")  # with a dot that ends no sentence
WORD_OR_OPENING = re.compile(r"""([^\W\d_]+(?:['-][^\W\d_]+)*)|([.!?…:\n]|(?<!\S)["'“‘])""")


def sentiment(text: str) -> str:
    """positive, negative or neutral: which of the words that are listed are more."""
    score, turned = 0, 0
    for word in WORD_OR_MARK.findall(text.lower().replace("’", "'")):
        if not word[0].isalpha():
            turned = 0
        elif word in NEGATIONS or word.endswith("n't"):
            turned = REACH
        else:
            value = (word in POSITIVE) - (word in NEGATIVE)
            score += -value if turned else value
            turned = max(0, turned - 1)
    return "positive" if score > 0 else "negative" if score < 0 else "neutral"


def main_character(text: str) -> str | None:
    """The most frequent name, on ties the one met first; None where there is none.

    A name is a capitalised word that stands inside a sentence at least once, and is no pronoun,
    title, day, month, language or word for a parent. "Anna's" is Anna.
    """
    counts: Counter[str] = Counter()
    inside: set[str] = set()
    opens, before = True, ""
    for word, mark in WORD_OR_OPENING.findall(text.replace("’", "'")):
        if mark:
            opens = mark != "." or before not in SHORTENED
            continue
        name = word.removesuffix("'s")
        before = name.lower().split("'")[0]
        if name[0].isupper() and not name.isupper() and before not in NO_NAMES:
            counts[name] += 1
            if not opens:
                inside.add(name)
        opens = False
    return next((name for name, _ in counts.most_common() if name in inside), None)


PROPERTIES = (
    Property(
        "sentiment",
        asking("positive, negative or neutral: its sentiment"),
        one_of("positive", "negative", "neutral"),
        ("continuation",),
        lambda response, _: sentiment(response),
    ),
    Property(
        "main_character_name",
        asking("the name of its main character"),
        SINGLE_WORD,
        ("continuation",),
        lambda response, _: main_character(response),
    ),
)
