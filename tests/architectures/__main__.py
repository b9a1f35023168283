"""Which decoders can be asked and taught: makes a tiny model of each family and tries it.

python -m tests.architectures           # all of them; puts the table into docs/add_a_model.md
python -m tests.architectures gemma2    # prints the lines of the families that are named
"""

import sys

from transformers.utils import logging

from tests.architectures.families import FAMILIES
from tests.architectures.table import put_in_page, written

if __name__ == "__main__":
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    table = written(sys.argv[1:] or FAMILIES)
    print(table)
    if not sys.argv[1:]:
        put_in_page(table)
