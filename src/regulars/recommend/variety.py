"""No list all of one kind: how many products of one kind stand in it, at most. Changes places, never scores."""

from __future__ import annotations

import math

from regulars.recommend.dataset import Int32

MOST_OF_A_KIND = 0.5
"""Share of a list. One look at a coffee must not make a page of coffees; a shop of coffees still fills its list."""
FROM = 4  # a shorter list has no room for variety


def varied(kinds: Int32, n: int) -> tuple[list[int], int]:
    """The order in which candidates are taken: their own, but past half of n places those of a kind wait for others.

    kinds: (c,) a number per kind, negative for products of no kind, best candidate first. Returns the rows in order, and
    how many were put off behind a lower scored one of another kind. When there are no others, those put off follow.
    """
    rows = list(range(len(kinds)))
    if n < FROM:
        return rows, 0
    most = math.ceil(n * MOST_OF_A_KIND)
    counts: dict[int, int] = {}
    taken: list[int] = []
    waiting: list[int] = []
    for row, kind in enumerate(kinds.tolist()):
        if len(taken) == n:
            break
        if kind >= 0 and counts.get(kind, 0) >= most:
            waiting.append(row)
            continue
        counts[kind] = counts.get(kind, 0) + 1
        taken.append(row)
    put_off = sum(1 for row in waiting if taken and row < taken[-1])
    if put_off == 0 and taken == rows[: len(taken)]:
        return rows, 0
    seen = set(taken)
    return [*taken, *(row for row in rows if row not in seen)], put_off
