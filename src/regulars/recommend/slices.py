"""How good a model is on held-out choices, with intervals, and for whom: by length of history, popularity and price.

Knows places in lists, not how they came about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.recommend.dataset import Float32, Histories, Int32, Int64, Query
from regulars.recommend.metrics import ndcg_gains

MODEL = "model"
BASELINE = "popular"
"""What every slice is compared with: what a shop would show without a model."""

SAMPLES = 1_000
_AT_ONCE = 2_000_000
"""Numbers drawn at a time: 16 MB."""


def mean_intervals(values: npt.NDArray[np.floating], seed: int = 0) -> npt.NDArray[np.float64]:
    """(cases, m) values in [0, 1], or differences of such → (m, 3): mean and 95 % interval of each column.

    Percentile bootstrap over cases, one a person (Efron & Tibshirani 1993, ch. 13). Where all of a column is 0, or all is
    1, no resample differs; the interval is then the exact binomial one (Clopper & Pearson 1934). NaN without cases.
    """
    cases, columns = values.shape
    if cases == 0:
        return np.full((columns, 3), np.nan)
    generator = np.random.default_rng(seed)
    means: list[npt.NDArray[np.float64]] = []
    rounds = max(1, min(SAMPLES, _AT_ONCE // cases))
    for start in range(0, SAMPLES, rounds):
        count = min(rounds, SAMPLES - start)
        drawn = generator.multinomial(cases, np.full(cases, 1 / cases), size=count)
        means.append(drawn @ values / cases)
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975], axis=0)
    bound = 0.025 ** (1 / cases)
    high = np.where((values == 0).all(axis=0), 1 - bound, high)
    low = np.where((values == 1).all(axis=0), bound, low)
    return np.stack([values.mean(axis=0), low, high], axis=1)


def measure(
    places: Mapping[str, Int64],
    queries: Sequence[Query],
    targets: Int32,
    past: Histories,
    items: int,
    prices: Float32 | None = None,
    *,
    fitted: bool = False,
    seed: int = 0,
) -> dict[str, Any]:
    """What a model card says of held-out choices, as JSON values.

    places: {"model" or a source's name: (cases,) place from 0 of each true item}. past: what was learned from; it says
    which items are popular. items: of the vocabulary. prices: (items,) major units, NaN where unknown. fitted: were the
    weights fitted on these very choices?
    """
    report: dict[str, Any] = {"choices": len(targets), "fitted_on_them": fitted, "sources": {}, "slices": []}
    if len(targets) == 0:
        return report
    names = list(places)
    gains = np.stack([ndcg_gains(places[name], 10) for name in names], axis=1)
    hits = np.stack([np.asarray(places[name]) < 10 for name in names], axis=1).astype(np.float64)
    report["sources"] = _figures(names, gains, hits, seed)
    counts = np.bincount(past.items, minlength=items)
    head = _head(counts)
    report["head_items"] = int(head.sum())
    shown = [names.index(name) for name in (MODEL, BASELINE) if name in names]
    masks = _history_slices(queries) | _popularity_slices(targets, counts, head)
    if prices is not None:
        of_price, bounds = _price_slices(targets, prices)
        masks |= of_price
        report["price_bounds"] = bounds
    for (kind, name), mask in masks.items():
        row: dict[str, Any] = {"kind": kind, "slice": name, "choices": int(mask.sum())}
        if row["choices"]:
            row |= _figures([names[one] for one in shown], gains[mask][:, shown], hits[mask][:, shown], seed)
            if len(shown) == 2:
                difference = gains[mask][:, shown[:1]] - gains[mask][:, shown[1:]]
                row["gain"] = _rounded(mean_intervals(difference, seed)[0])
        report["slices"].append(row)
    return report


def _figures(
    names: Sequence[str], gains: npt.NDArray[np.float64], hits: npt.NDArray[np.float64], seed: int
) -> dict[str, dict[str, list[float]]]:
    intervals = mean_intervals(np.concatenate([gains, hits], axis=1), seed)
    return {
        name: {
            "ndcg_at_10": _rounded(intervals[column]),
            "recall_at_10": _rounded(intervals[len(names) + column]),
        }
        for column, name in enumerate(names)
    }


def _rounded(values: npt.NDArray[np.float64]) -> list[float]:
    return [round(float(value), 5) for value in values]


Masks = dict[tuple[str, str], npt.NDArray[np.bool_]]


def _history_slices(queries: Sequence[Query]) -> Masks:
    lengths = np.array([len(query.items) for query in queries])
    return {
        ("history", "1"): lengths <= 1,
        ("history", "2-4"): (lengths >= 2) & (lengths <= 4),
        ("history", "5+"): lengths >= 5,
    }


def _head(counts: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """The most chosen items that together make up half of all choices."""
    order = np.argsort(-counts, kind="stable")
    before = np.cumsum(counts[order]) - counts[order]
    head = np.zeros(len(counts), np.bool_)
    head[order[before < counts.sum() / 2]] = True
    return head


def _popularity_slices(targets: Int32, counts: npt.NDArray[np.integer], head: npt.NDArray[np.bool_]) -> Masks:
    untouched = counts[targets] == 0
    return {
        ("popularity", "head"): head[targets],
        ("popularity", "tail"): ~head[targets] & ~untouched,
        ("popularity", "untouched"): untouched,
    }


def _price_slices(targets: Int32, prices: Float32) -> tuple[Masks, list[float]]:
    """Thirds of the catalogue by price; none where fewer than three prices are known."""
    known = prices[np.isfinite(prices)]
    if len(np.unique(known)) < 3:
        return {}, []
    low, high = (float(value) for value in np.quantile(known, [1 / 3, 2 / 3]))
    own = prices[targets]
    masks: Masks = {
        ("price", "low"): own <= low,
        ("price", "middle"): (own > low) & (own <= high),
        ("price", "high"): own > high,
    }
    return masks, [round(low, 2), round(high, 2)]
