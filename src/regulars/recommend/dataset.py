"""What a recommender learns from, as arrays. Does not know where they come from: the mirror, a file or a benchmark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What the catalogue's record says of each item, as numbers a ranker can use.

    prices: (n,) major units, NaN where unknown. kinds, brands: (n,) codes, −1 where unknown. created: (n,) epoch
    seconds, NaN where unknown.
    """

    prices: Float32
    kinds: Int32
    brands: Int32
    created: npt.NDArray[np.float64]

    @classmethod
    def unknown(cls, n: int) -> Self:
        """Nothing known of n items."""
        nothing = np.full(n, -1, np.int32)
        return cls(np.full(n, np.nan, np.float32), nothing, nothing, np.full(n, np.nan))

    def __len__(self) -> int:
        return len(self.prices)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The items a model speaks of. An *item* is a product's position here; a *product id* is the store's.

    product_ids: (n,) the store's ids. texts: n strings, all that is written about each product, "" where nothing is.
    facts: what else is known of them, or None.
    pictures: (n, d) of each product's first picture as language.image_features gives it, zeros where there is none.
    """

    product_ids: Int64
    texts: Sequence[str]
    facts: ItemFacts | None = None
    pictures: Float32 | None = None

    def __len__(self) -> int:
        return len(self.product_ids)


@dataclass(frozen=True, slots=True)
class Searches:
    """What people searched for, person by person in rising order, each person's oldest first.

    people: (n,) whose, as Histories.people names them. times: (n,) epoch milliseconds. words: n texts.
    """

    people: Int64
    times: Int64
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Histories:
    """Interactions, person by person in one array, each person's oldest first.

    offsets: (people + 1,), person p's interactions are [offsets[p], offsets[p+1]).
    items: (n,) positions in the vocabulary.
    times: (n,) epoch milliseconds; where a data set has order but no clock, `clock` is False and times are 0, 1, 2 …
    strengths: (n,) how much an interaction says: 1 a view, more for a cart or a purchase (see schema.events).
    people: (people,) a number that stays a person's own from one training to the next; None = their place here.
    searches: what they wrote into the shop's search; read by the judge of interest alone.
    """

    offsets: Int64
    items: Int32
    times: Int64
    strengths: Float32
    clock: bool = True
    people: Int64 | None = None
    searches: Searches | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def of(self, person: int) -> slice:
        return slice(int(self.offsets[person]), int(self.offsets[person + 1]))


@dataclass(frozen=True, slots=True)
class Query:
    """One question to the recommender: what this person did, oldest first, and where they are now.

    items: (h,) positions in the vocabulary. ages: (h,) days before now, 0 where there is no clock.
    strengths: (h,) as in Histories. context: the item whose page is open, or None. at: epoch seconds of "now", NaN where
    there is no clock.
    """

    items: Int32
    ages: Float32
    strengths: Float32
    context: int | None = None
    at: float = math.nan
