"""Answers online: a request and a person in, a decision out. Pure computation: reads and writes nothing, never imports torch.

who asks ─► filters ─► candidates per source ─► blend ─► explore ─► reasons ─► decision with its trace
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import uuid_utils

from regulars.errors import InvalidInput
from regulars.recommend import again, newcomers
from regulars.recommend.catalogue import Catalogue, Item
from regulars.recommend.context import UNLEARNED, Arrival, ContextPrior
from regulars.recommend.dataset import Float32, Int32, Query
from regulars.recommend.features import FEATURES
from regulars.recommend.filters import Barred, FilterBase, Wishes
from regulars.recommend.model import Candidates, Model
from regulars.recommend.reasons import reason_for
from regulars.recommend.sources.base import CONTEXT_EVIDENCE
from regulars.recommend.surfaces import SEEN_DAYS, surface_named
from regulars.recommend.variety import varied
from regulars.schema import Action, Decision, EventType, ShopSettings
from regulars.schema.events import STRENGTHS
from regulars.store.people import Person

MAX_ITEMS = 100
HISTORY_READ = 200  # newest interactions a query holds; sources look at fewer
PER_SOURCE = 100
TRACED_CANDIDATES = 150  # the best of some 300: what stands further down has no chance to be shown
UNSHOWN_SAMPLED = 10  # features are kept of the shown and of this many others, for training a ranker
TOGETHER = ("covisitation", "ease", "factors", "sequence")  # sources that know what people chose beside something
ENOUGH_TOGETHER = 3  # products chosen together with the open one that make a row of their own
EXPLORE_FROM = 8  # a list shorter than this has no place to spend
FILLED_FROM = 2_000  # of the newest products looked at together: most often the first of them are enough
EXPLORE_POOL = 20  # an exploration slot draws from this many next-best candidates, evenly


@dataclass(frozen=True, slots=True)
class Request:
    """What a list is wanted for. Product ids are ours; `exclude` too.

    even: every place is drawn evenly from all that may be shown, the yardstick that every other policy is measured by.
    arrival: how the person came, as far as this very request says it.
    """

    surface: str = "home"
    n: int = 10
    context: int | None = None
    wishes: Wishes = field(default_factory=Wishes)
    exclude: tuple[int, ...] = ()
    seed: int | None = None
    locale: str | None = None
    even: bool = False
    arrival: Arrival | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """All that answers, as one immutable thing: swapped whole when a model or the catalogue changes.

    mode: trained (a promoted model), starter (counts and words, fitted on the fly), newest (nothing to learn from yet).
    note: what a reader should know of it, e.g. that a damaged version was refused.
    """

    model: Model | None
    version: str | None
    mode: str
    catalogue: Catalogue
    filters: FilterBase
    settings: ShopSettings
    note: str | None = None
    arrivals: ContextPrior = UNLEARNED

    def item(self, product_id: int) -> Item | None:
        return self.catalogue.of(product_id)


class _Watch:
    """Milliseconds per step."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self.steps[step] = round((now - self._last) * 1000, 3)
        self._last = now


