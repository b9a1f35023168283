from typing import Any

convert_peft_config_for_transformers: Any
