"""How the demo's customers are doing: moods, next visits, what they had, what is on its way. One file, replaced in one step."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import orjson

from regulars.demo.catalogue import items
from regulars.demo.people import People
from regulars.errors import UnreadableFile

FORMAT = 1
RECENT_DAYS = 28
NEVER = 1 << 30


@dataclass(slots=True)
class State:
    """Everything that a day changes. Arrays have a row a person; days count from the world's first.

    own: items bought by one's own wish alone, had: also those that a list led to. shown: how often lists showed an item
    without being clicked. coming: what will happen later, by day. running_out: {person: {item: day}}. recent: who was here on
    each of the last days, newest last. open_orders: by id, until nothing more can happen to them. talks: conversations that the
    shop's people find the next morning.
    """

    seed: int
    began: str
    day: int
    mood: npt.NDArray[np.float64]
    since: npt.NDArray[np.int64]
    next_visit: npt.NDArray[np.int64]
    visits: npt.NDArray[np.int64]
    own: npt.NDArray[np.bool_]
    had: npt.NDArray[np.bool_]
    shown: npt.NDArray[np.uint8]
    orders: int = 0
    coming: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    running_out: dict[int, dict[int, int]] = field(default_factory=dict)
    wanted: dict[int, list[str]] = field(default_factory=dict)
    recent: list[list[int]] = field(default_factory=list)
    open_orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    talks: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def new(cls, people: People, seed: int, began: str) -> Self:
        count, products = people.count, len(items())
        draw = np.random.default_rng([seed, 2])
        first = people.since + draw.integers(0, 20, count)
        empty = np.zeros((count, products), np.bool_)
        return cls(
            seed,
            began,
            0,
            people.temper.copy(),
            np.zeros(count, np.int64),
            first.astype(np.int64),
            np.zeros(count, np.int64),
            empty,
            empty.copy(),
            np.zeros((count, products), np.uint8),
        )

    def later(self, day: int, what: dict[str, Any]) -> None:
        self.coming.setdefault(day, []).append(what)

    def save(self, path: Path) -> None:
        """Replaces the file in one step."""
        arrays = {one.name: getattr(self, one.name) for one in fields(self) if one.name in _ARRAYS}
        rest = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _ARRAYS}
        document = orjson.dumps({"format": FORMAT, **rest}, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
        with replacing(path) as part, part.open("wb") as file:
            np.savez_compressed(file, rest=np.frombuffer(document, np.uint8), **arrays)
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises: UnreadableFile."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                document = orjson.loads(kept["rest"].tobytes())
                arrays = {name: kept[name] for name in _ARRAYS}
            if document.pop("format") != FORMAT:
                raise ValueError("its format isn't known")
            for name in ("coming", "wanted"):
                document[name] = {int(key): value for key, value in document[name].items()}
            document["running_out"] = {
                int(person): {int(item): day for item, day in own.items()}
                for person, own in document["running_out"].items()
            }
            return cls(**arrays, **document)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UnreadableFile(
                f"The state of the demo's world in {path} can't be read: {error}.",
                file=str(path),
                hint="Make a new demo shop in another folder.",
            ) from error


_ARRAYS = ("mood", "since", "next_visit", "visits", "own", "had", "shown")


class replacing:
    """A path to write to; what was written takes the place of `path` when the block ends without an error."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(path.name + ".part")

    def __enter__(self) -> Path:
        return self.part

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.part.replace(self.path)
        else:
            self.part.unlink(missing_ok=True)
