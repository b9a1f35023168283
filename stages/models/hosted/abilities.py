"""What a server can, as far as its answers have shown it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

log = logging.getLogger(__name__)

CONTINUE = ("continue_final_message", "add_generation_prompt")
"""parameters by which vLLM and others go on with an answer that was begun: yes, and no"""
LIMITS = ("max_completion_tokens", "max_tokens")  # of one limit: its newer name, and its older
OPTIONAL = ("seed", "n", "logprobs", "top_logprobs", "stop", "temperature", *LIMITS, *CONTINUE)
"""parameters that a request can do without, or, of a limit, under its other name"""
TOP = (20, 5, 0)  # alternatives of a token: what OpenAI and vLLM give at most, then others
MOST_STOPS = 4  # stop marks that OpenAI takes

Prefill = Literal["none", "rest", "whole"]


@dataclass
class Abilities:
    """What was refused or left out is asked for no more.

    prefill: what comes back of an answer that was begun: nothing that goes on with it, its rest,
    or the whole of it; `continues`: the server is told to go on with it. `limit` is the name of
    the limit of tokens. `ends` is the day on which the server takes the model away. With `probed`
    answers have shown all this; else it is assumed.
    """

    limit: str = LIMITS[1]
    top: int = TOP[0]
    n: bool = True
    seed: bool = True
    logprobs: bool = True
    stop: bool = True
    temperature: bool = True
    prefill: Prefill = "whole"
    continues: bool = False
    tried: set[str] = field(default_factory=set)  # names of the limit that were refused
    ends: str | None = None
    probed: bool = False

    def cannot(self, parameter: str, sent: Mapping[str, Any], whose: str) -> bool:
        """Ask for it no more; False where nothing is left to leave out.

        `sent` is the request that was refused: others may have been refused meanwhile.
        """
        told = parameter
        if parameter in LIMITS:
            self.tried.add(parameter)
            self.limit = LIMITS[1 - LIMITS.index(parameter)]
            return self.limit not in self.tried
        if parameter == "top_logprobs":
            if sent[parameter] > self.top:
                return True
            left = [top for top in TOP if top < self.top]
            if not left:
                return self.cannot("logprobs", sent, whose)
            self.top = left[0]
            told = f"top_logprobs of more than {self.top}"
        elif parameter in CONTINUE:  # without it another turn would be answered
            self.continues, self.prefill = False, "none"
            return False
        elif getattr(self, parameter):
            setattr(self, parameter, False)
        else:
            return True
        log.warning(f"{whose}: the server cannot {told}; it is asked without")
        return True
