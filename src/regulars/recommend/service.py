"""Answers online: a request and a person in, a decision out. Pure computation: reads and writes nothing, never imports torch.

who asks ─► rules, filters ─► candidates per source ─► blend, ranker ─► what moves them ─► slate ─► reasons ─► decision with its trace
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import numpy.typing as npt
import uuid_utils

from regulars.errors import InvalidInput
from regulars.recommend import again, newcomers
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.dataset import Float32, Int32, Query
from regulars.recommend.filters import Barred
from regulars.recommend.history import History
from regulars.recommend.links import Links
from regulars.recommend.model import Candidates, Model
from regulars.recommend.reasons import reason_for
from regulars.recommend.rules.book import NOTHING, Steering, Who
from regulars.recommend.serving import Request, Serving
from regulars.recommend.slate import Limits, Moved, Slate, composed, diversified, moved, reordered, spread
from regulars.recommend.sources.base import CONTEXT_EVIDENCE
from regulars.recommend.sources.text import TextSource
from regulars.recommend.surfaces import SEEN_DAYS, Surface, surface_named
from regulars.recommend.tracing import add_moves, features_of, trace_of
from regulars.recommend.variety import varied
from regulars.schema import Action, Decision, Reason
from regulars.store.people import Person

__all__ = ["MAX_ITEMS", "Request", "Serving", "recommend"]

MAX_ITEMS = 100
PER_SOURCE = 100
TOGETHER = ("covisitation", "ease", "factors", "sequence")  # sources that know what people chose beside something
ENOUGH_TOGETHER = 3  # products chosen together with the open one that make a row of their own
EXPLORE_FROM = 8  # a list shorter than this has no place to spend
FILLED_FROM = 2_000  # of the newest products looked at together: most often the first of them are enough
MOST_FOR_RETURN = 20.0  # times as much as the click, where a list is for coming back alone
LINKED = 20  # products that the shop says go with something, put before what a model finds
SAME_KIND, SAME_BRAND, SAME_TEXT = (
    0.35,
    0.15,
    0.5,
)  # how alike two products are: what their category, brand and text count


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
    surface = surface_named(request.surface, dict(serving.surfaces))
    if not 1 <= request.n <= MAX_ITEMS:
        raise InvalidInput(f"n is {request.n}; a list has 1 to {MAX_ITEMS} items.", field="n")
    if surface.needs_product and request.context is None:
        raise InvalidInput(f"The surface {surface.name!r} needs a product.", hint="Send `product`.", field="product")
    now = time.time() if now is None else now
    decision_id = UUID(bytes=uuid_utils.uuid7().bytes)
    seed = request.seed if request.seed is not None else int.from_bytes(decision_id.bytes[8:], "big") >> 1
    catalogue = serving.catalogue
    history = History.of(person, catalogue, now)
    context = None if request.context is None else catalogue.place.get(request.context)
    watch.lap("history")

    steering = steering_for(serving, surface, person, history, now, context)
    watch.lap("rules")
    barred = bar(serving, surface, request, history, context, steering)
    watch.lap("filters")

    bent: newcomers.Bent | None = None
    put_off, shifted = 0, Moved()
    linked: dict[int, int] = {}
    if surface.purchases:
        found = again.due(person, catalogue, serving.filters.repeatable, now)
        candidates, bought_before = again.candidates(found, barred.mask)
        watch.lap("candidates")
        slate = composed(
            candidates.items,
            range(len(candidates)),
            request.n,
            # Own purchases have an order of their own: what is excluded and capped counts, what pushes doesn't.
            steering=(steering := steering.only_excluding()),
            seed=seed,
        )
        watch.lap("choose")
        actions = _again(catalogue, bought_before, slate)
    else:
        query = Query(history.items, history.ages, history.strengths, context, now)
        if not surface.personal and context is not None:
            query = Query(history.items[:0], history.ages[:0], history.strengths[:0], context, now)
        candidates = _retrieve(None if request.even else serving.model, query, barred)
        if surface.sources:
            candidates = _proposed_only(candidates, surface.sources)
        if surface.kind:
            candidates = _related(serving.model, candidates, surface.kind)
        elif serving.model is not None and not request.even:
            bent = newcomers.bend(
                serving.model, serving.arrivals, catalogue, request.arrival, query, candidates, barred.mask
            )
            candidates = candidates if bent is None else bent.candidates
        if serving.links and not request.even:
            if surface.links:
                linked = _linked(serving.links, history, context, barred)
            elif surface.kind == "same" and context is not None:
                linked = _successors(serving.links, catalogue, context, barred)
            candidates = _put_first(candidates, linked)
            if linked and bent is not None:
                bent = replace(bent, candidates=candidates, plain=_without_context(candidates, bent.plain))
        watch.lap("candidates")
        if not request.even:
            tired = _tired(serving, person, history)
            worth = _worth(serving, history, tired, candidates)
            candidates, shifted = moved(candidates, steering, tired, serving.settings.tiredness, worth)
            if shifted.any and bent is not None:
                # The context's column goes along; evidence is asked of the same rows.
                bent = replace(bent, candidates=candidates, plain=_without_context(candidates, bent.plain))
        order, put_off = _arranged(serving, surface, request, candidates)
        slots = serving.settings.exploration_slots if surface.explores and request.n >= EXPLORE_FROM else 0
        more = iter(()) if surface.kind or request.even or surface.sources else _fill(catalogue, barred, candidates)
        slate = composed(
            candidates.items,
            order,
            request.n,
            steering=NOTHING if request.even else steering,
            slots=slots,
            seed=seed,
            why_not=lambda item: next((code for code in barred.reasons(item) if code != "seen_lately"), ""),
            more=more,
            exposures=serving.exposures,
            floor=serving.settings.exposure_floor,
        )
        watch.lap("choose")
        if request.even:
            actions = _evenly(catalogue, barred, request.n, seed, steering)
        else:
            plain = candidates if bent is None else bent.plain
            actions = _actions(serving, query, history, plain, slate, surface.kind, linked)
            if bent is not None and bent.silent and not person.refused:
                actions = _because_of_context(bent, catalogue, actions)
    watch.lap("reasons")

    explored = any(one.how == "explore" for one in slate.placed)
    kept = bent.plain if bent is not None and person.refused else candidates
    trace = trace_of(serving, request, person, history, barred, kept, actions, seed)
    add_moves(trace, catalogue, steering, shifted, slate)
    if bent is not None:
        trace["weights"] = bent.weights
        # Who refused is weighed by what this request says, and none of it is kept.
        if request.arrival is not None and bent.lifts is not None and not person.refused:
            trace["context"] = newcomers.told(bent, request.arrival)
    if put_off:
        trace["put_off_for_variety"] = put_off
    chosen = [one.row for one in slate.placed if one.row >= 0]
    names, rows, ids, shown = features_of(kept, catalogue, chosen, seed)
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


def _places(catalogue: Catalogue, product_ids: tuple[int, ...]) -> Int32:
    return np.array([catalogue.place[one] for one in product_ids if one in catalogue.place], np.int32)


def _retrieve(model: Model | None, query: Query, barred: Barred) -> Candidates:
    if model is None:
        none = np.zeros(0, np.int32)
        empty = np.zeros(0, np.float32)
        return Candidates(none, empty, np.zeros((0, 0), np.float32), (), np.zeros((0, 0), np.int16), (), none)
    return model.retrieve(query, PER_SOURCE, exclude=barred.mask, explained=True)


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
    return _some(candidates, keep)


def _proposed_by(candidates: Candidates, source: str) -> npt.NDArray[np.bool_]:
    if source not in candidates.source_names:
        return np.zeros(len(candidates), np.bool_)
    mask: npt.NDArray[np.bool_] = candidates.ranks[:, candidates.source_names.index(source)] >= 0
    return mask


def steering_for(
    serving: Serving, surface: Surface, person: Person, history: History, now: float, context: int | None
) -> Steering:
    """What of the shop's rules acts on this request."""
    if serving.rules is None or not len(serving.rules):
        return NOTHING
    who = Who(
        history.items,
        history.ages,
        history.purchases,
        person.customer_id is not None,
        len(history.bought) > 0,
        now / 86_400,
    )
    return serving.rules.acting(surface.name, who, now, context)


