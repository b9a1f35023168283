"""The one error class: what a user can mend, said in a line."""


class StudyError(Exception):
    """Bad input, a missing table or a model that cannot be had.

    The message names the file, key or row, what was found, what is allowed and what to do next.
    Rooms raise it; the commands make it a line of their own (stages.params.command).
    """
