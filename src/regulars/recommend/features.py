"""What a ranker is told about each of the best candidates, as one row of numbers. Doesn't know which way they count.

Each value is said once, under one name (FEATURES); where a source or a fact is missing its columns are NaN, which trees
read as "unknown". The same function makes the rows that are learned from and those that are served.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from regulars.recommend import compiled
from regulars.recommend.blend import SOURCE_ORDER
from regulars.recommend.dataset import Float32, Int32, ItemFacts, Query
from regulars.recommend.sources.base import CandidateSource
from regulars.recommend.sources.covisitation import CovisitationSource
from regulars.recommend.sources.sequence import SequenceSource
from regulars.recommend.sources.text import TextSource

READ = 10
"""Latest steps of a history that a candidate is held against, one by one."""

SOURCES = SOURCE_ORDER

FEATURES: tuple[str, ...] = (
    *SOURCES,
    *(f"{name}_place" for name in SOURCES),
    *(f"{name}_best" for name in SOURCES),
    "behind",
    "place",
    *(f"together_{how}" for how in ("last", "most", "mean", "count")),
    *(f"text_{how}" for how in ("last", "most", "mean")),
    *(f"next_{how}" for how in ("last", "most", "mean")),
    "steps",
    "untouched",
    "price_fit",
    "price_known",
    "kind_share",
    "kind_last",
    "brand_share",
    "brand_last",
    "days_old",
)
"""The columns, in order.

First each source's score on the blend's scale, under its name. …_place: log(1 + its place in the source's own list), of
300 where it isn't in it. …_best: the highest score that the source gives any of the candidates. behind: blended score
less the first candidate's. place: in the blend's order. together_, text_, next_: co-visits, likeness of texts and
of learned vectors, with the latest step, at most, on average, and for how many of the steps at all. steps: log(1 +
length of the history). untouched: 1 where nobody did anything with the item yet. price_fit: log of its price over
the median of those in the history; price_known: log of its price. kind_, brand_share: share of the history that is of its category, its brand;
…_last: 1 where the latest step is. days_old: log(1 + days since it was added).
"""

_NOT_LISTED = 300.0
_COLUMN_OF = {name: number for number, name in enumerate(SOURCES)}


def features(
    sources: Mapping[str, CandidateSource],
    query: Query,
    items: Int32,
    scores: Float32,
    values: Float32,
    places: npt.NDArray[np.int16],
    untouched: npt.NDArray[np.bool_],
    facts: ItemFacts | None,
) -> Float32:
    """(c, len(FEATURES)) for c candidates, best first.

    scores: (c,) blended. values: (c, sources) on the blend's scale, in the order of `sources`. places: (c, sources), −1 where not
    listed. untouched: (c,).
    """
    count = len(items)
    out = np.full((count, len(FEATURES)), np.nan, np.float32)
    if count == 0:
        return out
    width = len(SOURCES)
    columns = np.array([_COLUMN_OF[name] for name in sources], np.int64)
    compiled.of_sources(out, columns, width, values, places, scores, _NOT_LISTED)
    column = 3 * width
    steps = _latest(query)
    if len(steps):
        together, text, sequence = sources.get("covisitation"), sources.get("text"), sources.get("sequence")
        if isinstance(together, CovisitationSource):
            compiled.sum_up(together.neighbours.between(steps, items), out, column + 2, 4)
        if isinstance(text, TextSource):
            compiled.sum_up(text.neighbours.between(steps, items), out, column + 6, 3)
        if isinstance(sequence, SequenceSource):
            compiled.sum_up(sequence.likeness(steps, items), out, column + 9, 3)
    out[:, column + 12] = math.log1p(len(query.items))
    out[:, column + 13] = untouched
    if facts is not None:
        compiled.of_facts(
            out, column + 14, facts.prices, facts.kinds, facts.brands, facts.created, query.at, steps, items
        )
    return out


def _latest(query: Query) -> Int32:
    """The latest different steps, the latest first; the open page is one."""
    items = query.items[-4 * READ :]
    if query.context is not None:
        items = np.append(items, np.int32(query.context))
    items = np.ascontiguousarray(items, np.int32)
    return np.ascontiguousarray(items[compiled.latest_of_each(items)[::-1][:READ]])