def bar(
    serving: Serving,
    surface: Surface,
    request: Request,
    history: History,
    context: int | None,
    steering: Steering,
) -> Barred:
    """What may not stand in this list, and why."""
    bought = seen = np.zeros(0, np.int32)
    if surface.discovery:
        bought = history.bought
    if surface.hides_seen:
        seen = history.seen_within(SEEN_DAYS)
    excluded = _places(serving.catalogue, request.exclude)
    made = serving.filters.bar(
        request.wishes, excluded, context, bought, seen, surface.kind, steering, surface.category
    )
    if surface.unfamiliar and len(history.items):
        narrowed = _unfamiliar(serving.catalogue, made, history)
        if int(np.count_nonzero(~narrowed.mask)) >= request.n:
            return narrowed
    return made


def _unfamiliar(catalogue: Catalogue, barred: Barred, history: History) -> Barred:
    """Without the kinds that the person touched."""
    touched = np.unique(catalogue.kinds[history.items])
    familiar = np.isin(catalogue.kinds, touched[touched >= 0])
    counts = {**barred.counts, "familiar_kind": int(np.count_nonzero(familiar & ~barred.mask))}
    return Barred(barred.mask | familiar, {**barred.by, "familiar_kind": familiar}, counts, barred.steering)


def _tired(serving: Serving, person: Person, history: History) -> dict[int, int]:
    """How often each product was shown to this person and not followed, by position."""
    if not person.shown:
        return {}
    touched = set(history.items.tolist())
    found = {}
    for product_id, times in person.shown.items():
        place = serving.catalogue.place.get(product_id)
        if place is not None and place not in touched:
            found[place] = times
    return found


