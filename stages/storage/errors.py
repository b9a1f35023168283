"""The one error class: what a user can mend, said in a line that a terminal may show."""


class StudyError(Exception):
    """Bad input, a missing table or a model that cannot be had.

    The message names the file, key or row, what was found, what is allowed and what to do next.
    Rooms raise it; the commands make it a line of their own (stages.params.command).
    """


def plain(text: str) -> str:
    """The text of a model, a file or a name as a terminal may show it; JSON stays JSON.

    What is not seen but acts on a terminal (escapes and other controls, marks of direction, half
    characters) is written by its number, as in JSON; line ends stay.
    """
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else _number(c) for c in text)


def _number(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
