from collections.abc import Sequence

GGUF_SUPPORTED_ARCHITECTURES: Sequence[str]
