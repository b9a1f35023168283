"""Questions of reasoning_choice about order, sorting, spelling and simple logic.

Each function draws a question and gives it with its right answer and wrong answers of the same
kind, at least three.
"""

from itertools import pairwise
from random import Random

from stages.tasks.reasoning_numbers import PEOPLE, Question

# No word fits two sorts.
SORTS = {
    "a fruit": ("apple", "banana", "cherry", "grape", "melon", "peach", "pear", "plum"),
    "a tool": ("chisel", "drill", "hammer", "pliers", "saw", "screwdriver", "wrench", "axe"),
    "an instrument": ("cello", "clarinet", "drum", "flute", "harp", "piano", "trumpet", "violin"),
    "a vehicle": ("bicycle", "bus", "ferry", "sled", "tractor", "train", "tram", "truck"),
    "a garment": ("coat", "dress", "glove", "jacket", "scarf", "shirt", "skirt", "sock"),
    "an animal": ("camel", "frog", "goat", "hare", "lizard", "otter", "owl", "wolf"),
    "a shape": (
        "circle",
        "cube",
        "cylinder",
        "hexagon",
        "pyramid",
        "rectangle",
        "sphere",
        "square",
    ),
    "a profession": ("baker", "dentist", "farmer", "judge", "lawyer", "nurse", "plumber", "tailor"),
    "a piece of furniture": (
        "armchair",
        "bench",
        "bookcase",
        "desk",
        "sofa",
        "stool",
        "table",
        "wardrobe",
    ),
    "a metal": ("aluminum", "copper", "gold", "iron", "nickel", "silver", "tin", "zinc"),
}
# A word as it is spelled, and as it is often misspelled.
SPELLING = {
    "accommodate": ("acommodate", "accomodate", "acomodate"),
    "address": ("adress", "addres", "adres"),
    "beautiful": ("beatiful", "beautifull", "beutiful"),
    "beginning": ("begining", "beggining", "beginnning"),
    "calendar": ("calender", "callendar", "calandar"),
    "cemetery": ("cemetary", "cematery", "semetery"),
    "committee": ("comittee", "commitee", "comitee"),
    "definitely": ("definately", "definitly", "defanitely"),
    "embarrass": ("embarass", "embaras", "embarras"),
    "environment": ("enviroment", "enviornment", "envirement"),
    "February": ("Febuary", "Feburary", "Februery"),
    "foreign": ("foriegn", "foregin", "forein"),
    "government": ("goverment", "govermment", "govornment"),
    "grammar": ("grammer", "gramar", "gramer"),
    "immediately": ("immediatly", "imediately", "immedietly"),
    "island": ("iland", "ilsand", "islend"),
    "knowledge": ("knowlege", "nowledge", "knowladge"),
    "library": ("libary", "librery", "liberry"),
    "necessary": ("neccessary", "necesary", "neccesary"),
    "neighbor": ("nieghbor", "neigbor", "nehgbor"),
    "occasion": ("ocasion", "occassion", "ocassion"),
    "parallel": ("paralell", "parralel", "paralel"),
    "possession": ("posession", "possesion", "posesion"),
    "queue": ("queu", "qeue", "quewe"),
    "receive": ("recieve", "receve", "receeve"),
    "rhythm": ("rythm", "rhythem", "rithm"),
    "scissors": ("sissors", "scisors", "scissers"),
    "separate": ("seperate", "separete", "seprate"),
    "thorough": ("thourough", "thorogh", "thurough"),
    "Wednesday": ("Wensday", "Wednsday", "Wedensday"),
}
DIRECTIONS = ("north", "east", "south", "west")
TURNS = ("right", "around", "left")
GROUPS = (
    "baker",
    "barber",
    "clerk",
    "doctor",
    "fisher",
    "gardener",
    "hunter",
    "miller",
    "painter",
    "pilot",
    "sailor",
    "singer",
    "teacher",
    "waiter",
)
THINGS = (
    "bicycle",
    "boat",
    "camera",
    "cat",
    "clock",
    "dog",
    "garden",
    "guitar",
    "hat",
    "ladder",
    "parrot",
    "piano",
    "radio",
    "telescope",
)
MEASURES = (
    ("taller", "tallest", "shortest"),
    ("older", "oldest", "youngest"),
    ("faster", "fastest", "slowest"),
    ("richer", "richest", "poorest"),
)