def _worth(serving: Serving, history: History, tired: Mapping[int, int], candidates: Candidates) -> Float32 | None:
    """What each candidate is worth for the person's coming back, in spreads; None where the shop asks for clicks alone."""
    if serving.values is None or serving.settings.long_term <= 0 or len(candidates) == 0:
        return None
    share = serving.settings.long_term
    found = serving.values.of(serving.catalogue, history.items, tired, candidates)
    return found * np.float32(min(share / max(1 - share, 1e-6), MOST_FOR_RETURN))


def _proposed_only(candidates: Candidates, sources: tuple[str, ...]) -> Candidates:
    """What one of these sources proposed."""
    keep = np.zeros(len(candidates), np.bool_)
    for name in sources:
        keep |= _proposed_by(candidates, name)
    return _some(candidates, keep)


def _some(candidates: Candidates, keep: npt.NDArray[np.bool_]) -> Candidates:
    return replace(
        candidates,
        items=candidates.items[keep],
        scores=candidates.scores[keep],
        features=candidates.features[keep],
        ranks=candidates.ranks[keep],
        rows=candidates.rows[keep[: len(candidates.rows)]],
    )


def _linked(links: Links, history: History, context: int | None, barred: Barred) -> dict[int, int]:
    """What the shop says goes with the open product, or with the last purchases: whose link it is by item, the position of
    the product it goes with.
    """
    anchors = [context] if context is not None else history.bought_last(5)
    found: dict[int, int] = {}
    for anchor in anchors:
        for relation in ("compatible_with", "goes_with"):
            for item in links.near(anchor, relation).tolist():
                if not barred.mask[item]:
                    found.setdefault(item, anchor)
    return dict(list(found.items())[:LINKED])


