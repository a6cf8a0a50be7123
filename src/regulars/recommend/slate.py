"""From ranked candidates to the list that is shown: what rules and tiredness move, variety, pins, caps, and places that are tried out.

Everything that changes an order after the ranker stands here, in the order in which it acts, and leaves a trace of what it did. What
takes items out altogether acted before (filters.py); a cap is the only thing here that does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from regulars.recommend import compiled
from regulars.recommend.dataset import Float32, Int32
from regulars.recommend.model import Candidates
from regulars.recommend.rules.book import NOTHING, Cap, Steering

EXPLORE_POOL = 20  # a place that is tried out draws from this many next-best candidates
EXPLORE_FLOOR = 0.1  # of its chance is even: no candidate of the pool has none
PRIOR_SHOWN = 30.0  # imagined impressions at the shop's own click rate, until a product has its own
FACTOR_BOUNDS = (0.01, 20.0)  # of all rules on a product together
SPREAD_OF = 50  # candidates whose scores say how far apart scores are
TIRED_FROM = 1  # times shown without being followed that are free
STEEPEST = 30.0  # θ of the smallest dials
DIVERSIFIED = 100  # the best candidates that variety chooses among

How = Literal["rank", "explore", "pin", "fill"]


@dataclass(frozen=True, slots=True)
class Placed:
    """One place. row: of the candidates, −1 where it isn't one. line: of the rule that put it there."""

    item: int
    row: int
    how: How
    propensity: float | None = None
    line: int = 0


@dataclass
class Slate:
    """A list, and what was done to it. capped: (item, line) put off by a cap. unpinned: (item, line, why)."""

    placed: list[Placed] = field(default_factory=list)
    capped: list[tuple[int, int]] = field(default_factory=list)
    unpinned: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Exposures:
    """How often each product was shown and followed in the last 28 days, whoever it was shown to. (n,) each.

    under: (n,) shown so little, for a product or for its brand, that nothing can be known of it yet.
    """

    shown: Float32
    clicked: Float32
    under: npt.NDArray[np.bool_]

    @classmethod
    def none(cls, n: int) -> Exposures:
        """Nothing was shown yet."""
        return cls(np.zeros(n, np.float32), np.zeros(n, np.float32), np.ones(n, np.bool_))

    @property
    def rate(self) -> float:
        """Clicks an impression, of the whole shop."""
        return float(self.clicked.sum() / max(self.shown.sum(), 1.0))

    @property
    def enough(self) -> bool:
        """Whether there is something to learn from."""
        return float(self.clicked.sum()) >= 30

    def chances(self) -> Float32:
        """(n,) the click rate of each product, drawn towards the shop's."""
        mean = self.rate
        return np.asarray((self.clicked + mean * PRIOR_SHOWN) / (self.shown + PRIOR_SHOWN), np.float32)


def reordered(candidates: Candidates, scores: Float32) -> Candidates:
    """The same candidates with these scores, best first; rows of what a ranker was told go along (NaN where it wasn't)."""
    return _in_order(candidates, scores, np.argsort(-scores, kind="stable"))


def _in_order(candidates: Candidates, scores: Float32, order: npt.NDArray[np.intp]) -> Candidates:
    rows = candidates.rows
    if len(rows) < len(candidates):
        rows = np.full((len(candidates), candidates.rows.shape[1]), np.nan, np.float32)
        rows[: len(candidates.rows)] = candidates.rows
    return replace(
        candidates,
        items=candidates.items[order],
        scores=scores[order],
        features=candidates.features[order],
        ranks=candidates.ranks[order],
        rows=rows[order],
    )


def bounded(factors: Float32) -> Float32:
    """Sums of rules' logarithms as they count: all rules on a product together within FACTOR_BOUNDS."""
    return np.clip(factors, np.float32(np.log(FACTOR_BOUNDS[0])), np.float32(np.log(FACTOR_BOUNDS[1])))