def odd_one_out(random: Random) -> Question:
    sort, other = random.sample(sorted(SORTS), 2)
    return f"Which of these is not {sort}?", random.choice(SORTS[other]), list(SORTS[sort])


def one_of_a_sort(random: Random) -> Question:
    sort = random.choice(sorted(SORTS))
    wrong = [random.choice(SORTS[other]) for other in sorted(SORTS) if other != sort]
    return f"Which of these is {sort}?", random.choice(SORTS[sort]), wrong


def alphabet(random: Random) -> Question:
    which = random.choice(["first", "last"])
    letter = random.choice("bcpst")
    words = [w for sort in SORTS.values() for w in sort if w.startswith(letter)]
    order = sorted(random.sample(words, 4), reverse=which == "last")
    return f"Which of these words comes {which} in a dictionary?", order[0], order[1:]


def spelling(random: Random) -> Question:
    """One word right and three wrong, or the reverse."""
    words = random.sample(sorted(SPELLING), 4)
    slips = [random.choice(SPELLING[word]) for word in words]
    if random.random() < 0.5:
        return "Which of these words is spelled correctly?", words[0], slips[1:]
    return "Which of these words is misspelled?", slips[0], words[1:]


def backwards(random: Random) -> Question:
    words = [w for sort in SORTS.values() for w in sort if 4 <= len(w) <= 7]
    word = random.choice(words)
    right = word[::-1]
    wrong = {word[1:] + word[0], word[-1] + word[:-1]}
    for place in range(len(word) - 1):
        wrong.add(right[:place] + right[place + 1] + right[place] + right[place + 2 :])
    return f'What is "{word}" written backwards?', right, sorted(wrong - {right, word})


def letters(random: Random) -> Question:
    word = random.choice([w for sort in SORTS.values() for w in sort])
    length = len(word)
    wrong = [str(length + slip) for slip in (-2, -1, 1, 2)]
    return f'How many letters does the word "{word}" have?', str(length), wrong


def directions(random: Random) -> Question:
    start = random.choice(DIRECTIONS)
    turns = [random.choice(TURNS) for _ in range(random.randint(2, 4))]
    quarters = sum(TURNS.index(turn) + 1 for turn in turns)
    right = DIRECTIONS[(DIRECTIONS.index(start) + quarters) % 4]
    told = ", then ".join(turns)
    asked = f"You face {start} and turn {told}. Which way do you face now?"
    return asked, right, [way for way in DIRECTIONS if way != right]


def ranking(random: Random) -> Question:
    more, most, least = random.choice(MEASURES)
    order = random.sample(PEOPLE, 4)
    pairs = [f"{a} is {more} than {b}." for a, b in pairwise(order)]
    random.shuffle(pairs)
    which = random.choice([most, least])
    right = order[0] if which == most else order[-1]
    return f"{' '.join(pairs)} Who is the {which}?", right, [p for p in order if p != right]


def conclusion(random: Random) -> Question:
    group, thing = random.choice(GROUPS), random.choice(THINGS)
    who, other = random.sample(PEOPLE, 2)
    rule = f"In a village every {group} owns a {thing}."
    owns, lacks = f"{who} owns a {thing}.", f"{who} owns no {thing}."
    member, outsider = f"{who} is a {group}.", f"{who} is no {group}."
    others = [f"{other} is a {group}.", f"{other} owns no {thing}.", f"Nobody owns a {thing}."]
    given, right, wrong = random.choice([(member, owns, lacks), (lacks, outsider, member)])
    return f"{rule} {given} What follows?", right, [wrong, *others]


WORD_KINDS = (
    odd_one_out,
    one_of_a_sort,
    alphabet,
    spelling,
    backwards,
    letters,
    directions,
    ranking,
    conclusion,
)