def _successors(links: Links, catalogue: Catalogue, context: int, barred: Barred) -> dict[int, int]:
    """What replaces the open product, where that can't be had: first among what is like it.

    The shop says so, therefore it may be of another category; whatever else bars it holds.
    """
    if catalogue.for_sale[context] and catalogue.in_stock[context]:
        return {}
    free = (item for item in links.successors(context) if not set(barred.reasons(item)) - {"other_kind"})
    return dict.fromkeys(itertools.islice(free, LINKED), context)


def _put_first(candidates: Candidates, found: Mapping[int, int]) -> Candidates:
    """Candidates with these items put first, in the order of the model's scores where it knows them."""
    if not found:
        return candidates
    known = set(candidates.items.tolist())
    fresh = np.array([item for item in found if item not in known], np.int32)
    top = float(candidates.scores[0]) if len(candidates) else 0.0
    step = spread(candidates.scores)
    scores = candidates.scores.astype(np.float32).copy()
    for row, item in enumerate(candidates.items.tolist()):
        if item in found:
            scores[row] = max(scores[row] + np.float32(2 * step), np.float32(top + step))
    width, sources = candidates.features.shape[1], candidates.ranks.shape[1]
    joined = replace(
        candidates,
        items=np.concatenate([candidates.items, fresh]),
        scores=np.concatenate([scores, np.full(len(fresh), top + step, np.float32)]),
        features=np.concatenate([candidates.features, np.zeros((len(fresh), width), np.float32)]),
        ranks=np.concatenate([candidates.ranks, np.full((len(fresh), sources), -1, np.int16)]),
    )
    return reordered(joined, joined.scores)


def _without_context(candidates: Candidates, plain: Candidates) -> Candidates:
    """These candidates in the columns that the model itself made."""
    width, sources = plain.features.shape[1], plain.ranks.shape[1]
    return replace(
        candidates,
        features=candidates.features[:, :width],
        feature_names=plain.feature_names,
        ranks=candidates.ranks[:, :sources],
        source_names=plain.source_names,
    )


def _arranged(serving: Serving, surface: Surface, request: Request, candidates: Candidates) -> tuple[list[int], int]:
    """The order in which candidates are taken, and how many were put off so that not all are of one kind."""
    dial = serving.settings.diversity if surface.diversity is None else surface.diversity
    catalogue = serving.catalogue
    if dial <= 0 or request.even or serving.model is None:
        order = list(range(len(candidates)))
    else:
        text = serving.model.sources.get("text")

        def alike(rows: npt.NDArray[np.int64]) -> Float32:
            items = candidates.items[rows]
            found = (
                text.likeness(items) * np.float32(SAME_TEXT)
                if isinstance(text, TextSource)
                else np.zeros((len(items), len(items)), np.float32)
            )
            for codes, share in ((catalogue.kinds, SAME_KIND), (catalogue.facts.brands, SAME_BRAND)):
                own = codes[items]
                found = found + np.float32(share) * ((own[:, None] == own[None, :]) & (own >= 0)[:, None])
            found = np.asarray(found, np.float32)
            np.fill_diagonal(found, 1.0)
            return found

        order = diversified(candidates.scores, alike, dial, request.n)
    if not surface.varied or request.wishes.category is not None or surface.category is not None:
        return order, 0
    kinds = catalogue.kinds[candidates.items]
    if dial <= 0:
        return varied(kinds, request.n)
    placed, put_off = varied(kinds[order], request.n)
    return [order[row] for row in placed], put_off


def _fill(catalogue: Catalogue, barred: Barred, candidates: Candidates) -> Iterator[int]:
    """When sources have too little to say: the newest products that may be shown."""
    taken = set(candidates.items.tolist())
    for start in range(0, len(catalogue), FILLED_FROM):
        some = catalogue.newest[start : start + FILLED_FROM]
        yield from (item for item in some[~barred.mask[some]].tolist() if item not in taken)


