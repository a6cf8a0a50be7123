"""Whether a product's picture looks like what it is filed under: its nearest pictures in the shop vote.

Needs no labels but the shop's own categories. A product is reported only where its neighbours agree on another category that is
large enough to be known, and none of them is in its own: "looks like a bag, filed under shoes".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from regulars.store import picture_vectors
from regulars.store.database import Connection

NEIGHBOURS = 8
AGREE = 0.75
"""Share of the neighbours that have to be in the other category."""
LEAST = 6
"""Pictures of a category below which nothing is said of it."""
_AT_ONCE = 1_024
_last: tuple[tuple[object, ...], list[Mismatch], int] | None = None
"""(mark of the store, what was found, of how many): comparing 50,000 pictures takes a minute, and they seldom change."""

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """filed, looks: categories. share: of the nearest pictures that are in `looks`. like: the products nearest to it there."""

    product_id: int
    filed: str
    looks: str
    share: float
    like: tuple[int, ...]


def mismatches(product_ids: Sequence[int], vectors: Float32, categories: Sequence[str]) -> list[Mismatch]:
    """The surest first. vectors: (n, d), rows of length 1. categories: what each is filed under; "" = nowhere.

    A picture that several products share (a drawing in the place of one) is not compared with itself.
    """
    large = {name for name, many in Counter(categories).items() if name and many >= LEAST}
    ids = np.asarray(product_ids)
    names = np.asarray(categories)
    found = []
    for start in range(0, len(ids), _AT_ONCE):
        near = vectors[start : start + _AT_ONCE] @ vectors.T
        near[near > 1 - 1e-4] = -1.0  # itself, and the same file
        many = min(NEIGHBOURS, near.shape[1])
        best = np.argpartition(-near, many - 1, axis=1)[:, :many]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(near, best, 1), axis=1), 1)
        for row, places in enumerate(best):
            own = names[start + row]
            if own not in large:
                continue
            around = [str(names[place]) for place in places if near[row, place] > 0]
            if len(around) < NEIGHBOURS:
                continue
            looks, agree = Counter(around).most_common(1)[0]
            if looks != own and looks in large and agree >= AGREE * len(around) and own not in around:
                like = tuple(int(ids[place]) for place in places if names[place] == looks)[:3]
                found.append(Mismatch(int(ids[start + row]), str(own), looks, agree / len(around), like))
    return sorted(found, key=lambda one: (-one.share, one.product_id))


def read(connection: Connection) -> tuple[list[Mismatch], int]:
    """(what doesn't look like what it is filed under, how many pictures were compared)."""
    global _last
    mark = picture_vectors.mark(connection)
    if _last is None or _last[0] != mark:
        ids, vectors, paths = picture_vectors.read_with_categories(connection)
        _last = (mark, mismatches(ids, vectors, [" > ".join(path) for path in paths]), len(ids))
    return _last[1], _last[2]
