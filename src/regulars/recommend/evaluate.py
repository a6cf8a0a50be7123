"""How good: the model on what people chose after a moment it hasn't seen beyond, beside simple ways. Offline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from regulars.errors import NotEnoughData
from regulars.recommend.blend import Blend
from regulars.recommend.dataset import Float32, Histories, Int32, Query, Vocabulary
from regulars.recommend.metrics import ranking_report
from regulars.recommend.model import Model
from regulars.recommend.train import Progress, TrainSettings, fit_model

TEST_SHARE = 0.1
"""The last tenth of all interactions is the future that is predicted."""
MIN_TEST_PEOPLE = 20
MAX_TEST_PEOPLE = 10_000
MISSED = 1_000_000

Ranker = Callable[[Query], Float32]
"""(n,) scores of all items for a query; higher is better."""


@dataclass(frozen=True, slots=True)
class TimeSplit:
    """past: everything before the cutoff. For each tested person their query at the cutoff and what they chose next.

    futures: for each person the items that were new to them after the cutoff, in order, each once.
    """

    cutoff: float
    past: Histories
    queries: list[Query]
    futures: list[Int32]


def time_split(histories: Histories, share: float = TEST_SHARE, seed: int = 0) -> TimeSplit:
    """Cuts at the moment after which `share` of the interactions happened.

    What somebody chose before and chooses again is left out of the future: repeating it is no discovery.

    Raises: NotEnoughData when fewer than MIN_TEST_PEOPLE have both a past and a future.
    """
    cutoff = float(np.quantile(histories.times, 1 - share)) if len(histories.times) else 0.0
    before = histories.times <= cutoff
    people = np.repeat(np.arange(len(histories)), np.diff(histories.offsets))
    counts = np.bincount(people[before], minlength=len(histories))
    past = Histories(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        histories.items[before],
        histories.times[before],
        histories.strengths[before],
        histories.clock,
    )
    queries: list[Query] = []
    futures: list[Int32] = []
    able = np.flatnonzero((counts > 0) & (counts < np.diff(histories.offsets)))
    if len(able) > MAX_TEST_PEOPLE:
        able = np.sort(np.random.default_rng(seed).choice(able, MAX_TEST_PEOPLE, replace=False))
    for person in able.tolist():
        span = histories.of(person)
        cut = span.start + int(counts[person])
        known = histories.items[span.start : cut]
        later = histories.items[cut : span.stop]
        fresh = later[np.sort(np.unique(later, return_index=True)[1])]
        fresh = fresh[~np.isin(fresh, known)]
        if len(fresh):
            ages = ((cutoff - histories.times[span.start : cut]) / 86_400_000).astype(np.float32)
            queries.append(Query(known, ages, histories.strengths[span.start : cut]))
            futures.append(fresh)
    if len(queries) < MIN_TEST_PEOPLE:
        raise NotEnoughData(
            f"Only {len(queries)} people chose something new in the last {share:.0%} of the interactions; "
            f"{MIN_TEST_PEOPLE} are needed to say how good a model is.",
            hint="Import more events or orders.",
        )
    return TimeSplit(cutoff, past, queries, futures)


def next_item_ranks(split: TimeSplit, ranker: Ranker) -> list[int]:
    """For each person the place (from 0) of the first new item they chose, known items left out; MISSED when absent."""
    out = []
    for query, future in zip(split.queries, split.futures, strict=True):
        scores = np.array(ranker(query), np.float64, copy=True)
        scores[query.items] = -np.inf
        target = scores[future[0]]
        out.append(MISSED if not np.isfinite(target) else int((scores > target).sum()))
    return out


def model_ranks(split: TimeSplit, model: Model) -> list[int]:
    """The same through the very code that serves: what isn't among the candidates is missed."""
    out = []
    for query, future in zip(split.queries, split.futures, strict=True):
        candidates = model.retrieve(query, exclude=query.items)
        found = np.flatnonzero(candidates.items == future[0])
        out.append(int(found[0]) if len(found) else MISSED)
    return out


def evaluate(
    vocabulary: Vocabulary,
    histories: Histories,
    settings: TrainSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Trains on the past alone and measures on the future: recall and NDCG at 5, 10, 20, beside each source alone.

    Raises: NotEnoughData.
    """
    split = time_split(histories, seed=seed)
    model, report = fit_model(vocabulary, split.past, settings, seed, progress)
    table = {"regulars": ranking_report(model_ranks(split, model))}
    for name, source in model.sources.items():
        alone = Model(model.product_ids, [source], Blend.default([name]))
        table[name] = ranking_report(model_ranks(split, alone))
    return {
        "people": len(split.queries),
        "cutoff": split.cutoff / 1000,
        "interactions_before": len(split.past.items),
        "metrics": table,
        "training": report,
    }
