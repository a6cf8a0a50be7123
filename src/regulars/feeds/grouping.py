"""Rows of one thing brought together, also when the file has them apart. Streams; remembers one number a thing.

What stands apart waits packed until the end of the file: a tenth of the room that its cells would take.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator

from regulars.feeds.reader import Broken, Read

Key = Callable[[Read], str | None]


def _split_keys(rows: Iterator[Read | Broken], key: Key) -> set[str]:
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


def groups(
    read: Callable[[], Iterator[Read | Broken]], key: Key, missing: str = "the order's id is missing"
) -> Iterator[list[Read] | Broken]:
    """Each key's rows together. Rows without key are Broken.

    read: opens the file; it is read twice, first for the keys whose rows don't stand together: those come last.
    """
    split = _split_keys(read(), key)
    waiting: dict[str, list[tuple[int, bytes]]] = {}
    run: list[Read] = []
    current: str | None = None
    for row in read():
        if isinstance(row, Broken):
            yield row
            continue
        name = key(row)
        if name is None:
            yield Broken(row.line, missing, str(row.values)[:2_000])
        elif name in split:
            waiting.setdefault(name, []).append((row.line, _packed(row)))
        else:
            if name != current and run:
                yield run
                run = []
            current = name
            run.append(row)
    if run:
        yield run
    for packed in waiting.values():
        yield [Read(line, json.loads(zlib.decompress(one))) for line, one in packed]


def _packed(row: Read) -> bytes:
    # The standard library's JSON: a column's name may hold half of a surrogate pair, which the report has yet to say.
    filled = {name: value for name, value in row.values.items() if value is not None and value != ""}
    return zlib.compress(json.dumps(filled, default=str).encode(), 1)
