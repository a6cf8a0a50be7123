"""No list all of one kind: how many products of one kind stand in it, at most. Changes places, never scores."""

from __future__ import annotations

import math

import numpy as np

from regulars.recommend import compiled
from regulars.recommend.dataset import Int32

MOST_OF_A_KIND = 0.5
"""Share of a list. One look at a coffee must not make a page of coffees; a shop of coffees still fills its list."""
FROM = 4  # a shorter list has no room for variety


def varied(kinds: Int32, n: int) -> tuple[list[int], int]:
    """The order in which candidates are taken: their own, but past half of n places those of a kind wait for others.

    kinds: (c,) a number per kind, negative for products of no kind, best candidate first. Returns the rows in order, and
    how many were put off behind a lower scored one of another kind. When there are no others, those put off follow.
    """
    if n < FROM:
        return list(range(len(kinds))), 0
    order, put_off = compiled.arranged(np.ascontiguousarray(kinds, np.int32), n, math.ceil(n * MOST_OF_A_KIND))
    return order.tolist(), put_off