def recommend(serving: Serving, request: Request, person: Person, now: float | None = None) -> Decision:
    """A list for this person. Shorter than asked, or empty, when the filters leave too little: the trace says why.

    now: epoch seconds. Raises: InvalidInput for an unknown surface, a missing context item or n out of range.
    """
    watch = _Watch()
    surface = surface_named(request.surface)
    if not 1 <= request.n <= MAX_ITEMS:
        raise InvalidInput(f"n is {request.n}; a list has 1 to {MAX_ITEMS} items.", field="n")
    if surface.needs_product and request.context is None:
        raise InvalidInput(f"The surface {surface.name!r} needs a product.", hint="Send `product`.", field="product")
    now = time.time() if now is None else now
    decision_id = UUID(bytes=uuid_utils.uuid7().bytes)
    seed = request.seed if request.seed is not None else int.from_bytes(decision_id.bytes[8:], "big") >> 1
    catalogue = serving.catalogue
    history = _History.of(person, catalogue, now)
    context = None if request.context is None else catalogue.place.get(request.context)
    watch.lap("history")

    bought = seen = np.zeros(0, np.int32)
    if surface.discovery:
        bought = history.bought
    if surface.hides_seen:
        seen = history.seen_within(SEEN_DAYS)
    excluded = _places(catalogue, request.exclude)
    barred = serving.filters.bar(request.wishes, excluded, context, bought, seen, surface.kind)
    watch.lap("filters")

    explored: set[int] = set()
    put_off = 0
    bent: newcomers.Bent | None = None
    if surface.purchases:
        found = again.due(person, catalogue, serving.filters.repeatable, now)
        candidates, bought_before = again.candidates(found, barred.mask)
        watch.lap("candidates")
        chosen = list(range(min(request.n, len(candidates))))
        watch.lap("choose")
        actions = _again(catalogue, bought_before, chosen)
    else:
        query = Query(history.items, history.ages, history.strengths, context, now)
        if not surface.personal and context is not None:
            query = Query(history.items[:0], history.ages[:0], history.strengths[:0], context, now)
        candidates = _retrieve(None if request.even else serving.model, query, barred)
        if surface.kind:
            candidates = _related(serving.model, candidates, surface.kind)
        elif serving.model is not None and not request.even:
            bent = newcomers.bend(
                serving.model, serving.arrivals, catalogue, request.arrival, query, candidates, barred.mask
            )
            candidates = candidates if bent is None else bent.candidates
        watch.lap("candidates")
        order, put_off = list(range(len(candidates))), 0
        if surface.varied and request.wishes.category is None:
            order, put_off = varied(catalogue.kinds[candidates.items], request.n)
        chosen, propensities, explored = _choose(serving, surface.explores, request.n, order, seed)
        fill = _fill(catalogue, barred, candidates, len(chosen), 0 if surface.kind or request.even else request.n)
        watch.lap("choose")
        if request.even:
            actions = _evenly(catalogue, barred, request.n, seed)
        else:
            plain = candidates if bent is None else bent.plain
            actions = _actions(serving, query, history, plain, chosen, propensities, explored, fill, surface.kind)
            if bent is not None and bent.silent and not person.refused:
                actions = _because_of_context(bent, catalogue, actions)
    watch.lap("reasons")

    kept = bent.plain if bent is not None and person.refused else candidates
    trace = _trace(serving, request, person, history, barred, kept, actions, seed)
    if bent is not None:
        trace["weights"] = bent.weights
        # Who refused is weighed by what this request says, and none of it is kept.
        if request.arrival is not None and bent.lifts is not None and not person.refused:
            trace["context"] = newcomers.told(bent, request.arrival)
    if put_off:
        trace["put_off_for_variety"] = put_off
    names, rows, ids, shown = _features(kept, catalogue, chosen, seed)
    watch.lap("trace")
    return Decision(
        decision_id=decision_id,
        at=datetime.fromtimestamp(now, UTC),
        surface=surface.name,
        customer_id=person.customer_id,
        visitor_id=person.visitor_id,
        context_product_id=request.context if context is not None else None,
        mode=serving.mode,
        model_version=None if request.even else serving.version,
        policy="even" if request.even else "explore" if explored else "rank",
        seed=seed,
        arm=None,
        actions=actions,
        timings_ms=watch.steps,
        trace=trace,
        feature_names=names,
        feature_product_ids=ids,
        feature_shown=shown,
        feature_rows=rows,
    )


