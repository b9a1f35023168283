"""The one form in which texts are read and compared.

What looks alike can be written in several ways: a letter with its accent as one code point or as
two, quotes straight or curly, hyphens and letters of another width, characters that do not show.
All that is compared (the behavior, the label that is trained, the reply) goes through `one_form`.
"""

import unicodedata
from functools import cache

ALIKE = str.maketrans(
    {
        **dict.fromkeys("‘’‛ʼ′´׳", "'"),
        **dict.fromkeys("“”„‟″״", '"'),
        **dict.fromkeys("‐‑‒–—―−⁃", "-"),
        "…": "...",
    }
)
# Of decompositions: the same character, drawn otherwise; of letters only, within a word.
WIDTHS = ("<wide>", "<narrow>", "<small>", "<font>")
SHAPES = ("<isolated>", "<initial>", "<medial>", "<final>")
JOINER = "\u200d"  # makes one picture of two; elsewhere it does not show
# What does not show, beside category Cf: fillers, and variation selectors.
UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164") | frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
COMMAS = frozenset("、،٬")


def one_form(text: str) -> str:
    """The text composed (NFC), with straight quotes and hyphens, without what does not show.

    Letters and marks of full or half width, ligatures, letters of mathematics and Arabic ones by
    their place in a word are the plain ones; `…` is three dots, a dash a hyphen; the joiner within
    an emoji stays. Idempotent; case and blanks are left as they are.
    """
    if text.isascii():
        return text
    drawn = "".join(map(_drawn, unicodedata.normalize("NFC", text)))
    return unicodedata.normalize("NFC", _joined(drawn) if JOINER in drawn else drawn)


def settled(text: str) -> str:
    """The part of a text's one form that stays as it is, however the text goes on.

    All but its last character, and that with what it may yet be composed with.
    """
    form = one_form(text)
    last = len(form) - 1
    while last > 0 and unicodedata.combining(form[last]):
        last -= 1
    return form[: max(last, 0)]


def unmarked(text: str) -> str:
    """The text without the marks and blanks around it."""
    inner = [n for n, c in enumerate(text) if not (c.isspace() or is_mark(c))]
    return text[inner[0] : inner[-1] + 1] if inner else ""


def word_form(text: str) -> str:
    """A word as it is compared: lower case, no mark around it unless there is nothing else."""
    lower = one_form(one_form(text).replace("İ", "i").lower())
    return unmarked(lower) or lower.strip() or lower


@cache
def is_mark(character: str) -> bool:
    """Whether it is a mark by its Unicode category: punctuation, or a symbol but a picture."""
    category = unicodedata.category(character)
    return category[0] == "P" or (category in ("Sc", "Sk", "Sm") and not _is_skin_tone(character))


def skeleton(form: str) -> str:
    """A text of the same length, for patterns: a stand-in for each mark, blank and digit.

    `(` and `)` for all brackets and angle quotes, `-` for dashes, `$` for currencies, `,` and `.`
    for the marks of other scripts, ASCII digits, a no-break blank for all but the plain one.
    """
    return "".join(map(_stand_in, form))


def is_one_character(text: str) -> bool:
    """Whether a text in its one form is seen as one character: with accents, or a whole emoji."""
    bases = "".join(c for c in text if not _extends(c))
    flag = len(bases) == 2 and all("\U0001f1e6" <= c <= "\U0001f1ff" for c in bases)
    return len(text) == 1 or flag or all(len(part) == 1 for part in bases.split(JOINER))


@cache
def _drawn(character: str) -> str:
    """What stands for a character in the one form; nothing where it does not show."""
    alike = character.translate(ALIKE)
    if alike != character:
        return alike
    if character in UNSEEN or (unicodedata.category(character) == "Cf" and character != JOINER):
        return ""
    tag, *codes = unicodedata.decomposition(character).split() or [""]
    category = unicodedata.category(character)
    same = tag in WIDTHS or (tag in SHAPES and category == "Lo" and codes[0] != "0020")
    if same or (tag == "<compat>" and category in ("Lu", "Ll", "Lt")):
        return "".join(_drawn(chr(int(code, 16))) for code in codes)
    return character


def _joined(text: str) -> str:
    """The text without the joiners that do not stand between two pictures."""
    first, *parts = text.split(JOINER)
    for part in parts:
        pictures = _is_picture(first[-1:]) and _is_picture(part[:1])
        first += JOINER + part if pictures else part
    return first


def _is_picture(character: str) -> bool:
    return character != "" and (unicodedata.category(character) == "So" or _is_skin_tone(character))


def _is_skin_tone(character: str) -> bool:
    return "\U0001f3fb" <= character <= "\U0001f3ff"


def _extends(character: str) -> bool:
    """Whether it is drawn as a part of what stands before it."""
    return unicodedata.category(character)[0] == "M" or _is_skin_tone(character)


@cache
def _stand_in(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Po" and not character.isascii():
        return "," if character in COMMAS else "."
    if character == " ":
        return character
    shapes = {"Ps": "(", "Pi": "(", "Pe": ")", "Pf": ")", "Pd": "-", "Sc": "$", "Zs": "\u00a0"}
    return shapes.get(category, character)
