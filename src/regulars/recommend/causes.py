"""What of a person's history really moved a product: each thing they did is taken away in turn, and the sources are asked again.

A reason that names a thing has to be one without which the product would stand lower. So for the shown products the blend is worked out
without each of the latest things: exactly for sources that add up a history, by another pass of the network for the transformer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from regulars.recommend import compiled
from regulars.recommend.blend import SMALL_SHARE, standardised
from regulars.recommend.dataset import Float32, Int32, Query
from regulars.recommend.sources._neighbours import NeighbourSource
from regulars.recommend.sources.base import CONTEXT_EVIDENCE, CandidateSource
from regulars.recommend.sources.sequence import SequenceSource

READ = 5
"""Latest different things that are taken away in turn; what lies further back is nobody's reason."""

COMPARED = 40
"""Candidates among which a product has to fall for a reason to be said."""


LEAST = 1
"""Places that a product has to fall for a reason to name what was taken away."""


def steps_of(query: Query) -> tuple[Int32, Int32]:
    """(h,) the latest different things, the latest first, the open page first of all; and the index of each thing's last time."""
    items: list[int] = []
    indices: list[int] = []
    if query.context is not None:
        items.append(query.context)
        indices.append(CONTEXT_EVIDENCE)
    for index in range(len(query.items) - 1, -1, -1):
        item = int(query.items[index])
        if item not in items:
            items.append(item)
            indices.append(index)
        if len(items) == READ:
            break
    return np.array(items, np.int32), np.array(indices, np.int32)


def without(query: Query, item: int) -> Query:
    """The query of somebody who never did anything with this item."""
    kept = query.items != item
    context = None if query.context == item else query.context
    return replace(
        query, items=query.items[kept], ages=query.ages[kept], strengths=query.strengths[kept], context=context
    )


def effects(
    sources: Mapping[str, CandidateSource],
    query: Query,
    items: Int32,
    values: Mapping[str, Float32],
    weights: Mapping[str, float],
    steps: Int32,
    expected: Float32 | None = None,
) -> dict[str, Float32]:
    """{source: (h, m)} what each step adds to the blended score of each item through this source.

    items: (m,), each once. values: {source: (m,)} on the blend's scale, of the whole query. expected: what the transformer
    expects without each of the steps, where it was asked before.
    """
    out: dict[str, Float32] = {}
    for name, source in sources.items():
        weight = weights.get(name, 0.0)
        if weight == 0.0 or not source.personal:
            continue
        if isinstance(source, SequenceSource):
            # What its softmax is taken over shifts all items alike, and so none of them.
            left = source.without_each(query, steps, items, expected)
        elif isinstance(source, NeighbourSource):
            left = source.without_each(query, steps, items, SMALL_SHARE if name in ("ease", "covisitation") else 0.0)
        else:
            left = np.stack([standardised(name, source.at(without(query, int(step)), items)) for step in steps])
        # What moves all alike moves no one: a step counts by how much more it does for one item than for others.
        out[name] = compiled.centred(np.ascontiguousarray(values[name], np.float32), left, weight)
    return out
