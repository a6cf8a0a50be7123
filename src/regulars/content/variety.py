"""Whether two texts are nearly the same: MinHash of their shingles, in bands. Knows no product.

Broder, "On the resemblance and containment of documents" (1997). 64 hashes in 16 bands of 4: texts whose Jaccard similarity is .8 meet in
a band with a chance of .999, those at .3 with .12; whoever meets is compared exactly.
"""

from __future__ import annotations

import re
from collections.abc import Hashable

import numpy as np
import numpy.typing as npt

HASHES, BANDS = 64, 16
ALIKE = 0.8
_PRIME = np.uint64((1 << 61) - 1)
_generator = np.random.default_rng(61)
_A = _generator.integers(1, 1 << 31, HASHES, dtype=np.uint64)
_B = _generator.integers(0, 1 << 31, HASHES, dtype=np.uint64)


def shingles(text: str) -> frozenset[int]:
    """Runs of three words, or of four Chinese signs, as hashes that don't change between processes."""
    lower = text.casefold()
    words = re.findall(r"[a-z0-9]+", lower)
    runs = [" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))] if words else []
    for run in re.findall(r"[\u3400-\u9fff]+", lower):
        runs += [run[at : at + 4] for at in range(max(1, len(run) - 3))]
    return frozenset(_hash(run) for run in runs)


def _hash(text: str) -> int:
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def signature(marks: frozenset[int]) -> npt.NDArray[np.uint64]:
    """64 minima of hashed shingles."""
    if not marks:
        return np.zeros(HASHES, np.uint64)
    given = np.fromiter(marks, np.uint64, len(marks))
    return np.asarray(((given[:, None] * _A + _B) % _PRIME).min(axis=0), dtype=np.uint64)


class Seen:
    """Texts that were met; `nearest` says which one a new text repeats."""

    def __init__(self) -> None:
        self._bands: list[dict[bytes, list[Hashable]]] = [{} for _ in range(BANDS)]
        self._marks: dict[Hashable, frozenset[int]] = {}

    def __len__(self) -> int:
        return len(self._marks)

    def add(self, name: Hashable, text: str) -> None:
        marks = shingles(text)
        self._marks[name] = marks
        for band, rows in zip(self._bands, np.split(signature(marks), BANDS), strict=True):
            band.setdefault(rows.tobytes(), []).append(name)

    def nearest(self, text: str, but: Hashable | None = None) -> tuple[Hashable, float] | None:
        """(name, Jaccard similarity) of the text that is most alike, if it is alike at all.

        >>> seen = Seen()
        >>> seen.add("a", "The blue teapot holds one litre and pours without a drip, every time.")
        >>> seen.nearest("The blue teapot holds one litre and pours without a drip, every time!")
        ('a', 1.0)
        """
        marks = shingles(text)
        met = {
            name
            for band, rows in zip(self._bands, np.split(signature(marks), BANDS), strict=True)
            for name in band.get(rows.tobytes(), ())
        }
        met.discard(but)
        best = max(((_jaccard(marks, self._marks[name]), str(name), name) for name in met), default=None)
        return None if best is None or best[0] < ALIKE else (best[2], best[0])


def _jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0