def spread(scores: Float32) -> float:
    """How far apart the scores of the best candidates are: their standard deviation; 1 where there is none."""
    some = scores[:SPREAD_OF]
    found = float(np.std(some)) if len(some) > 1 else 0.0
    return found if found > 1e-9 else 1.0


def in_spreads(scores: Float32) -> Float32:
    """(c,) how far each score is above the mean of the best candidates', in their spreads. scores: (c,) best first."""
    if len(scores) == 0:
        return scores
    return np.asarray((scores - scores[:SPREAD_OF].mean()) / spread(scores), np.float32)


@dataclass(frozen=True, slots=True)
class Moved:
    """What moved the candidates after the ranker: (c,) added to each score, in the candidates' order; None where nothing was."""

    rules: Float32 | None = None
    tired: Float32 | None = None
    return_value: Float32 | None = None

    @property
    def any(self) -> bool:
        return any(one is not None for one in (self.rules, self.tired, self.return_value))


def moved(
    candidates: Candidates,
    steering: Steering,
    tired: Mapping[int, int] | None = None,
    tiredness: float = 0.0,
    value: Float32 | None = None,
) -> tuple[Candidates, Moved]:
    """Candidates with what rules, tiredness and their worth for coming back add to their scores, in their new order.

    A factor f of a rule adds s · ln f, s the spread of the best scores: "by 20%" moves a product as far as a fifth more odds
    would, whatever scale a model's scores have. tired: times shown to this person and not followed, by position;
    tiredness: what each e-fold of them costs, in spreads. value: (c,) in spreads, of these candidates.
    """
    if len(candidates) == 0 or (steering.factors is None and value is None and not (tired and tiredness > 0)):
        return candidates, Moved()
    unit = np.float32(spread(candidates.scores))
    added = np.zeros(len(candidates), np.float32)
    by_rules = by_tired = by_value = None
    if steering.factors is not None:
        own = bounded(steering.factors[candidates.items])
        if own.any():
            by_rules = (unit * own).astype(np.float32)
            added += by_rules
    if tired and tiredness > 0:
        times = np.array([max(0, tired.get(item, 0) - TIRED_FROM) for item in candidates.items.tolist()], np.float32)
        if times.any():
            by_tired = (-unit * np.float32(tiredness) * np.log1p(times)).astype(np.float32)
            added += by_tired
    if value is not None:
        by_value = (unit * value).astype(np.float32)
        added += by_value
    if by_rules is None and by_tired is None and by_value is None:
        return candidates, Moved()
    scores = (candidates.scores + added).astype(np.float32)
    order = np.argsort(-scores, kind="stable")
    parts = [None if one is None else one[order] for one in (by_rules, by_tired, by_value)]
    return _in_order(candidates, scores, order), Moved(*parts)


def diversified(scores: Float32, alike: Callable[[npt.NDArray[np.int64]], Float32], dial: float, n: int) -> list[int]:
    """Rows in the order in which a determinantal point process takes them greedily, the first n of the best candidates.

    scores: (c,) best first. alike: rows (m,) → (m, m) likeness in [0, 1], 1 on the diagonal. dial: 0 is the order of the scores, 1 only how
    different things are. The kernel is q_i S_ij q_j (Chen, Zhang & Zhou 2018) with q = exp(θ · score in [0, 1]), θ = 4 (1 − dial) / dial: a
    product is worth what it adds to the volume that those above it span. Beside maximal marginal relevance it costs a little less for as much
    (docs/experiments.md).
    """
    count = len(scores)
    rows = np.arange(count)
    some = min(count, max(n, DIVERSIFIED))
    if dial <= 0 or n < 2 or some < 2:
        return rows.tolist()
    best = scores[:some].astype(np.float64)
    low, high = float(best.min()), float(best.max())
    theta = min(4 * (1 - dial) / dial, STEEPEST)
    quality = np.exp(theta * ((best - low) / max(high - low, 1e-9) - 1))
    chosen = compiled.spanning(quality, np.ascontiguousarray(alike(np.arange(some)), np.float32), min(n, some)).tolist()
    return [*chosen, *np.delete(rows, chosen).tolist()]


