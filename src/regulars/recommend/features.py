"""What a ranker is told about each of the best candidates, as one row of numbers. Doesn't know which way they count.

Each value is said once, under one name (FEATURES); where a source or a fact is missing its columns are NaN, which trees
read as "unknown". The same function makes the rows that are learned from and those that are served.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

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


def features(
    sources: Mapping[str, CandidateSource],
    query: Query,
    items: Int32,
    scores: Float32,
    values: Mapping[str, Float32],
    places: Mapping[str, npt.NDArray[np.integer]],
    untouched: npt.NDArray[np.bool_],
    facts: ItemFacts | None,
) -> Float32:
    """(c, len(FEATURES)) for c candidates, best first.

    scores: (c,) blended. values: {source: (c,)} on the blend's scale. places: {source: (c,)}, −1 where not listed.
    untouched: (c,).
    """
    count = len(items)
    out = np.full((count, len(FEATURES)), np.nan, np.float32)
    if count == 0:
        return out
    width = len(SOURCES)
    for number, name in enumerate(SOURCES):
        if name in values:
            place = places[name].astype(np.float32)
            out[:, number] = values[name]
            out[:, width + number] = np.log1p(np.where(place < 0, _NOT_LISTED, place))
            out[:, 2 * width + number] = values[name].max()
    column = 3 * width
    out[:, column] = scores - scores[0]
    out[:, column + 1] = np.arange(count)
    steps = _latest(query)
    if len(steps):
        together, text, sequence = sources.get("covisitation"), sources.get("text"), sources.get("sequence")
        if isinstance(together, CovisitationSource):
            met = together.neighbours.between(steps, items)
            out[:, column + 2 : column + 5] = _summary(met)
            out[:, column + 5] = np.count_nonzero(met, axis=0)
        if isinstance(text, TextSource):
            out[:, column + 6 : column + 9] = _summary(text.neighbours.between(steps, items))
        if isinstance(sequence, SequenceSource):
            out[:, column + 9 : column + 12] = _summary(sequence.likeness(steps, items))
    out[:, column + 12] = np.log1p(len(query.items))
    out[:, column + 13] = untouched
    if facts is not None:
        _of_facts(out[:, column + 14 :], query, steps, items, facts)
    return out


def _latest(query: Query) -> Int32:
    """The latest different steps, the latest first; the open page is one."""
    items = query.items[: -4 * READ - 1 : -1]
    if query.context is not None:
        items = np.concatenate([[np.int32(query.context)], items])
    _, first = np.unique(items, return_index=True)
    return items[np.sort(first)[:READ]].astype(np.int32)


def _summary(weights: Float32) -> Float32:
    """(h, c), the latest step first → (c, 3): with the latest, at most, on average."""
    return np.stack([weights[0], weights.max(axis=0), weights.mean(axis=0)], axis=1)


def _of_facts(out: Float32, query: Query, steps: Int32, items: Int32, facts: ItemFacts) -> None:
    """Fills (c, 7): price_fit, price_known, kind_share, kind_last, brand_share, brand_last, days_old."""
    prices = facts.prices[items]
    # Free things and wrong prices have no logarithm.
    logs = np.log(prices, out=np.full(len(prices), np.nan, np.float32), where=prices > 0)
    out[:, 1] = logs
    if len(steps):
        paid = facts.prices[steps]
        paid = paid[paid > 0]
        if len(paid):
            out[:, 0] = logs - np.log(np.median(paid))
        for place, codes in ((2, facts.kinds), (4, facts.brands)):
            own, had = codes[items], codes[steps]
            same = (had[:, None] == own[None, :]) & (own >= 0)[None, :]
            out[:, place] = np.where(own >= 0, same.mean(axis=0), np.nan)
            out[:, place + 1] = np.where(own >= 0, same[0], np.nan)
    days = (query.at - facts.created[items]) / 86_400
    out[:, 6] = np.log1p(np.maximum(days, 0.0))