def _actions(
    serving: Serving,
    query: Query,
    history: History,
    candidates: Candidates,
    slate: Slate,
    kind: str,
    linked: Mapping[int, int],
) -> tuple[Action, ...]:
    context = None if query.context is None else int(serving.catalogue.product_ids[query.context])
    chosen = [one.row for one in slate.placed if one.row >= 0]
    spoken = serving.model.evidence(query, candidates, chosen) if serving.model is not None else []
    if kind == "other":
        # Beside "goes with" it counts that they were chosen together, also where their words weigh more in the score.
        together = _proposed_by(candidates, "covisitation")
        spoken = [
            ("covisitation", CONTEXT_EVIDENCE) if together[row] else said
            for row, said in zip(chosen, spoken, strict=True)
        ]
    said_of = dict(zip(chosen, spoken, strict=True))
    ids = serving.catalogue.product_ids
    actions: list[Action] = []
    for one in slate.placed:
        source, evidence = said_of.get(one.row, ("newest", -1))
        score = float(candidates.scores[one.row]) if one.row >= 0 else 0.0
        if one.how == "pin":
            source, reason = "rule", Reason("pinned")
        elif one.item in linked and one.how == "rank":
            source, reason = "links", _link_reason(serving, query, one.item, linked[one.item], kind)
        else:
            tried = one.how == "explore"
            named = "explore" if tried and evidence < 0 else source
            reason = reason_for(named, evidence, history.products, history.types, context)
            source = "explore" if tried else source
        actions.append(Action(int(ids[one.item]), len(actions), round(score, 5), one.propensity, source, reason))
    return tuple(actions)


def _link_reason(serving: Serving, query: Query, item: int, anchor: int, kind: str) -> Reason:
    """That the shop says so: it replaces the open product; or it fits, or goes with, that one or one that was bought."""
    assert serving.links is not None
    product = {"product_id": int(serving.catalogue.product_ids[anchor])}
    if kind == "same":
        return Reason("replaces_page", product)
    fits = item in serving.links.near(anchor, "compatible_with").tolist()
    whose = "page" if anchor == query.context else "bought"
    return Reason(f"{'fits' if fits else 'linked'}_{whose}", product)


def _because_of_context(bent: newcomers.Bent, catalogue: Catalogue, actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """A stranger's list with what of the way here speaks for each product."""
    said = []
    for action in actions:
        found = newcomers.reason(bent, catalogue, catalogue.place[action.product_id])
        if found is not None and action.source == "popular":
            action = replace(action, source=newcomers.SOURCE, reason=found)
        said.append(action)
    return tuple(said)


def _again(catalogue: Catalogue, found: list[again.Due], slate: Slate) -> tuple[Action, ...]:
    ids = catalogue.product_ids
    rows = [one.row for one in slate.placed if one.row >= 0]
    return tuple(
        Action(int(ids[found[row].place]), place, round(found[row].score, 5), None, again.SOURCE, found[row].reason)
        for place, row in enumerate(rows)
    )


def _evenly(catalogue: Catalogue, barred: Barred, n: int, seed: int, steering: Steering) -> tuple[Action, ...]:
    """A list drawn from all that may be shown, place by place: P(item | the places above) = 1 / what is left."""
    generator = np.random.default_rng(seed)
    free = ~barred.mask
    drawn: list[tuple[int, float]] = []
    if steering.caps:
        limits = Limits(steering.caps)
        for _ in range(n):
            open_now = np.flatnonzero(limits.open(free))
            if len(open_now) == 0:
                break
            item = int(generator.choice(open_now))
            drawn.append((item, 1.0 / len(open_now)))
            free[item] = False
            limits.take(item)
    else:
        places = np.flatnonzero(free)
        found = generator.choice(places, min(n, len(places)), replace=False)
        drawn = [(item, 1.0 / (len(places) - position)) for position, item in enumerate(found.tolist())]
    return tuple(
        Action(
            product_id=int(catalogue.product_ids[item]),
            position=position,
            score=0.0,
            propensity=chance,
            source="explore",
            reason=reason_for("explore", -1, [], [], None),
        )
        for position, (item, chance) in enumerate(drawn)
    )
