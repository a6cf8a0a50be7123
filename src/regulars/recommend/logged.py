"""Lists that were shown and what came of them, for a ranker to learn from. Knows the decision log, not how lists are made.

A click says less than it seems to: what stands first is looked at more, what is shown often is clicked often. Both are
corrected by inverse propensity: a clicked row counts 1 / P(looked at | position), the less the oftener its product was shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.recommend.dataset import Float32, Int64
from regulars.recommend.features import FEATURES
from regulars.recommend.ranker import Lists
from regulars.schema.events import EventType
from regulars.store import people
from regulars.store.database import Connection

MAX_LISTS = 20_000
"""Of the newest lists in which something was clicked: more than a ranker gains from."""

MAX_WEIGHT = 10.0
"""No row counts more than this many: a rare click far down would drown the others (Joachims, Swaminathan & Schnabel 2017)."""

_ROUNDS = 50
_BUCKETS = 10

_READ = """
WITH chosen AS (
    SELECT e.decision_id, e.product_id, e.type FROM events e
    WHERE e.decision_id IS NOT NULL AND e.product_id IS NOT NULL AND e.type = ANY(%s)
), lists AS (
    SELECT f.decision_id, f.feature_names, f.product_ids AS told, f.feature_rows, d.product_ids AS shown
    FROM decision_features f JOIN decisions d USING (decision_id)
    WHERE d.policy <> 'even' AND EXISTS (SELECT FROM chosen c WHERE c.decision_id = f.decision_id)
      AND NOT coalesce(d.customer_id, -d.visitor_id, 0) = ANY(%s)
    ORDER BY f.decision_id DESC LIMIT %s
)
SELECT l.*, (SELECT jsonb_object_agg(c.product_id, c.types) FROM (
    SELECT product_id, array_agg(DISTINCT type) AS types FROM chosen c WHERE c.decision_id = l.decision_id GROUP BY 1
) c) AS outcomes
FROM lists l ORDER BY l.decision_id
"""

_LABELS = {EventType.CLICK: 1, EventType.EMAIL_CLICK: 1, EventType.CART: 2, EventType.PURCHASE: 3}


@dataclass(frozen=True, slots=True)
class Logged:
    """lists: what was shown, with clicks (1), carts (2) and purchases (3) as labels, oldest first. looked_at: (places,)
    the chance that a place is looked at, the first = 1.
    """

    lists: Lists
    looked_at: Float32


def read_logged(connection: Connection, most: int = MAX_LISTS) -> Logged:
    """The newest lists in which something was chosen; of people who refused personalisation none. Raises: DatabaseUnavailable."""
    kinds = [str(kind) for kind in _LABELS]
    rows = connection.execute(_READ, (kinds, people.refused(connection), most)).fetchall()
    return logged([_shown(row) for row in rows])


@dataclass(frozen=True, slots=True)
class Shown:
    """One list. features: (s, len(FEATURES)); products, places, labels: (s,)."""

    features: Float32
    products: Int64
    places: Int64
    labels: Float32


def _shown(row: dict[str, Any]) -> Shown:
    """The shown rows of a decision, by place. A feature that its version didn't know is NaN."""
    place = {product: position for position, product in enumerate(row["shown"])}
    kept = [(place[product], number) for number, product in enumerate(row["told"]) if product in place]
    kept.sort()
    column = {name: number for number, name in enumerate(row["feature_names"])}
    told = np.array(row["feature_rows"], np.float32).reshape(len(row["told"]), len(column))
    features = np.full((len(kept), len(FEATURES)), np.nan, np.float32)
    for number, name in enumerate(FEATURES):
        if name in column:
            features[:, number] = told[[one for _, one in kept], column[name]]
    products = [row["told"][one] for _, one in kept]
    outcomes = row["outcomes"] or {}
    labels = [
        max((_LABELS[EventType(kind)] for kind in outcomes.get(str(product), ())), default=0) for product in products
    ]
    return Shown(
        features,
        np.array(products, np.int64),
        np.array([one for one, _ in kept], np.int64),
        np.array(labels, np.float32),
    )


def logged(shown: list[Shown]) -> Logged:
    """Lists with their corrections."""
    shown = [one for one in shown if len(one.labels)]
    if not shown:
        nothing = Lists(
            np.zeros((0, len(FEATURES)), np.float32), np.zeros(1, np.int64), *2 * (np.zeros(0, np.float32),)
        )
        return Logged(nothing, np.ones(0, np.float32))
    features = np.concatenate([one.features for one in shown])
    labels = np.concatenate([one.labels for one in shown])
    places = np.concatenate([one.places for one in shown])
    products = np.concatenate([one.products for one in shown])
    offsets = np.concatenate([[0], np.cumsum([len(one.labels) for one in shown])]).astype(np.int64)
    looked_at = examination(places, _bucket(features[:, FEATURES.index("behind")]), labels > 0)
    _, inverse, counts = np.unique(products, return_inverse=True, return_counts=True)
    often = (counts / counts.mean())[inverse]
    weights = np.ones(len(labels), np.float32)
    hit = labels > 0
    weights[hit] = np.clip(1 / looked_at[places[hit]] / np.sqrt(often[hit]), 1 / MAX_WEIGHT, MAX_WEIGHT)
    return Logged(Lists(features, offsets, labels, weights), looked_at)


def _bucket(scores: Float32) -> Int64:
    """Tenths of the scores, 0 to 9: how good a row was thought to be."""
    known = np.nan_to_num(scores, nan=float(np.nanmin(scores)) if np.isfinite(scores).any() else 0.0)
    edges = np.quantile(known, np.linspace(0, 1, _BUCKETS + 1)[1:-1])
    return np.searchsorted(edges, known, side="right").astype(np.int64)


def examination(places: Int64, buckets: Int64, clicked: npt.NDArray[np.bool_]) -> Float32:
    """P(looked at | place), (places,), the first place = 1, never rising by chance above it.

    The position-based model P(click) = looked_at(place) · liked(bucket), its two parts fitted in turn by expectation
    maximisation (Wang et al. 2018, "Position bias estimation for unbiased learning to rank in personal search").
    """
    size = int(places.max()) + 1
    cells = np.zeros((size, _BUCKETS))
    clicks = np.zeros((size, _BUCKETS))
    np.add.at(cells, (places, buckets), 1)
    np.add.at(clicks, (places, buckets), clicked)
    looked, liked = np.full(size, 0.5), np.full(_BUCKETS, 0.5)
    # Two pseudo-lists a cell: a place that was shown five times isn't known.
    for _ in range(_ROUNDS):
        both = looked[:, None] * liked[None, :]
        missed = np.maximum(1 - both, 1e-9)
        skipped = cells - clicks
        looked_after = (clicks + skipped * looked[:, None] * (1 - liked)[None, :] / missed).sum(axis=1) + 1
        liked_after = (clicks + skipped * (1 - looked)[:, None] * liked[None, :] / missed).sum(axis=0) + 1
        looked = looked_after / (cells.sum(axis=1) + 2)
        liked = liked_after / (cells.sum(axis=0) + 2)
    relative: Float32 = np.clip(looked / max(looked[0], 1e-9), 1 / MAX_WEIGHT, 1.0).astype(np.float32)
    return relative
