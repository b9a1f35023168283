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

    def reserve(self, prompt_tokens: int, answer_tokens: int) -> str | None:
        """The name by which a request that takes so many tokens at most is settled.

        None where it fits the limits only once others are settled; StudyError where it never does.
        """
        return self.ledger.reserve(Tokens(prompt=prompt_tokens, answer=answer_tokens), self.tariff)

    def settle(self, name: str, paid: Tokens, *, estimated: bool) -> None:
        self.ledger.settle(name, paid, estimated=estimated)

    def release(self, name: str) -> None:
        """Forget a request that was surely not paid for."""
        self.ledger.release(name)

    def cost(self, meter: Meter) -> float | None:
        """US dollars of an answer, None where no price is told."""
        tariff = replace(self.tariff, batch=meter.batch)
        return cost(tokens(meter), tariff, self.ledger.limits)


def tokens(meter: Meter) -> Tokens:
    """What an answer took, as it is paid."""
    return Tokens(meter.prompt_tokens, meter.cached_tokens, meter.answer_tokens)
