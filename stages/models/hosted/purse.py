"""Out of which the answers of one model are paid: the account of the study, by its prices."""

from dataclasses import dataclass, replace

from stages.models.hosted.ledger import Ledger
from stages.models.hosted.money import Tariff, Tokens, cost
from stages.models.questions import Meter


@dataclass(frozen=True)
class Purse:
    """The account of a stage, and by which prices a model is paid."""

    ledger: Ledger
    tariff: Tariff

    def cost(self, meter: Meter) -> float | None:
        """US dollars of an answer, None where no price is told."""
        tariff = replace(self.tariff, batch=meter.batch)
        return cost(tokens(meter), tariff, self.ledger.limits)


def tokens(meter: Meter) -> Tokens:
    """What an answer took, as it is paid."""
    return Tokens(meter.prompt_tokens, meter.cached_tokens, meter.answer_tokens)