@dataclass(frozen=True, slots=True)
class _History:
    """A person's interactions with products of the catalogue, oldest first."""

    items: Int32
    ages: Float32
    strengths: Float32
    products: list[int]
    types: list[str]
    bought: Int32
    unknown: int

    @classmethod
    def of(cls, person: Person, catalogue: Catalogue, now: float) -> _History:
        place = catalogue.place
        kept: list[tuple[int, int, str, float]] = []
        bought: set[int] = {place[product] for product in person.bought if product in place}
        unknown = 0
        for product, kind, second in zip(person.products, person.types, person.seconds, strict=True):
            item = place.get(product)
            if item is None:
                unknown += 1
                continue
            if kind == EventType.PURCHASE:
                bought.add(item)
            if len(kept) < HISTORY_READ:
                # A clock that jumped: what "will happen" happened now.
                kept.append((item, product, kind, max(0.0, now - second) / 86_400))
        kept.reverse()
        return cls(
            np.array([row[0] for row in kept], np.int32),
            np.array([row[3] for row in kept], np.float32),
            np.array([STRENGTHS.get(row[2], 1.0) for row in kept], np.float32),
            [row[1] for row in kept],
            [row[2] for row in kept],
            np.fromiter(bought, np.int32, len(bought)),
            unknown,
        )

    def seen_within(self, days: float) -> Int32:
        return self.items[self.ages <= days]


def _places(catalogue: Catalogue, product_ids: tuple[int, ...]) -> Int32:
    return np.array([catalogue.place[one] for one in product_ids if one in catalogue.place], np.int32)


def _retrieve(model: Model | None, query: Query, barred: Barred) -> Candidates:
    if model is None:
        none = np.zeros(0, np.int32)
        empty = np.zeros(0, np.float32)
        return Candidates(none, empty, np.zeros((0, 0), np.float32), (), np.zeros((0, 0), np.int16), (), none)
    return model.retrieve(query, PER_SOURCE, exclude=barred.mask)


def _related(model: Model | None, candidates: Candidates, kind: str) -> Candidates:
    """Only what some source proposed for this query in particular: the popular and the new don't "go with" anything.

    What goes with a product is what people chose together with it; only where too little is known, what resembles it.
    """
    if model is None or not len(candidates):
        return candidates
    columns = [number for number, source in enumerate(model.sources.values()) if source.personal]
    keep: npt.NDArray[np.bool_] = np.any(candidates.ranks[:, columns] >= 0, axis=1)
    if kind == "other":
        together = np.logical_or.reduce([_proposed_by(candidates, name) for name in TOGETHER])
        if np.count_nonzero(together) >= ENOUGH_TOGETHER:
            keep = keep & together
    return replace(
        candidates,
        items=candidates.items[keep],
        scores=candidates.scores[keep],
        features=candidates.features[keep],
        ranks=candidates.ranks[keep],
        rows=candidates.rows[keep[: len(candidates.rows)]],
    )


def _proposed_by(candidates: Candidates, source: str) -> npt.NDArray[np.bool_]:
    if source not in candidates.source_names:
        return np.zeros(len(candidates), np.bool_)
    mask: npt.NDArray[np.bool_] = candidates.ranks[:, candidates.source_names.index(source)] >= 0
    return mask


def _choose(
    serving: Serving, explores: bool, n: int, order: list[int], seed: int
) -> tuple[list[int], list[float | None], set[int]]:
    """order: rows of the candidates, best first. Returns the rows in list order, the chance of each (None where nothing was random), explored positions.

    The last slots of a long enough list may explore: each draws evenly from the next EXPLORE_POOL candidates that are
    not in the list yet, so its propensity, given the places above, is 1 / their number.
    """
    slots = serving.settings.exploration_slots if explores and n >= EXPLORE_FROM else 0
    slots = min(slots, max(0, len(order) - n))
    chosen = order[: n - slots]
    propensities: list[float | None] = [None] * len(chosen)
    explored: set[int] = set()
    if slots:
        generator = random.Random(seed)  # NumPy takes longer to seed than to draw a thousand numbers
        rest = order[len(chosen) :]
        for _ in range(slots):
            pool = rest[:EXPLORE_POOL]
            drawn = pool[generator.randrange(len(pool))]
            rest.remove(drawn)
            explored.add(len(chosen))
            chosen.append(drawn)
            propensities.append(1.0 / len(pool))
    return chosen, propensities, explored


