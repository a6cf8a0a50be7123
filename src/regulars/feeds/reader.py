"""Reading files of rows: JSON lines, CSV, Parquet, XML. Streams in constant memory, keeps line numbers. Knows no records.

How a file is stored is found by content. A row that can't be read is a `Broken`, never an exception: the rest of the file counts.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, cast

import orjson
import pyarrow.parquet as parquet

from regulars.errors import UnknownFormat, UnreadableFile
from regulars.feeds import markdown_files, xml_reader

Physical = Literal["jsonl", "csv", "parquet", "xml", "markdown"]
STORED = ("jsonl", "csv", "parquet")
MAX_LINE = 8 * 1024 * 1024  # a single record of 8 MB is a broken file, not a record
PARQUET_BATCH = 4_096

csv.field_size_limit(MAX_LINE)


@dataclass(frozen=True, slots=True)
class Read:
    """A row as it stands in the file. `line` counts from 1, in Parquet it is the row."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that can't be read at all."""

    line: int
    reason: str
    raw: str


def open_bytes(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked if it is gzip. Raises: UnreadableFile."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise UnreadableFile(f"{path} can't be opened: {error.strerror}.", file=str(path)) from error
    if file.read(2) == b"\x1f\x8b":
        file.close()
        return cast(IO[bytes], gzip.open(path, "rb"))
    file.seek(0)
    return file


def find_format(path: Path) -> Physical:
    """How a file is stored.

    Raises: UnreadableFile when it is missing or empty; UnknownFormat when no reader fits, saying what it looks like.
    """
    if path.is_dir():
        if markdown_files.listed(path):
            return "markdown"
        raise UnreadableFile(
            f"{path} is a folder.",
            hint="Name the files in it. Only folders of Markdown are read whole.",
            file=str(path),
        )
    with open_bytes(path) as file:
        try:
            head = file.read(65_536)
        except (OSError, EOFError) as error:
            raise UnreadableFile(f"{path} is a damaged gzip file.", file=str(path)) from error
    if not head:
        raise UnreadableFile(f"{path} is empty.", file=str(path))
    for mark, name in _FOREIGN.items():
        if head.startswith(mark):
            raise UnknownFormat(
                f"{path} is {name}.", hint="Export it as CSV, JSON lines or Parquet and import that.", file=str(path)
            )
    if head.startswith(b"PAR1"):
        return "parquet"
    text = _decoded(head, path).lstrip("\ufeff").lstrip()
    if text.startswith("{"):
        return "jsonl"
    if text.startswith("["):
        raise UnknownFormat(
            f"{path} is one JSON array.",
            hint="Write one object a line (JSON lines): `jq -c '.[]' in.json > out.jsonl`.",
            file=str(path),
        )
    if text.startswith("<"):
        return "xml"
    first = text.splitlines()[0] if text else ""
    if path.suffix.lower() in markdown_files.SUFFIXES and text:
        return "markdown"
    if any(separator in first for separator in _SEPARATORS) or first.strip().strip('"').isidentifier():
        return "csv"
    raise UnknownFormat(
        f"{path} isn't CSV, JSON lines or Parquet: its first line is {first[:60]!r}.", file=str(path), line=1
    )


_SEPARATORS = ",;\t|"
_NUL = "\udc00"
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or an Excel file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "an SQLite database",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
}


def encoding_of(path: Path) -> str:
    """How a file's text is written, guessed from its beginning: utf-8-sig, utf-16 or gb18030."""
    with open_bytes(path) as file:
        return _encoding(file.read(65_536))


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.count(b"\x00") > len(head) / 4:  # UTF-16 without a mark: every other byte of plain letters is zero
        if head[1:400:2].count(0) > 8 * (head[0:400:2].count(0) + 1):
            return "utf-16-le"
        if head[0:400:2].count(0) > 8 * (head[1:400:2].count(0) + 1):
            return "utf-16-be"
    return "gb18030" if _is_chinese(head) else "utf-8-sig"


