"""What every format is: a name, the kinds it holds, how to tell it, and its rows in our own layout. Knows no format.

A format reads cells of a `Source` and yields rows as `native` takes them. Whatever a file says is placed in a record or
counted in `Notes`: nothing is dropped silently.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from regulars.feeds import reader
from regulars.feeds.reader import Broken, Physical, Read

LOOK_AT = 50  # rows that a format may look at to recognise itself
MAX_NAMES = 1_000  # further columns nobody placed are counted together: a hostile file can have as many as cells
MAX_VALUES = 200  # values of one attribute, over all variants of a product


@dataclass(slots=True)
class Notes:
    """What a format says beside its rows. `unplaced`: columns whose cells no record holds, with how many cells there were.
    `found`: what was odd and how it was read, with how often."""

    unplaced: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)

    def leave(self, column: str, cells: int = 1) -> None:
        if column not in self.unplaced and len(self.unplaced) >= MAX_NAMES:
            column = "other columns"
        self.unplaced[_printable(column)] += cells

    def count(self, what: str, times: int = 1) -> None:
        if what not in self.found and len(self.found) >= MAX_NAMES:
            what = "other oddities"
        self.found[what] += times


@dataclass(slots=True)
class Source:
    """A file, read as often as a format needs. `columns` are names in the file → ours, `limit` ends it early."""

    path: Path
    physical: Physical
    renames: dict[str, str] = field(default_factory=dict)
    limit: int | None = None
    seen: int = 0  # how far the longest reading went

    def columns(self) -> list[str]:
        """The header's names, renamed; of JSON lines and XML those of the first row."""
        return [self.renames.get(name, name) for name in reader.columns(self.path, self.physical)]

    def rows(self) -> Iterator[Read | Broken]:
        """The file's rows with their columns renamed."""
        for number, row in enumerate(reader.rows(self.path, self.physical), start=1):
            if self.renames and isinstance(row, Read):
                row = Read(row.line, {self.renames.get(name, name): value for name, value in row.values.items()})
            self.seen = max(self.seen, number)
            yield row
            if self.limit is not None and number >= self.limit:
                return


@dataclass(frozen=True, slots=True)
class Look:
    """What a format sees of a file to recognise it: how it is stored, its columns, its first rows."""

    physical: Physical
    columns: frozenset[str]
    names: frozenset[str]  # the columns as `normal` writes them
    rows: tuple[dict[str, Any], ...]

    def has(self, *names: str) -> bool:
        return self.names.issuperset(names)

    def some(self, *names: str) -> int:
        return sum(name in self.names for name in names)


def look_at(source: Source) -> Look:
    """Raises: UnreadableFile."""
    seen: list[dict[str, Any]] = []
    columns: dict[str, None] = dict.fromkeys(source.columns())
    few = Source(source.path, source.physical, source.renames, LOOK_AT)
    for row in few.rows():
        if isinstance(row, Read):
            seen.append(row.values)
            columns.update(dict.fromkeys(row.values))
    return Look(source.physical, frozenset(columns), frozenset(map(normal, columns)), tuple(seen))


class Format(Protocol):
    """One way to write a file. Each is a module's `FORMAT`, listed in `formats.FORMATS`."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def kinds(self) -> tuple[str, ...]: ...

    @property
    def flat(self) -> bool:
        """Whether its rows are flat cells, to be shaped by `native`."""
        ...

    def fits(self, look: Look) -> bool:
        """Whether this file is written so. Never raises."""
        ...

    def place(self, kind: str, column: str) -> str | None:
        """Where a column's cells go, in our words; None where they are only counted."""
        ...

    def records(self, kind: str, source: Source, notes: Notes) -> Iterator[Read | Broken]:
        """Rows in our own layout; `line` is where the first row of it stands."""
        ...


_GAPS = re.compile(r"[\s_\-]+")


def normal(name: str) -> str:
    """How names of columns are compared: without case, and with one space for any gap.

    >>> normal("  Image_Link "), normal("Compare-at price")
    ('image link', 'compare at price')
    """
    return _GAPS.sub(" ", name.strip().lower()).strip()


