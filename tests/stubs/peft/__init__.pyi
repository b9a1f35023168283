"""What the project takes of peft, for mypy: its own types read all of transformers."""

from typing import Any

LoraConfig: Any
PeftModel: Any
get_peft_model: Any
