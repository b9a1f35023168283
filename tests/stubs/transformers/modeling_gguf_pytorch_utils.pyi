from collections.abc import Sequence

GGUF_SUPPORTED_ARCHITECTURES: Sequence[str]
GGUF_TO_TRANSFORMERS_MAPPING: dict[str, dict[str, dict[str, str | None]]]