def _is_chinese(head: bytes) -> bool:
    """Whether bytes that aren't UTF-8 are GBK: pairs that decode, most of them everyday characters or punctuation."""
    if head.isascii():
        return False
    for cut in range(4):
        try:
            head[: len(head) - cut].decode("utf-8")
            return False
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:
                break
    pairs = everyday = 0
    place = 0
    while place < len(head) - 1:
        first = head[place]
        if first < 0x80:
            place += 1
            continue
        second = head[place + 1]
        if not 0x81 <= first <= 0xFE or not 0x40 <= second <= 0xFE:
            return False
        pairs += 1
        everyday += first in (0xA1, 0xA3) or (0xB0 <= first <= 0xD7 and second >= 0xA1)
        place += 2
    return pairs >= 2 and everyday >= 0.8 * pairs


def _decoded(head: bytes, path: Path) -> str:
    text = head.decode(_encoding(head), errors="replace")
    if text.count("\x00") > len(text) / 10:
        raise UnknownFormat(f"{path} is a binary file.", hint="Use CSV, JSON lines or Parquet.", file=str(path))
    return text


def rows(path: Path, format: Physical) -> Iterator[Read | Broken]:
    """All rows of a file, oldest line first. Raises: UnreadableFile when the file itself is damaged."""
    if format == "parquet":
        yield from _parquet_rows(path)
    elif format == "xml":
        yield from _xml_rows(path)
    elif format == "markdown":
        for number, values in enumerate(markdown_files.articles(path), start=1):
            yield Read(number, values) if isinstance(values, dict) else Broken(number, values, "")
    elif format == "jsonl":
        yield from _json_rows(path)
    else:
        yield from _csv_rows(path)


def columns(path: Path, format: Physical) -> list[str]:
    """The file's column names, from its schema, header or first row."""
    if format == "parquet":
        try:
            return [str(name) for name in parquet.read_schema(path).names]
        except Exception as error:
            raise UnreadableFile(f"{path} is a damaged Parquet file: {error}.", file=str(path)) from error
    for row in rows(path, format):
        if isinstance(row, Read):
            return list(row.values)
    return []


def _xml_rows(path: Path) -> Iterator[Read | Broken]:
    with open_bytes(path) as file:
        try:
            for line, values in xml_reader.items(file, path):
                yield Read(line, values) if isinstance(values, dict) else Broken(line, values, "")
        except (EOFError, OSError) as error:
            raise UnreadableFile(f"{path} is damaged: {error}.", file=str(path)) from error


def count_rows(path: Path, format: Physical) -> int | None:
    """How many rows there are, where that is cheap to know (Parquet); otherwise None."""
    if format == "parquet":
        with suppress(Exception):
            return int(parquet.read_metadata(path).num_rows)
    return None


def _parquet_rows(path: Path) -> Iterator[Read | Broken]:
    line = 0
    try:
        file = parquet.ParquetFile(path)
        for batch in file.iter_batches(batch_size=PARQUET_BATCH):
            for values in batch.to_pylist():
                line += 1
                yield Read(line, values)
    except GeneratorExit:
        raise
    except Exception as error:
        raise UnreadableFile(f"{path} is a damaged Parquet file: {error}.", file=str(path), line=line + 1) from error


def _json_rows(path: Path) -> Iterator[Read | Broken]:
    with open_bytes(path) as file:
        lines: Iterator[bytes]
        encoding = encoding_of(path)
        if encoding != "utf-8-sig":
            lines = (text.encode() for text in io.TextIOWrapper(file, encoding=encoding, errors="replace"))
        else:
            lines = iter(lambda: file.readline(MAX_LINE + 1), b"")
        line = 0
        skipping = False
        for raw in _guarded(lines, path):
            if skipping:  # the rest of a line that was too long
                skipping = not raw.endswith(b"\n")
                continue
            line += 1
            if line == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if len(raw) > MAX_LINE:
                skipping = not raw.endswith(b"\n")
                yield Broken(line, f"the line is longer than {MAX_LINE // 1024 // 1024} MB", _shown(raw[:200]))
                continue
            stripped = raw.strip()
            if not stripped:
                continue
            try:
                values = orjson.loads(stripped)
            except orjson.JSONDecodeError as error:
                whole = _one_object(path) if line == 1 else None
                if whole is not None:
                    yield Read(1, whole)
                    return
                yield Broken(line, _json_reason(stripped, error), _shown(stripped))
                continue
            if isinstance(values, dict):
                yield Read(line, values)
            else:
                yield Broken(line, "is not a JSON object ({…})", _shown(stripped))


