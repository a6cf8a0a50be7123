"""How much each thing a person did counts now. Shared by the sources; knows nothing of what the items are."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from regulars.recommend import compiled
from regulars.recommend.dataset import Float32, Int32, Query
from regulars.recommend.sources.base import CONTEXT_EVIDENCE, NO_EVIDENCE

MAX_HISTORY = 50
"""Steps back in a history that are read. With the decays in use, what lies further back weighs under a thousandth."""

MAX_READ = 500
"""Interactions of a person that are read where all of a history counts: as many as training keeps."""


class Weighted(NamedTuple):
    """items: (h,) positions in the vocabulary, oldest first; weights: (h,) ≥ 0, their sum is 1 unless empty;
    indices: (h,) into query.items, or CONTEXT_EVIDENCE for the open page.
    """

    items: Int32
    weights: Float32
    indices: Int32


def weighted_history(query: Query, decay: float, half_life_days: float, limit: int = MAX_HISTORY) -> Weighted:
    """Each of the latest `limit` interactions with weight strength^½ · decay^(steps back) · 2^(−age / half_life_days).

    The open page counts as one more step, the latest, of strength 1, unless it is the latest already.
    The square root keeps one purchase (strength 5, say) from silencing everything looked at since.
    """
    items = query.items[-limit:]
    indices = np.arange(len(query.items) - len(items), len(query.items), dtype=np.int32)
    strengths, ages = query.strengths[-limit:], query.ages[-limit:]
    if query.context is not None:
        if len(items) and items[-1] == query.context:
            indices[-1] = CONTEXT_EVIDENCE
            ages = np.concatenate([ages[:-1], [0.0]])
        else:
            items = np.append(items, np.int32(query.context))
            indices = np.append(indices, np.int32(CONTEXT_EVIDENCE))
            strengths, ages = np.append(strengths, 1.0), np.append(ages, 0.0)
    if len(items) == 0:
        return Weighted(np.zeros(0, np.int32), np.zeros(0, np.float32), indices)
    weights = compiled.weigh(_singles(strengths), _singles(ages), math.log(decay), math.log(2) / half_life_days)
    return Weighted(np.ascontiguousarray(items, np.int32), weights, indices)


def whole_history(query: Query, half_life_days: float) -> Weighted:
    """Each different thing once, at its latest, with weight strength^½ · 2^(−age / half_life_days), in whatever order.

    The open page is of strength 1 and happens now.
    """
    items = query.items[-MAX_READ:]
    indices = np.arange(len(query.items) - len(items), len(query.items), dtype=np.int32)
    strengths, ages = query.strengths[-MAX_READ:], query.ages[-MAX_READ:]
    if query.context is not None:
        items = np.append(items, np.int32(query.context))
        indices = np.append(indices, np.int32(CONTEXT_EVIDENCE))
        strengths, ages = np.append(strengths, np.float32(1)), np.append(ages, np.float32(0))
    if len(items) == 0:
        return Weighted(np.zeros(0, np.int32), np.zeros(0, np.float32), indices)
    items = np.ascontiguousarray(items, np.int32)
    latest = compiled.latest_of_each(items)
    weights = compiled.weigh(_singles(strengths[latest]), _singles(ages[latest]), 0.0, math.log(2) / half_life_days)
    return Weighted(items[latest], weights, indices[latest])


def _singles(values: Float32) -> Float32:
    return np.ascontiguousarray(values, np.float32)


def strongest(contributions: Float32, indices: Int32, above: float = 0.0) -> Int32:
    """contributions: (h, m) of each history item to each candidate → (m,) index of the largest, or NO_EVIDENCE."""
    if contributions.shape[0] == 0:
        return np.full(contributions.shape[1], NO_EVIDENCE, np.int32)
    # Of equal contributions the latest is named: it is the one the person remembers.
    last = contributions.shape[0] - 1 - contributions[::-1].argmax(axis=0)
    found = contributions[last, np.arange(contributions.shape[1])] > above
    return np.where(found, indices[last], NO_EVIDENCE).astype(np.int32)
