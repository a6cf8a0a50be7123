"""What is kept of how a list came about: the full account, and what a ranker was told. Compact; `explain` makes it readable."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from regulars.recommend import again
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.dataset import Int64
from regulars.recommend.features import FEATURES
from regulars.recommend.filters import Barred
from regulars.recommend.history import History
from regulars.recommend.model import Candidates
from regulars.recommend.rules.book import Steering
from regulars.recommend.serving import Request, Serving
from regulars.recommend.slate import Moved, Slate
from regulars.schema import Action
from regulars.store.people import Person

TRACED_CANDIDATES = 150  # the best of some 300: what stands further down has no chance to be shown
UNSHOWN_SAMPLED = 10  # features are kept of the shown and of this many others, for training a ranker


def trace_of(
    serving: Serving,
    request: Request,
    person: Person,
    history: History,
    barred: Barred,
    candidates: Candidates,
    actions: tuple[Action, ...],
    seed: int,
) -> dict[str, Any]:
    """The full account, compact: arrays side by side. `regulars.recommend.explain` makes it readable."""
    ids = serving.catalogue.product_ids
    top = slice(0, TRACED_CANDIDATES)
    wishes = request.wishes
    trace: dict[str, Any] = {
        "request": {
            "surface": request.surface,
            "n": request.n,
            "exclude": list(request.exclude),
            "wishes": {
                "category": wishes.category,
                "brand": wishes.brand,
                "min_price": wishes.min_price,
                "max_price": wishes.max_price,
            },
        },
        "history": {
            "products": history.products[-50:],
            "types": history.types[-50:],
            "days_ago": np.round(history.ages[-50:], 3),
            "unknown": history.unknown,
        },
        "sources": {
            name: int(np.count_nonzero(candidates.ranks[:, column] >= 0))
            for column, name in enumerate(candidates.source_names)
        },
        "filters": barred.counts,
        "removed": [
            [int(ids[item]), barred.reason(int(item))] for item in candidates.removed[:TRACED_CANDIDATES].tolist()
        ],
        "candidates": {
            "count": len(candidates),
            "products": ids[candidates.items[top]],
            "scores": np.round(candidates.scores[top], 4),
            "features": np.round(candidates.features[top], 4),
            "ranks": candidates.ranks[top].astype(np.int32),
            "feature_names": candidates.feature_names,
            "source_names": candidates.source_names,
        },
        "weights": dict(serving.model.blend.weights)
        if serving.model is not None and again.SOURCE not in candidates.source_names
        else {},
        "seed": seed,
    }
    if serving.note:
        trace["note"] = serving.note
    if person.refused:
        trace["consent"] = "refused"
    if len(actions) < request.n:
        trace["short"] = {"wanted": request.n, "got": len(actions), "left_after_filters": int((~barred.mask).sum())}
    return trace


def add_moves(
    trace: dict[str, Any],
    catalogue: Catalogue,
    steering: Steering,
    shifted: Moved,
    slate: Slate,
) -> None:
    """What acted after the ranker, and what the shop's rules did: into the trace, where there is anything to say."""
    ids = catalogue.product_ids
    top = slice(0, TRACED_CANDIDATES)
    columns = {
        name: np.round(column[top], 4)
        for name, column in (("rules", shifted.rules), ("tired", shifted.tired), ("return", shifted.return_value))
        if column is not None
    }
    if columns:
        trace["candidates"]["moved"] = columns
    if not steering:
        return
    trace["rules"] = {
        "version": steering.version,
        "excluding": [[line, count] for line, _, count in steering.by_line],
        "moving": [[line, round(factor, 4)] for line, _, factor in steering.moving],
        "moved": _moved_by(steering, slate, ids),
        "pinned": [[int(ids[one.item]), one.line] for one in slate.placed if one.how == "pin"],
        "unpinned": [[int(ids[item]), line, why] for item, line, why in slate.unpinned],
        "capped": [[int(ids[item]), line] for item, line in slate.capped[:TRACED_CANDIDATES]],
    }


def _moved_by(steering: Steering, slate: Slate, ids: Int64) -> list[list[Any]]:
    """[product id, lines of the rules that push it] of what is shown."""
    placed = np.array([one.item for one in slate.placed], np.int64)
    pushing = steering.pushing(placed)
    return [[int(ids[item]), own] for item, own in zip(placed.tolist(), pushing, strict=True) if own]


_PLACE = FEATURES.index("place")


def features_of(
    candidates: Candidates, catalogue: Catalogue, chosen: list[int], seed: int
) -> tuple[tuple[str, ...], Sequence[Sequence[float]], Sequence[int], Sequence[bool]]:
    """What a ranker is told of what was shown and of a seeded sample of what wasn't, among the candidates it looks at."""
    # In another order than the ranker's some rows in between are empty: it wasn't told of those.
    told = np.flatnonzero(np.isfinite(candidates.rows[:, _PLACE])).tolist()
    there = set(told)
    shown = [row for row in chosen if row in there]
    if not shown:
        return (), (), (), ()
    apart = set(shown)
    rest = [row for row in told if row not in apart]
    if len(rest) > UNSHOWN_SAMPLED:
        rest = random.Random(seed + 1).sample(rest, UNSHOWN_SAMPLED)
    rows = [*shown, *rest]
    return (
        FEATURES,
        # As doubles: a rounded single, widened, has seventeen digits again.
        np.round(candidates.rows[rows].astype(np.float64), 5).tolist(),
        catalogue.product_ids[candidates.items[rows]].tolist(),
        [True] * len(shown) + [False] * len(rest),
    )