def _one_object(path: Path) -> dict[str, Any] | None:
    """A file that is a single JSON object over several lines, as one writes a request's body."""
    with open_bytes(path) as file:
        text = file.read(MAX_LINE + 1)
    if len(text) > MAX_LINE:
        return None
    with suppress(orjson.JSONDecodeError):
        read = orjson.loads(text.removeprefix(b"\xef\xbb\xbf").strip())
        return read if isinstance(read, dict) else None
    return None


def _json_reason(raw: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        return f"is not UTF-8 (byte {wrong.start + 1})"
    return f"is not JSON: {error.msg} at column {error.colno}"


def _guarded(lines: Iterator[Any], path: Path) -> Iterator[Any]:
    try:
        yield from lines
    except (EOFError, OSError) as error:
        raise UnreadableFile(f"{path} is damaged: {error}.", file=str(path)) from error


def _csv_rows(path: Path) -> Iterator[Read | Broken]:
    with open_bytes(path) as raw:
        head = raw.read(65_536)
        raw.seek(0)
        # Bytes that aren't UTF-8 become lone surrogates, so that the very row they stand in can be refused.
        encoding = _encoding(head)
        errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
        text = io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="")
        sample = _decoded(head, path).lstrip("\ufeff")
        lines = _Lines(_guarded(text, path))
        separator, skipped = _delimiter(sample)
        reader = csv.reader(lines, delimiter=separator, strict=True)
        if skipped:
            next(lines)
        try:
            header = [name.strip() for name in next(reader, [])]
            header = [name or f"(column {number})" for number, name in enumerate(header, start=1)]
        except csv.Error as error:
            raise UnreadableFile(f"{path}: the header can't be read: {error}.", file=str(path), line=1) from error
        twice = sorted({name for name in header if name and header.count(name) > 1})
        if twice:
            raise UnreadableFile(
                f"{path} has the column {twice[0]!r} twice.", hint="Rename one of them.", file=str(path), line=1
            )
        while True:
            start = lines.number + 1
            lines.record.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                first = lines.record[0] if lines.record else ""
                reason = f"is not CSV: {error}"
                if len(lines.record) > 1:
                    # A quote that isn't closed would swallow good rows: only its own line is broken.
                    reason = "is not CSV: a quote is opened and not closed"
                    lines.put_back()
                yield Broken(start, reason, _shown(first.encode("utf-8", errors="replace").strip()))
                continue
            if not cells or all(not cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                while len(cells) > len(header) and not cells[-1].strip():
                    cells.pop()
            if len(cells) > len(header):
                yield Broken(
                    start, f"has {len(cells)} cells where the header has {len(header)} columns", _joined(cells)
                )
                continue
            joined = "".join(cells)
            if _NUL in joined:
                yield Broken(start, "contains a NUL character (U+0000), which no text may hold", _joined(cells))
                continue
            if not joined.isascii() and any("\udc80" <= mark <= "\udcff" for mark in joined):
                yield Broken(start, "is not UTF-8", _joined(cells))
                continue
            yield Read(start, dict(zip(header, cells, strict=False)))


class _Lines:
    """Lines for csv.reader: counted, and those of the record at hand kept, so that they can be read again.

    csv stops for good at a NUL; a sign that no decoder makes stands for it, so that only its row is refused.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.number = 0
        self.record: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.number += 1
        self.record.append(line)
        return line.replace("\x00", _NUL) if "\x00" in line else line

    def put_back(self) -> None:
        """Reads all lines of this record but the first again."""
        again = self.record[1:]
        self._again.extendleft(reversed(again))
        self.number -= len(again)


def _delimiter(sample: str) -> tuple[str, bool]:
    """What stands between cells, and whether a line `sep=;` for a spreadsheet says so and isn't the header."""
    first = sample.splitlines()[0] if sample else ""
    told = first.strip().strip('"')
    if len(told) == 5 and told.startswith("sep=") and told[4] in _SEPARATORS:
        return told[4], True
    outside = "".join(first.split('"')[::2])  # a separator inside quotes separates nothing
    counted = outside if any(separator in outside for separator in _SEPARATORS) else first
    return max(_SEPARATORS, key=lambda separator: (counted.count(separator), separator == ",")), False


def _joined(cells: list[str]) -> str:
    return _shown(",".join(cells).encode("utf-8", errors="replace"))


def _shown(raw: bytes) -> str:
    return raw[:2_000].decode("utf-8", errors="replace")
