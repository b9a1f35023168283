"""A file of rows, opened as lines of text: packed or not, in UTF-8, or in UTF-16 that says so.

What cannot be a file of rows for a study is refused in a line, before it takes time or memory.
"""

import codecs
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

from stages.storage.errors import StudyError

# A study looks at 100,000 inputs of a task at most, and each row that is kept takes about a
# kilobyte of memory; yet 300 kB of a packed file can hold 10^8 rows.
MOST_ROWS = 1_000_000
"""rows of a file, or lines"""
MOST_BYTES = 2**29
"""bytes of a file once unpacked; of parquet those of the columns that are read"""

GZIP = b"\x1f\x8b"
MARKS = {  # UTF-32's first two begin as UTF-16's do, so it stands first
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OTHERS = {
    b"PK\x03\x04": "a zip archive, as a workbook of Excel is",
    b"PAR1": "parquet, and is not called so",
    b"\x28\xb5\x2f\xfd": "packed by zstd; gzip is read",
    b"\xfd7zX": "packed by xz; gzip is read",
    b"BZh": "packed by bzip2; gzip is read",
}
NOT_UTF8 = re.compile("[\udc80-\udcff]")  # how a byte that is not UTF-8 is read


@dataclass(frozen=True)
class FileRow:
    """A row by its place: its values by column, or None and what is wrong with it.

    `number` counts lines of JSONL, objects of a JSON array, and rows below the header of CSV,
    from 1.
    """

    path: Path
    number: int
    values: dict[str, Any] | None
    problem: str = ""

    @property
    def place(self) -> str:
        return f"{self.path}, row {self.number}"


def check_plain(path: Path) -> None:
    """Raise StudyError unless `path` is a plain file: a pipe or device would be waited for."""
    if path.is_dir():
        raise StudyError(f"{path} is a folder, no file")
    if path.exists() and not path.is_file():
        raise StudyError(f"{path} is a pipe or a device, no plain file")


@contextmanager
def opened(path: Path, newline: str) -> Iterator[TextIO]:
    """The text of a file, unpacked where it is packed by gzip, whatever its name says.

    Bytes that are not UTF-8 are read as NOT_UTF8 finds them. Raises StudyError where it is of
    another kind, and while it is read, once it is larger than MOST_BYTES.
    """
    with open(path, "rb") as file:
        packed = file.peek(len(GZIP)).startswith(GZIP)
        unpacked: _Readable = gzip.GzipFile(fileobj=file) if packed else file
        stream = io.BufferedReader(_Counted(path, unpacked))
        head = stream.peek(4)
        for start, kind in OTHERS.items():
            if head.startswith(start):
                raise StudyError(f"{path} is {kind}")
        encoding = next((name for mark, name in MARKS.items() if head.startswith(mark)), "utf-8")
        with io.TextIOWrapper(
            stream, encoding=encoding, errors="surrogateescape", newline=newline
        ) as text:
            yield text


def numbered(path: Path, text: TextIO) -> Iterator[tuple[int, str]]:
    """The lines with their numbers from 1, the marks of UTF-8 taken off.

    Raises StudyError beyond MOST_ROWS.
    """
    for number, line in enumerate(text, start=1):
        if number > MOST_ROWS:
            raise too_many(path)
        yield number, line.removeprefix("\ufeff")


def too_many(path: Path) -> StudyError:
    """The error of a file with more rows than are read."""
    return StudyError(f"{path} has more than {MOST_ROWS:,} rows, which are read; take a part of it")


def too_large(path: Path) -> StudyError:
    """The error of a file that holds more than is read."""
    return StudyError(
        f"{path} holds more than {MOST_BYTES // 2**20} MiB, which are read; take a part of it"
    )


def not_text(text: str) -> str | None:
    """Why text is none that UTF-8 can be; None where it is."""
    if found := NOT_UTF8.search(text):
        return (
            f"byte {ord(found[0]) - 0xDC00:#x} is not UTF-8; programs of Windows write cp1252 or "
            "the like: save it as UTF-8"
        )
    return None


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Counted(io.RawIOBase):
    """A stream that raises StudyError once more than MOST_BYTES were read from it."""

    def __init__(self, path: Path, stream: _Readable) -> None:
        self.path, self.stream, self.count = path, stream, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.stream.read(len(buffer))
        self.count += len(data)
        if self.count > MOST_BYTES:
            raise too_large(self.path)
        buffer[: len(data)] = data
        return len(data)
