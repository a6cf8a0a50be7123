"""Choices that look free and can be made again: drawn from a seed of names, not from the order of calls elsewhere."""

from __future__ import annotations

import random
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A stream of choices. seed: whatever names the text, such as product, kind, language and variant."""

    def __init__(self, *seed: object) -> None:
        digest = blake2b("\x1f".join(map(str, seed)).encode(), digest_size=8).digest()
        self._random = random.Random(int.from_bytes(digest))

    def one(self, of: Sequence[T]) -> T:
        return of[int(self._random.random() * len(of))]

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def shuffled(self, of: Sequence[T]) -> list[T]:
        mixed = list(of)
        self._random.shuffle(mixed)
        return mixed
