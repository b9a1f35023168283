"""The line that is shown: rate and time left, requests in flight, tokens, cost so far."""

import logging
from collections.abc import Iterable

from tqdm import tqdm

from stages.models.hosted.ask.sending import Sending
from stages.models.hosted.hosted import Hosted
from stages.models.questions import Meter

log = logging.getLogger(__name__)


class Progress:
    """Of one label; `known` of `total` rows are there already."""

    def __init__(self, hosted: Hosted, label: str, total: int, known: int) -> None:
        self.hosted, self.tokens, self.cost = hosted, 0, 0.0
        self.bar = tqdm(total=total, initial=known, desc=label, unit="row", mininterval=0.5)

    def note(self, count: int, meters: Iterable[Meter]) -> None:
        for meter in meters:
            self.tokens += meter.prompt_tokens + meter.answer_tokens
            if self.hosted.purse is not None:
                self.cost += self.hosted.purse.cost(meter) or 0.0
        told = {"in flight": self.hosted.limiter.in_flight, "tokens": f"{self.tokens:,}"}
        if self.cost:
            told["cost"] = f"${self.cost:.4f}"
        self.bar.set_postfix(told, refresh=False)
        self.bar.update(count)

    def told(self, sending: Sending) -> None:
        """A line about what had to be sent again."""
        trying = sending.trying
        if trying is not None and trying.again:
            log.info(
                f"{self.bar.desc}: {trying.again} requests were sent again, {trying.lost} of which "
                "may have been paid for before"
            )
