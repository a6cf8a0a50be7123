"""Rows of one order brought together, also when the file has them apart. Streams; remembers one number an order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from regulars.feeds.reader import Broken, Read

Key = Callable[[Read], str | None]
T = TypeVar("T")


def split_keys(rows: Iterator[Read | Broken], key: Key) -> set[str]:
    """The keys whose rows don't all stand together. Remembers 8 bytes and a set entry a key."""
    closed: set[int] = set()
    split: set[str] = set()
    current: str | None = None
    for row in rows:
        if isinstance(row, Broken):
            continue
        name = key(row)
        if name is None or name == current:
            continue
        if current is not None:
            closed.add(hash(current))
        if hash(name) in closed:
            split.add(name)
        current = name
    return split


def groups(rows: Iterator[Read | Broken], key: Key, split: set[str]) -> Iterator[list[Read] | Broken]:
    """Runs of rows with one key; those of `split` keys are kept until the end and come complete. Rows without key are Broken."""
    waiting: dict[str, list[Read]] = {}
    run: list[Read] = []
    current: str | None = None
    for row in rows:
        if isinstance(row, Broken):
            yield row
            continue
        name = key(row)
        if name is None:
            yield Broken(row.line, "the order's id is missing", str(row.values)[:2_000])
        elif name in split:
            waiting.setdefault(name, []).append(row)
        else:
            if name != current and run:
                yield run
                run = []
            current = name
            run.append(row)
    if run:
        yield run
    yield from waiting.values()
