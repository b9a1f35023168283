"""What the project takes of transformers, for mypy.

Its own types are 2,500 modules, which take mypy most of a minute to read and say Any of what its
`from_pretrained` gives.
"""

from typing import Any

AttentionInterface: Any
AttentionMaskInterface: Any
AutoConfig: Any
AutoModelForCausalLM: Any
AutoTokenizer: Any
GenerationConfig: Any
GgufConfig: Any
LlamaConfig: Any
LlamaForCausalLM: Any
PreTrainedTokenizerFast: Any
