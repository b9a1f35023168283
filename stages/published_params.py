"""The params that load the tasks of a folder in the format of the published prompt set.

    python -m stages.published_params FOLDER

Prints the section `tasks` of params.yaml, and `properties`, for all tasks that are found: those of
the folder's train/ teach, those of its test/ are held out, and as many inputs are asked for as all
of them have. A task whose name is no plain one, such as ai2_arc/ARC-Challenge, is called
published_ai2_arc_ARC-Challenge. FOLDER may be a source too: path:FOLDER or hub:ORG/NAME@REVISION.
Comments tell what other sections need with them.
"""

import re
from collections import Counter
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML

from stages.params import command
from stages.storage.errors import StudyError
from stages.storage.readers import read_rows
from stages.study.inputs import COUNTS
from stages.study.properties import PROPERTIES
from stages.study.section import LONGEST_NAME
from stages.study.splits import input_id, part_of
from stages.tasks.files.loading import Reading, published_inputs
from stages.tasks.files.prompt_set import published_files
from stages.tasks.files.published_format import TASK
from stages.tasks.files.rows import LoadedInput
from stages.tasks.files.sources import parse_task_source, task_folder
from stages.terminal.closing import then

NO_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


@command
@click.argument("folder")
def main(folder: str) -> None:
    source = folder if folder.startswith(("path:", "hub:")) else f"path:{folder}"
    try:
        parse_task_source(source)
        click.echo(params_of(source, task_folder(source)), nl=False)
    except (StudyError, ValueError, OSError) as error:
        raise StudyError(f"{folder}: {error}") from error
    then("put both sections into params.yaml; `python -m stages.params` says whether it is sound")


def params_of(source: str, folder: Path) -> str:
    """The two sections as YAML, with what is known of each task as a comment."""
    roles = found_tasks(folder)
    called = plain_names(roles)
    loaded: dict[str, dict[str, str]] = {}
    asked: set[str] = set()
    sizes: dict[str, list[Counter[str]]] = {}
    lines = []
    for task, role in sorted(roles.items()):
        name, reading = called[task], Reading()
        family, inputs = published_inputs(folder, task, reading)
        if not inputs:
            lines.append(f"# {task}: left out: none of its {reading.rows} rows gives an input")
            lines += [f"#   {line}" for line in reading.told()[:1]]
            del roles[task]
            continue
        names = {property_name for found in inputs for property_name in found.questions or ()}
        asked |= names
        sizes.setdefault(role, []).append(part_sizes(name, role, inputs))
        loaded[name] = {"source": source, "format": "published", "task": task}
        lines.append(
            f"# {name}: {family}, {len(inputs)} inputs, {reading.bad} bad rows; "
            f"{', '.join(sorted(names))}"
        )
    if not loaded:
        raise StudyError("\n".join(["no task has an input", *lines]))
    tasks: dict[str, Any] = {"loaded": loaded}
    for role in ("train", "test"):
        if names_of := [called[task] for task in sorted(roles) if roles[task] == role]:
            tasks[role] = names_of
        else:
            lines.append(f"# none is in {role}/: name under `{role}` what is to be there")
    for (role, part), key in COUNTS.items():
        least = int(part != "rehearsal")
        tasks[key] = max(least, min((size[part] for size in sizes.get(role, [])), default=least))
    properties = [name for name in PROPERTIES if name in asked]
    lines.append("# with these, elsewhere in params.yaml (calibration takes any of `properties`):")
    lines.append("# evaluate.ceiling: null")
    lines.append(f"# experiments.calibration.properties: [{', '.join(properties)}]")
    params = {"tasks": tasks, "properties": properties}
    text, yaml = StringIO(), YAML()
    yaml.width = 100
    yaml.dump(params, text)
    return "\n".join(lines) + "\n" + text.getvalue()


def plain_names(tasks: Iterable[str]) -> dict[str, str]:
    """What params.yaml calls each task: a name of a file, apart from others in any case."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    # Those that are plain as they are come first, so that no other takes their name.
    for task in sorted(tasks, key=lambda task: (NO_PLAIN.search(task) is not None, task)):
        name = start = f"published_{NO_PLAIN.sub('_', task)}"[:LONGEST_NAME]
        number = 1
        while name.lower() in taken:
            number += 1
            end = f"_{number}"
            name = f"{start[: LONGEST_NAME - len(end)]}{end}"
        taken.add(name.lower())
        names[task] = name
    return names


def found_tasks(folder: Path) -> dict[str, str]:
    """The tasks of the rows of a folder, each with the folder that its rows were met in first."""
    roles: dict[str, str] = {}
    for path in published_files(folder):
        for row in read_rows(path):
            task = (row.values or {}).get(TASK)
            if isinstance(task, str) and task:
                roles.setdefault(task, path.parent.name)
    return roles


def part_sizes(name: str, role: str, inputs: list[LoadedInput]) -> Counter[str]:
    """How many inputs of a task are for what."""
    return Counter(part_of(role, input_id(name, found.item.key)) for found in inputs)


if __name__ == "__main__":
    main()
