"""Small tokenizers and chat templates of the kinds that families of models bring."""

from dataclasses import dataclass

from transformers import PreTrainedTokenizerFast

from stages.models.chat.chat import Chat, Speech
from tests.tiny_models import END, make_tiny_tokenizer

TURNS = "{% for m in messages %}<|open|>{{ m.role }}\n{{ m.content }}<|close|>\n{% endfor %}"
ASK = "{% if add_generation_prompt %}<|open|>assistant\n{% endif %}"
EMPTY_THOUGHT = "<think>\n\n</think>\n\n"
UNTHOUGHT = (  # what is said, of an answer without its thought
    "{{ m.content.split('</think>')[-1].lstrip('\n') if m.role == 'assistant' else m.content }}"
)


@dataclass(frozen=True)
class Family:
    """A template, its end mark, and what is special of its tokens and what is not."""

    template: str
    end: str = "<|close|>"
    special: tuple[str, ...] = ("<|open|>", "<|close|>")
    added: tuple[str, ...] = ()

    def tokenizer(self) -> PreTrainedTokenizerFast:
        tokenizer = make_tiny_tokenizer()
        tokenizer.add_tokens(list(self.special), special_tokens=True)
        tokenizer.add_tokens(list(self.added))
        tokenizer.eos_token = self.end
        tokenizer.chat_template = self.template
        return tokenizer

    def chat(self, **speech: object) -> Chat:
        tokenizer = self.tokenizer()
        said = Speech(**{"stop": (), "thinking": "off", "date": "2026-01-01"} | speech)
        return Chat(tokenizer, said, frozenset({tokenizer.eos_token_id}))


THINKS = {"added": ("<think>", "</think>")}
CHATML = Family(TURNS + ASK)
HYBRID = Family(  # a switch turns thoughts off, a finished last answer has an empty one
    "{% for m in messages %}<|open|>{{ m.role }}\n"
    "{% if m.role == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}"
    f"{UNTHOUGHT}<|close|>\n{{% endfor %}}" + ASK[:-11] + "{% if "
    "enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"
    "{% endif %}",
    **THINKS,
)
NO_SWITCH = Family(
    HYBRID.template.replace(" is defined and enable_thinking is false", " == 7"), **THINKS
)
REASONER = Family(  # the prompt opens a thought, a finished answer has none
    f"{{% for m in messages %}}<|open|>{{{{ m.role }}}}\n{UNTHOUGHT}<|close|>{{% endfor %}}"
    "{% if add_generation_prompt %}<|open|>assistant\n<think>\n{% endif %}",
    **THINKS,
)
OPENS = Family(  # the prompt opens a thought, a finished answer has an empty one
    NO_SWITCH.template.replace(ASK[:-11], ASK[:-11] + "<think>\n"), **THINKS
)
BUDGET = Family(  # a budget turns thoughts off, and neither prompt nor answer writes one
    "{% set opens, closes = '<my:think>', '</my:think>' %}"
    + TURNS
    + ASK[:-11]
    + "{% if thinking_budget == 0 %}{{ opens }}none{{ closes }}{% endif %}{% endif %}"
)
CHANNELS = Family(  # what is thought and what is answered have channels of their own
    "{% for m in messages %}<|open|>{{ m.role }}"
    "{% if m.role == 'assistant' %}<|channel|>final{% endif %}<|message|>{{ m.content }}"
    "{% if loop.last and m.role == 'assistant' %}<|return|>{% else %}<|close|>{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|open|>assistant{% endif %}",
    "<|return|>",
    ("<|open|>", "<|close|>", "<|channel|>", "<|message|>", "<|return|>"),
)
TRIMS = Family(
    "{% for m in messages %}<|open|>{{ m.role }}\n\n{{ m.content | trim }}<|close|>{% endfor %}"
    "{% if add_generation_prompt %}<|open|>assistant\n\n{% endif %}"
)
NO_SYSTEM = Family(
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    + TURNS
    + ASK
)
PAGES = Family("{% for m in messages %}{{ m.content }}\n\n{% endfor %}", END, ())
FAMILIES = {
    "chatml": CHATML,
    "hybrid": HYBRID,
    "no switch": NO_SWITCH,
    "reasoner": REASONER,
    "opens": OPENS,
    "budget": BUDGET,
    "channels": CHANNELS,
    "trims": TRIMS,
    "no system": NO_SYSTEM,
    "pages": PAGES,
}
