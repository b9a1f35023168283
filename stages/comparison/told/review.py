"""What a reviewer of a pull request must know before any number."""

from stages.comparison.status import Fit
from stages.comparison.told.blocks import Block, Words
from stages.comparison.told.words import counted, listed

MARK = "<!-- selfpredict review -->"
"""begins the comment, so that the next one takes its place"""
MENDED = "To mend it: dvc repro, then commit dvc.lock and metrics/."
MOST_STAGES, MOST_PATHS = 6, 6


def told_review(fit: Fit, rerun: str) -> list[Block]:
    """Whether the lock fits, and a sentence on what was run again where it does not."""
    if fit.fits:
        return [Words("The lock fits: all results are of this code and these params.")]
    blocks: list[Block] = []
    if fit.edited:
        stages = listed(dict.fromkeys(cell.partition("@")[0] for cell in fit.edited), MOST_STAGES)
        paths = dict.fromkeys(path for found in fit.edited.values() for path in found)
        named = [path.removeprefix("stages/").removeprefix("params.yaml: ") for path in paths]
        blocks.append(
            Words(
                f"The lock does not fit: {counted(len(fit.edited), 'cell')} of {stages} would run "
                f"again, as {listed(named, MOST_PATHS)} changed."
            )
        )
    if fit.by_hand:
        which = listed(fit.by_hand, MOST_PATHS)
        blocks.append(Words(f"The lock does not fit {which}, which no run made so."))
    return [*blocks, Words(f"{rerun} {MENDED}")]
