"""How the way somebody came bends a list: all of it for a stranger, less with each thing they do.

A stranger's order is log popularity + log lift. Beside somebody's own clicks the lift is a nudge of LATER_WEIGHT / (1 + events).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from regulars.recommend.catalogue import Catalogue
from regulars.recommend.context import LATER_WEIGHT, Arrival, ContextPrior, Lifts
from regulars.recommend.dataset import Float32, Query
from regulars.recommend.model import Candidates, Model
from regulars.recommend.slate import reordered
from regulars.recommend.sources.answers import Mask
from regulars.schema import Reason

SOURCE = "context"
FAVOURED = math.log(1.2)  # a log lift above this speaks for an item, and is a reason worth saying from SAID on
SAID = math.log(1.5)
PROPOSED = 100


@dataclass(frozen=True, slots=True)
class Bent:
    """Candidates with a column of the context. plain: the same rows as the model gave them, for its evidence.

    weights: of the blend as it was used.
    """

    candidates: Candidates
    plain: Candidates
    lifts: Lifts | None
    weights: dict[str, float]
    silent: bool


def bend(
    model: Model,
    prior: ContextPrior,
    catalogue: Catalogue,
    arrival: Arrival | None,
    query: Query,
    candidates: Candidates,
    barred: Mask,
) -> Bent | None:
    """None where nothing is known of how they came, and the model's own order stands.

    For a stranger the popular among what the context favours are candidates too, however far down the shop's own order.
    """
    silent = len(query.items) == 0 and query.context is None
    lifts = None if arrival is None else prior.lifts(catalogue, arrival)
    unordered = silent and "popular" in model.blend.weights and model.blend.weights["popular"] <= 0
    if lifts is None and not unordered:
        return None
    log_lift = np.zeros(len(catalogue), np.float32) if lifts is None else lifts.log_lift
    if silent and lifts is not None:
        out = log_lift <= FAVOURED
        candidates = _together(candidates, model.retrieve(query, PROPOSED, exclude=out | barred))
    lift = log_lift[candidates.items]
    popular = _column(candidates, "popular")
    if silent and popular is not None:
        scores, weight = popular + lift, 1.0
        weights = {"popular": 1.0, SOURCE: 1.0}
    else:
        weight = LATER_WEIGHT / (1 + len(query.items))
        scores = candidates.scores + np.float32(weight) * lift
        weights = {**model.blend.weights, SOURCE: round(weight, 4)}
    order = np.argsort(-scores, kind="stable")
    plain = reordered(candidates, scores.astype(np.float32))
    if lifts is None:
        return Bent(plain, plain, None, {"popular": 1.0}, silent)
    return Bent(_with_column(plain, lift[order]), plain, lifts, weights, silent)


def _column(candidates: Candidates, name: str) -> Float32 | None:
    if name not in candidates.feature_names:
        return None
    column: Float32 = candidates.features[:, candidates.feature_names.index(name)]
    return column


def _together(one: Candidates, other: Candidates) -> Candidates:
    """Both, each item once; in the first's columns."""
    new = ~np.isin(other.items, one.items)
    if not new.any():
        return one
    return replace(
        one,
        items=np.concatenate([one.items, other.items[new]]),
        scores=np.concatenate([one.scores, other.scores[new]]),
        features=np.concatenate([one.features, other.features[new]]),
        # Found by their context, not by the source that put them in order.
        ranks=np.concatenate([one.ranks, np.full_like(other.ranks[new], -1)]),
    )


def _with_column(plain: Candidates, lift: Float32) -> Candidates:
    ranks = np.full(len(plain), -1, np.int16)
    favoured = np.flatnonzero(lift > FAVOURED)[:PROPOSED]
    ranks[favoured] = np.arange(len(favoured), dtype=np.int16)
    return replace(
        plain,
        features=np.concatenate([plain.features, lift[:, None]], axis=1),
        feature_names=(*plain.feature_names, SOURCE),
        ranks=np.concatenate([plain.ranks, ranks[:, None]], axis=1),
        source_names=(*plain.source_names, SOURCE),
    )


def reason(bent: Bent, catalogue: Catalogue, item: int) -> Reason | None:
    """What of the context is worth saying of an item; None where its popularity is the reason.

    The category and the kind of way are said, never a word that somebody typed elsewhere.
    """
    if bent.lifts is None or bent.lifts.log_lift[item] < SAID:
        return None
    facet, strength = bent.lifts.strongest(item)
    found = catalogue.items[item]
    if strength < SAID or found is None:
        return None
    if facet in ("landing", "words") and found.category:
        return Reason("popular_in", {"category": found.category[-1]})
    return Reason({"referrer": "popular_with_arrivals", "hours": "popular_now"}.get(facet, "popular"))


def told(bent: Bent, arrival: Arrival) -> dict[str, Any]:
    """For the trace: facts by facet, the choices that stand behind each, and the weight."""
    learned = bent.lifts.learned if bent.lifts is not None else {}
    facts = {**arrival.values()}
    if arrival.landing:
        facts["landing"] = " > ".join(arrival.landing)
    if arrival.matched:
        facts["words"] = str(len(arrival.matched))
    return {"facts": facts, "learned_from": dict(learned), "weight": bent.weights.get(SOURCE, 0.0)}