class Places:
    """Where a format's columns go: names, then patterns, then our own fields; what is left goes to `rest`.

    A place is a field ("title"), a field of each variant ("variants.price"), an attribute ("attributes.gender"), or None:
    the cell is only counted. In a pattern's place `{}` stands for its first group.
    """

    def __init__(
        self,
        names: dict[str, str | None],
        patterns: Iterable[tuple[str, str | None]] = (),
        *,
        fields: Iterable[str] = (),
        rest: str | None = "attributes",
    ) -> None:
        self._names = {normal(name): place for name, place in names.items()}
        self._patterns = [(re.compile(pattern, re.IGNORECASE), place) for pattern, place in patterns]
        self._fields = {normal(name): name for name in fields}
        self._targets = {place: place for place in names.values() if place}
        self._rest = rest
        self._known: dict[str, str | None] = {}

    def of(self, column: str) -> str | None:
        known = self._known.get(column, "")
        if known != "":
            return known
        place = self._find(column)
        if len(self._known) < 10 * MAX_NAMES:
            self._known[column] = place
        return place

    def _find(self, column: str) -> str | None:
        name = normal(column)
        if name in self._names:
            return self._names[name]
        for pattern, place in self._patterns:
            found = pattern.fullmatch(column.strip())
            if found:
                return place.format(found.group(1).strip()) if place and found.groups() else place
        if column in self._targets:  # `--map theirs=variants.price` names the place itself
            return column
        if name in self._fields:
            return self._fields[name]
        if self._rest is None:
            return None
        return f"{self._rest}.{column.strip()[:200]}"

    def sort(self, values: dict[str, Any], notes: Notes) -> Cells:
        """A row's cells by place. Empty ones are absent; those without a place are counted."""
        cells = Cells()
        for column, value in values.items():
            text = cell_text(value)
            if not text:
                continue
            place = self.of(column)
            if place is None:
                notes.leave(column)
            elif place in cells:
                if cells[place] != text:
                    notes.leave(column)
            else:
                cells[place] = text
                cells.columns[place] = column
        return cells


class Cells(dict[str, str]):
    """A row by place, with the column that each came from."""

    def __init__(self) -> None:
        super().__init__()
        self.columns: dict[str, str] = {}


def cell_text(value: Any) -> str:
    """A cell as trimmed text; nothing for what is empty or not a number."""
    if value is None or value != value:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


class Attributes:
    """Attributes gathered over a product's rows: one value is a scalar, several different ones a list."""

    def __init__(self, notes: Notes) -> None:
        self._values: dict[str, dict[str, None]] = {}
        self._notes = notes

    def add(self, name: str, value: str) -> None:
        if not name:
            return
        if name not in self._values and len(self._values) >= 450:
            self._notes.leave(name)
            return
        held = self._values.setdefault(name, {})
        if value not in held and len(held) >= MAX_VALUES:
            self._notes.leave(name)
            return
        held[value] = None

    def take(self, cells: dict[str, str]) -> None:
        for place, value in cells.items():
            if place.startswith("attributes."):
                self.add(place[len("attributes.") :], value)

    def as_dict(self) -> dict[str, Any]:
        return {name: values[0] if len(values) == 1 else values for name, held in self._values.items()
                if (values := list(held))}  # fmt: skip


def split_list(text: str, separator: str = ",") -> list[str]:
    """`a, b\\, c` → ["a", "b, c"]: a separator behind a backslash belongs to the value."""
    parts = re.split(r"(?<!\\)" + re.escape(separator), text)
    return [part for raw in parts if (part := raw.replace("\\" + separator, separator).strip())]


def truth(text: str | None) -> bool | None:
    """Yes, no, or neither, in the ways exports write it."""
    word = (text or "").strip().lower()
    if word in ("true", "yes", "1", "y", "t", "on", "instock", "in stock", "是"):
        return True
    if word in ("false", "no", "0", "n", "f", "off", "outofstock", "out of stock", "否", "-1"):
        return False
    return None


def whole(text: str | None) -> int | None:
    """A whole number, also written as 12.0 or 1,200; None where it is none that a stock can be."""
    if not text:
        return None
    try:
        number = float(text.replace(",", "").replace(" ", ""))
    except ValueError:
        return None
    return int(number) if number == number and abs(number) < 2**31 else None


def _printable(name: str) -> str:
    """A column's name may hold what no text may: the report has to say it all the same."""
    return name.encode("utf-8", "replace").decode().replace("\x00", "?")[:200]
