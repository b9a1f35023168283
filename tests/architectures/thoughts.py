"""How families' templates think before an answer, a template of each kind, and what must hold."""

from stages.models.chat import Message
from stages.models.chat.chat import Chat, Speech
from stages.models.local.ask.thoughts import Thinking
from tests.tiny_models import make_tiny_tokenizer

DAY = "2026-01-01"
SETTINGS = ("off", "strip")
QUESTION: list[Message] = [{"role": "user", "content": "Name a color."}]
TALK = (
    "{% for m in messages %}{{ '<|im|>' + m.role + '\n' }}"
    "{% if m.role == 'assistant' %}INSERT{% endif %}{{ m.content + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im|>assistant\n' }}OPEN{% endif %}"
)


def _talk(insert: str = "", opens: str = "") -> str:
    return TALK.replace("INSERT", insert).replace("OPEN", opens)


EMPTY = "{{ '<think>\n\n</think>\n\n' }}"
SWITCHED = "{% if enable_thinking is defined and not enable_thinking %}" + EMPTY + "{% endif %}"
HARMONY = (
    "{% for m in messages %}{{ '<|start|>' + m.role }}"
    "{% if m.role == 'assistant' %}{{ '<|channel|>final' }}{% endif %}"
    "{{ '<|message|>' + m.content + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start|>assistant' }}{% endif %}"
)
MARKED = "{{ '<|START_THINKING|><|END_THINKING|>' }}"

# A template, what it writes around a thought, and the families whose templates are of its kind.
KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "empty thought": (
        _talk(EMPTY, SWITCHED),
        "<think>\nA rose.\n</think>\n\n",
        ("qwen3", "qwen3_moe", "smollm3", "exaone4", "glm4_moe"),
    ),
    "opened by the prompt": (
        _talk("", "{{ '<think>\n' }}"),
        "A rose.\n</think>\n\n",
        ("deepseek_v3", "qwen3_next"),
    ),
    "channels": (
        HARMONY,
        "<|channel|>analysis<|message|>A rose.<|end|><|start|>assistant<|channel|>final<|message|>",
        ("gpt_oss",),
    ),
    "marks": (
        _talk(MARKED),
        "<|START_THINKING|>A rose.<|END_THINKING|>",
        ("cohere2",),
    ),
}


def kind_of(family: str) -> str | None:
    """The kind of thought of the family's usual template; None where it has none."""
    found = [kind for kind, (*_, families) in KINDS.items() if family in families]
    return found[0] if found else None


def handled(kind: str) -> bool:
    """Whether what is asked is what is taught, and a thought is taken off an answer."""
    template, thought, _ = KINDS[kind]
    tokenizer = make_tiny_tokenizer()
    tokenizer.chat_template = template
    ends = frozenset([tokenizer.eos_token_id])
    off, strip = (Chat(tokenizer, Speech((), thinking, DAY), ends) for thinking in SETTINGS)
    prompt, label = off.example(QUESTION, "red")
    asked = off.prompt(QUESTION) == prompt and tokenizer.decode(label).strip() == "red<|end|>"
    thinking = Thinking(strip.thought(QUESTION), tokenizer)
    said = tokenizer.encode(f"{thought}red", add_special_tokens=False)
    for n in range(len(said)):
        thinking.ended(said[: n + 1])
    return asked and tokenizer.decode(thinking.taken_off(said)).strip() == "red"
