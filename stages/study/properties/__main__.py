"""The command line: a property of answers.

    python -m stages.study.properties NAME [TRAIT_OPTION]

reads one JSON string a line from standard input and prints the value as JSON, null where there
is none. NAME may also be the published one.
"""

import json
import sys

from stages.study.properties import PROPERTIES, published_names


def main(arguments: list[str]) -> int:
    """The property of each JSON string on standard input, a line each."""
    name = published_names().get(arguments[0], arguments[0]) if arguments else ""
    if name not in PROPERTIES or len(arguments) > 2:
        print(
            f"usage: python -m stages.study.properties NAME [TRAIT_OPTION]; {name!r} is no "
            f"property; allowed: {', '.join(PROPERTIES)}",
            file=sys.stderr,
        )
        return 2
    trait_option = arguments[1] if len(arguments) == 2 else None
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            response = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:  # also bytes that are not UTF-8
            print(f"standard input, line {number}: not JSON: {error}", file=sys.stderr)
            return 2
        if response is not None and not isinstance(response, str):
            print(f"standard input, line {number}: {response!r} is no JSON string", file=sys.stderr)
            return 2
        print(json.dumps(PROPERTIES[name].extract(response, (), trait_option)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