class Limits:
    """What caps still allow."""

    def __init__(self, caps: Sequence[Cap]) -> None:
        self._caps = caps
        self._counts: list[dict[int, int]] = [{} for _ in caps]

    @property
    def any(self) -> bool:
        """Whether there is a cap at all."""
        return len(self._caps) > 0

    def blocking(self, item: int) -> int | None:
        """The line of a cap that this item would break."""
        for cap, counts in zip(self._caps, self._counts, strict=True):
            group = self._group(cap, item)
            if group >= 0 and counts.get(group, 0) >= cap.most:
                return cap.line
        return None

    def open_among(self, items: Int32) -> npt.NDArray[np.bool_]:
        """(m,) which of these items no cap blocks now."""
        out = np.ones(len(items), np.bool_)
        for cap, counts in zip(self._caps, self._counts, strict=True):
            full = [group for group, count in counts.items() if count >= cap.most]
            if cap.most > 0 and not full:
                continue
            groups = cap.groups[items] if cap.groups is not None else None if cap.mask is None else cap.mask[items] - 1
            if groups is not None and cap.most == 0:
                out &= groups < 0
            elif groups is not None:
                for group in full:
                    out &= groups != group
        return out

    def take(self, item: int) -> None:
        for cap, counts in zip(self._caps, self._counts, strict=True):
            group = self._group(cap, item)
            if group >= 0:
                counts[group] = counts.get(group, 0) + 1

    def open(self, free: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Those of a mask that no cap blocks now."""
        return free & self.open_among(np.arange(len(free), dtype=np.int32))

    @staticmethod
    def _group(cap: Cap, item: int) -> int:
        if cap.groups is not None:
            return int(cap.groups[item])
        return 0 if cap.mask is not None and cap.mask[item] else -1


def composed(
    items: Int32,
    order: Sequence[int],
    n: int,
    *,
    steering: Steering = NOTHING,
    slots: int = 0,
    seed: int = 0,
    why_not: Callable[[int], str] | None = None,
    more: Iterator[int] | Iterable[int] = (),
    exposures: Exposures | None = None,
    floor: float = 0.0,
) -> Slate:
    """n places: pins at theirs, the rest in order, the last `slots` of these drawn, what is missing from `more`; no cap broken.

    items: (c,) the candidates. order: their rows, best first. why_not: of a pinned item, the filter that keeps it out, "" for
    none. more: items that are no candidates, for places that would stay empty.
    """
    slate = Slate()
    limits = Limits(steering.caps)
    taken: set[int] = set()
    row_of = {int(items[row]): row for row in order} if steering.pins else {}
    fixed: dict[int, Placed] = {}
    for pin in steering.pins:
        why = "" if why_not is None else why_not(pin.item)
        place = pin.place
        while place in fixed:
            place += 1
        if not why and (pin.item in taken or place >= n):
            why = "no_place"
        if not why and (line := limits.blocking(pin.item)) is not None:
            why = f"rule:{line}"
        if why:
            slate.unpinned.append((pin.item, pin.line, why))
            continue
        fixed[place] = Placed(pin.item, row_of.get(pin.item, -1), "pin", None, pin.line)
        taken.add(pin.item)
        limits.take(pin.item)
    rest = [row for row in order if int(items[row]) not in taken] if taken else list(order)
    free = [place for place in range(n) if place not in fixed]
    # As many places are tried out as there are candidates that would have had none.
    slots = min(slots, len(free), max(0, len(rest) - len(free)))
    tried = set(free[len(free) - slots :])
    drawn: dict[int, Placed] = {}
    generator = random.Random(seed)  # NumPy takes longer to seed than to draw a thousand numbers
    for place in free:
        if place in tried:
            found = _draw(items, rest, limits, generator, exposures, floor)
        else:
            found = _next(items, rest, limits, slate)
        if found is None:
            break
        drawn[place] = found
        limits.take(found.item)
        taken.add(found.item)
    filling = iter(more)
    for place in range(n):
        one = fixed.get(place) or drawn.get(place)
        if one is None:
            one = next(
                (Placed(item, -1, "fill") for item in filling if item not in taken and limits.blocking(item) is None),
                None,
            )
            if one is None:
                continue
            limits.take(one.item)
            taken.add(one.item)
        slate.placed.append(one)
    return slate


def _next(items: Int32, rest: list[int], limits: Limits, slate: Slate) -> Placed | None:
    """Takes the best of the rest that no cap blocks; those that one blocks are gone for this list."""
    while rest:
        row = rest.pop(0)
        item = int(items[row])
        line = limits.blocking(item)
        if line is None:
            return Placed(item, row, "rank")
        slate.capped.append((item, line))
    return None


def _draw(
    items: Int32, rest: list[int], limits: Limits, generator: random.Random, exposures: Exposures | None, floor: float
) -> Placed | None:
    """Takes one of the next candidates by chance, and says how likely it was."""
    allowed = rest[: 5 * EXPLORE_POOL]
    if limits.any:
        open_now = limits.open_among(items[allowed]).tolist()
        allowed = [row for row, free in zip(allowed, open_now, strict=True) if free]
    if not allowed:
        return None
    pool = allowed[:EXPLORE_POOL]
    if exposures is None or not exposures.enough:
        row = pool[generator.randrange(len(pool))]
        rest.remove(row)
        return Placed(int(items[row]), row, "explore", 1.0 / len(pool))
    chances = dict(zip(pool, _best_chances(exposures, items[pool]).tolist(), strict=True))
    under = [row for row in allowed if exposures.under[items[row]]][:EXPLORE_POOL]
    if under and floor > 0:
        chances = {row: (1 - floor) * chance for row, chance in chances.items()}
        for row in under:
            chances[row] = chances.get(row, 0.0) + floor / len(under)
    rows, weights = list(chances), list(chances.values())
    total = sum(weights)
    row = generator.choices(rows, weights)[0]
    rest.remove(row)
    return Placed(int(items[row]), row, "explore", chances[row] / total)


def _best_chances(exposures: Exposures, items: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float64]:
    """(m,) the chance that each has the highest click rate, as far as impressions and clicks tell, drawn a little towards even.

    Thompson sampling with its chances worked out instead of drawn (Thompson 1933; probability matching): beliefs are normal with the
    mean and spread of a beta distribution, P(i is best) = ∫ f_i Π_{j≠i} F_j, over a grid. What is logged is the very chance
    that was drawn with.
    """
    mean = min(max(exposures.rate, 1e-4), 0.5)
    a = exposures.clicked[items].astype(np.float64) + mean * PRIOR_SHOWN
    b = np.maximum(exposures.shown[items] - exposures.clicked[items], 0).astype(np.float64) + (1 - mean) * PRIOR_SHOWN
    centre, width = a / (a + b), np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
    grid = np.linspace(float((centre - 4 * width).min()), float((centre + 4 * width).max()), 96)
    z = (grid[None, :] - centre[:, None]) / width[:, None]
    log_below = np.log(np.maximum(ndtr(z), 1e-300))
    density = np.exp(-0.5 * z * z) / width[:, None]
    best = (density * np.exp(log_below.sum(axis=0)[None, :] - log_below)).sum(axis=1)
    total = best.sum()
    even = np.full(len(items), 1.0 / len(items))
    if not np.isfinite(total) or total <= 0:
        return even
    return np.asarray((1 - EXPLORE_FLOOR) * best / total + EXPLORE_FLOOR * even)