def _fill(catalogue: Catalogue, barred: Barred, candidates: Candidates, have: int, n: int) -> list[int]:
    """When sources have too little to say: the newest products that may be shown."""
    if have >= n:
        return []
    taken = set(candidates.items.tolist())
    filled: list[int] = []
    for start in range(0, len(catalogue), FILLED_FROM):
        some = catalogue.newest[start : start + FILLED_FROM]
        filled += [item for item in some[~barred.mask[some]].tolist() if item not in taken]
        if len(filled) >= n - have:
            break
    return filled[: n - have]


def _actions(
    serving: Serving,
    query: Query,
    history: _History,
    candidates: Candidates,
    chosen: list[int],
    propensities: list[float | None],
    explored: set[int],
    fill: list[int],
    kind: str,
) -> tuple[Action, ...]:
    context = None if query.context is None else int(serving.catalogue.product_ids[query.context])
    spoken = serving.model.evidence(query, candidates, chosen) if serving.model is not None else []
    if kind == "other":
        # Beside "goes with" it counts that they were chosen together, also where their words weigh more in the score.
        together = _proposed_by(candidates, "covisitation")
        spoken = [
            ("covisitation", CONTEXT_EVIDENCE) if together[row] else said
            for row, said in zip(chosen, spoken, strict=True)
        ]
    ids = serving.catalogue.product_ids
    actions = [
        Action(
            product_id=int(ids[candidates.items[row]]),
            position=position,
            score=round(float(candidates.scores[row]), 5),
            propensity=propensity,
            source="explore" if position in explored else source,
            reason=reason_for(
                "explore" if position in explored and evidence < 0 else source,
                evidence,
                history.products,
                history.types,
                context,
            ),
        )
        for position, (row, propensity, (source, evidence)) in enumerate(zip(chosen, propensities, spoken, strict=True))
    ]
    for item in fill:
        reason = reason_for("newest", -1, [], [], None)
        actions.append(Action(int(ids[item]), len(actions), 0.0, None, "newest", reason))
    return tuple(actions)


def _because_of_context(bent: newcomers.Bent, catalogue: Catalogue, actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """A stranger's list with what of the way here speaks for each product."""
    said = []
    for action in actions:
        found = newcomers.reason(bent, catalogue, catalogue.place[action.product_id])
        if found is not None and action.source == "popular":
            action = replace(action, source=newcomers.SOURCE, reason=found)
        said.append(action)
    return tuple(said)


def _again(catalogue: Catalogue, found: list[again.Due], chosen: list[int]) -> tuple[Action, ...]:
    ids = catalogue.product_ids
    return tuple(
        Action(int(ids[found[row].place]), row, round(found[row].score, 5), None, again.SOURCE, found[row].reason)
        for row in chosen
    )


def _evenly(catalogue: Catalogue, barred: Barred, n: int, seed: int) -> tuple[Action, ...]:
    """A list drawn from all that may be shown, place by place: P(item | the places above) = 1 / what is left."""
    free = np.flatnonzero(~barred.mask)
    drawn = np.random.default_rng(seed).choice(free, min(n, len(free)), replace=False)
    return tuple(
        Action(
            product_id=int(catalogue.product_ids[item]),
            position=position,
            score=0.0,
            propensity=1.0 / (len(free) - position),
            source="explore",
            reason=reason_for("explore", -1, [], [], None),
        )
        for position, item in enumerate(drawn.tolist())
    )


def _trace(
    serving: Serving,
    request: Request,
    person: Person,
    history: _History,
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


_PLACE = FEATURES.index("place")


def _features(
    candidates: Candidates, catalogue: Catalogue, chosen: list[int], seed: int
) -> tuple[tuple[str, ...], tuple[tuple[float, ...], ...], tuple[int, ...], tuple[bool, ...]]:
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
        tuple(map(tuple, np.round(candidates.rows[rows].astype(np.float64), 5).tolist())),
        tuple(catalogue.product_ids[candidates.items[rows]].tolist()),
        tuple([True] * len(shown) + [False] * len(rest)),
    )
