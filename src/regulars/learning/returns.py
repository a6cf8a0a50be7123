"""Learns what showing a product is worth for people's coming back: lists that were shown, and who came back within 28 days.

    lists of the first day of a person's block of 28 days  ─►  what their products are, on average (recommend/longterm.py's facts)
    returned within 28 days, or while that isn't ripe a surrogate index of the first week  ─►  the label
    label = what the person did before + what lists of this person are like anyway + Σ worth · fact  ─►  worth, by ridge regression,
    what isn't surely different from 0 set to 0

*What lists are like anyway*: the same facts of the model's own list for this person, and of an even list on average. Who knows few kinds is shown new ones by any
list, and comes less often: that isn't the list's doing. With both held, what is left is what chance decided: who got even lists, and what these drew
(Rosenbaum & Rubin 1983: adjusting for what the assignment depends on).

The *surrogate index* (Athey, Chetty, Imbens & Kang 2019) is the chance of coming back as the first seven days tell it, learned from people whose 28
days have passed. It is right where the first week carries all of what lists do; so its bias is measured on the latest ripe people, and told.
Who refused personalisation is left out.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from regulars.errors import NotEnoughData
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.dataset import Float32, Int32, Query
from regulars.recommend.longterm import FACTS, ReturnValue, facts
from regulars.recommend.model import Model
from regulars.recommend.slate import in_spreads
from regulars.schema.events import STRENGTHS, EventType
from regulars.store.labels import RETURN_AFTER, label_returns, read_events, sessions
from regulars.store.mirror import Mirror

Float64 = npt.NDArray[np.float64]
LEAST = 300  # ripe people without whom nothing is learned
MOST = 8_000  # blocks that are read, the newest: each costs a question to the model
FIRST_WEEK = timedelta(days=7)
BEFORE = timedelta(days=28)
HELD_OUT = 0.3  # the newest ripe blocks, on which the surrogate's bias is measured
RIDGE = 5.0
SURE = 2.0  # standard errors from 0 below which a fact is worth nothing
SHRUNK = 10.0  # imagined reviews or buyers at the shop's mean
SHOWN = 10  # first products of a list that count
DISCOUNT = 0.9  # of each place against the one before it
EVEN_OF = 500  # products over which an even list is averaged
PERSONAL = ("home", "cart", "email", "surprise", "after_purchase", "product", "alike", "goes_with")
COVARIATES = ("sessions before", "days since", "orders before", "days known")
SIGNALS = ("sessions in the first week", "days active", "clicks", "carts", "orders", "last day active")


@dataclass(frozen=True, slots=True)
class Blocks:
    """One row a person and block of 28 days. returned: NaN while it can't be known. before: (b, covariates). week: (b, signals),
    NaN while the first week isn't over. shown: (b, facts), the mean over the products of the first day's lists. anyway: (b, 2 · facts), of the
    model's own list for this person then, and of an even one on average.
    """

    person: npt.NDArray[np.int64]
    anchor: npt.NDArray[np.float64]
    returned: Float64
    before: Float64
    week: Float64
    shown: Float64
    anyway: Float64


def learn(
    mirror: Mirror,
    catalogue: Catalogue,
    model: Model,
    zone: str,
    now: datetime,
    refused: Sequence[int] = (),
) -> ReturnValue:
    """now: UTC, without a zone. Raises: NotEnoughData, saying how many people are ripe."""
    known = known_of(mirror, catalogue)
    blocks = read_blocks(mirror, catalogue, model, known, zone, now, refused)
    ripe = np.isfinite(blocks.returned)
    if int(ripe.sum()) < LEAST or len(np.unique(blocks.returned[ripe])) < 2:
        raise NotEnoughData(
            f"{int(ripe.sum())} people were shown lists 28 days ago or earlier; {LEAST} are needed to learn what brings them back.",
            hint="Nothing is lost: lists go by clicks until then.",
        )
    labels, surrogate = _labels(blocks, ripe)
    return fitted(blocks, labels, catalogue, known, surrogate)


def fitted(
    blocks: Blocks,
    labels: Float64,
    catalogue: Catalogue,
    known: dict[str, Float32],
    surrogate: dict[str, Any],
) -> ReturnValue:
    """The worth of each fact, from blocks with a label."""
    there = np.isfinite(labels) & np.isfinite(blocks.shown).all(axis=1)
    shown, y = blocks.shown[there], labels[there]
    before = np.column_stack([blocks.before[there], blocks.anyway[there]])
    means, widths = shown.mean(axis=0), shown.std(axis=0)
    widths[widths < 1e-6] = 1.0
    z = (shown - means) / widths
    covariates = (before - before.mean(axis=0)) / np.maximum(before.std(axis=0), 1e-6)
    design = np.column_stack([np.ones(len(y)), covariates, z])
    weights, errors = _ridge(design, y)
    own, own_errors = weights[-len(FACTS) :], errors[-len(FACTS) :]
    # A list of ten averages ten products' facts: one product moves the mean by a tenth of what it differs by.
    sure = np.abs(own) > SURE * own_errors
    kept = np.where(sure, own, 0.0)
    report = {
        "people": len(np.unique(blocks.person[there])),
        "blocks": int(there.sum()),
        "ripe": int(np.isfinite(blocks.returned).sum()),
        "returned": float(np.nanmean(blocks.returned)),
        "worth": {
            name: [float(value), float(error), bool(used)]
            for name, value, error, used in zip(FACTS, own, own_errors, sure, strict=True)
        },
        "surrogate": surrogate,
    }
    return ReturnValue(
        kept.astype(np.float32),
        means.astype(np.float32),
        widths.astype(np.float32),
        catalogue.product_ids,
        known,
        report,
    )


def _labels(blocks: Blocks, ripe: npt.NDArray[np.bool_]) -> tuple[Float64, dict[str, Any]]:
    """Returned where it is known, else the surrogate index; and how far off that is on people who were not learned from."""
    labels = blocks.returned.copy()
    week = np.isfinite(blocks.week).all(axis=1)
    order = np.argsort(blocks.anchor[ripe & week], kind="stable")
    rows = np.flatnonzero(ripe & week)[order]
    told: dict[str, Any] = {"learned_from": 0, "used_for": 0}
    if len(rows) < LEAST // 2:
        return labels, told
    cut = int(len(rows) * (1 - HELD_OUT))
    design = np.column_stack([np.ones(len(labels)), blocks.before, np.nan_to_num(blocks.week)])
    centre, width = design[rows[:cut]].mean(axis=0), design[rows[:cut]].std(axis=0)
    width[width < 1e-6] = 1.0
    centre[0], width[0] = 0.0, 1.0
    z = (design - centre) / width
    first = logistic(z[rows[:cut]], blocks.returned[rows[:cut]])
    later = rows[cut:]
    guess = _chance(z[later], first)
    truth = blocks.returned[later]
    whole = logistic(z[rows], blocks.returned[rows])
    young = np.flatnonzero(~ripe & week)
    labels[young] = _chance(z[young], whole)
    difference = guess - truth
    told = {
        "learned_from": len(rows),
        "used_for": len(young),
        "held_out": len(later),
        "bias": float(difference.mean()),
        "bias_error": float(difference.std() / np.sqrt(max(len(later), 1))),
        "auc": auc(guess, truth),
    }
    return labels, told


def logistic(design: Float64, y: Float64, ridge: float = 1.0, steps: int = 30) -> Float64:
    """(k,) weights of a logistic regression by Newton's method; the first column is the constant and isn't shrunk."""
    weights = np.zeros(design.shape[1])
    shrink = np.full(design.shape[1], ridge)
    shrink[0] = 1e-6
    for _ in range(steps):
        chance = _chance(design, weights)
        slope = design.T @ (y - chance) - shrink * weights
        bend = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(shrink)
        step = np.linalg.solve(bend, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def _chance(design: Float64, weights: Float64) -> Float64:
    return np.asarray(1 / (1 + np.exp(-np.clip(design @ weights, -30, 30))))


def auc(scores: Float64, labels: Float64) -> float:
    """The chance that somebody who came back has a higher score than somebody who didn't; 0.5 where all or nobody did."""
    positive, negative = scores[labels > 0.5], scores[labels <= 0.5]
    if not len(positive) or not len(negative):
        return 0.5
    both = np.concatenate([positive, negative])
    order = both.argsort(kind="stable")
    ranks = np.empty(len(both))
    ranks[order] = np.arange(1, len(both) + 1)
    # Equal scores share their ranks.
    values, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.bincount(inverse, weights=ranks, minlength=len(values)) / counts)[inverse]
    return float(
        (ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2) / (len(positive) * len(negative))
    )


def _ridge(design: Float64, y: Float64) -> tuple[Float64, Float64]:
    """Weights and their standard errors (heteroscedasticity-consistent, White 1980); the constant isn't shrunk."""
    shrink = np.full(design.shape[1], RIDGE)
    shrink[0] = 1e-6
    inverse = np.linalg.inv(design.T @ design + np.diag(shrink))
    weights = inverse @ design.T @ y
    left = y - design @ weights
    middle = (design * (left**2)[:, None]).T @ design
    return np.asarray(weights), np.asarray(np.sqrt(np.maximum(np.diag(inverse @ middle @ inverse), 1e-18)))


def known_of(mirror: Mirror, catalogue: Catalogue) -> dict[str, Float32]:
    """rating, buyers_return and popular of every product, (n,): drawn towards the shop's mean where little is known."""
    n = len(catalogue)
    with mirror.read() as connection:
        reviews = connection.execute(
            "SELECT product_id, avg(rating) AS mean, count(rating) AS many FROM reviews WHERE rating IS NOT NULL GROUP BY 1"
        ).fetchall()
        bought = connection.execute(
            """
            WITH lines AS (
                SELECT coalesce(customer_id, -visitor_id) AS person, placed_at, unnest(product_ids) AS product_id FROM orders
                WHERE status <> 'cancelled' AND coalesce(customer_id, visitor_id) IS NOT NULL
            ), days AS (SELECT DISTINCT person, placed_at FROM lines),
            followed AS (
                SELECT person, placed_at, lead(placed_at) OVER (PARTITION BY person ORDER BY placed_at) AS next FROM days
            ), last AS (SELECT max(placed_at) AS moment FROM lines)
            SELECT product_id, count(*) AS many,
                   count(*) FILTER (next IS NOT NULL AND next <= f.placed_at + INTERVAL 28 DAY) AS came
            FROM lines JOIN followed f USING (person, placed_at), last
            WHERE f.placed_at <= last.moment - INTERVAL 28 DAY AND product_id IS NOT NULL GROUP BY 1
            """
        ).fetchall()
        chosen = connection.execute(
            "SELECT product_id, count(*) FROM events WHERE type IN ('click', 'cart', 'purchase') AND product_id IS NOT NULL GROUP BY 1"
        ).fetchall()
    rating = _drawn(n, catalogue, [(product, mean * many, many) for product, mean, many in reviews])
    returning = _drawn(n, catalogue, [(product, came, many) for product, many, came in bought])
    popular = np.zeros(n, np.float32)
    for product, count in chosen:
        place = catalogue.place.get(product)
        if place is not None:
            popular[place] = np.log1p(count)
    return {"rating": rating, "buyers_return": returning, "popular": popular}


def _drawn(n: int, catalogue: Catalogue, rows: Sequence[tuple[int, float, float]]) -> Float32:
    """(n,) sums over counts, drawn towards the whole's mean by SHRUNK imagined ones."""
    total, count = sum(row[1] for row in rows), sum(row[2] for row in rows)
    mean = total / count if count else 0.0
    out = np.full(n, mean, np.float32)
    for product, some, many in rows:
        place = catalogue.place.get(product)
        if place is not None:
            out[place] = (some + mean * SHRUNK) / (many + SHRUNK)
    return out


def read_blocks(
    mirror: Mirror,
    catalogue: Catalogue,
    model: Model,
    known: dict[str, Float32],
    zone: str,
    now: datetime,
    refused: Sequence[int] = (),
) -> Blocks:
    """Every person's blocks of 28 days with what they were shown on the first day, the newest MOST."""
    lists = _lists(mirror).filter(~pl.col("person").is_in(list(refused)))
    events = read_events(mirror).filter(pl.col("at") <= now)
    exposures = lists.select("person", "at").filter(pl.col("at") <= now)
    blocks = label_returns(exposures, events, zone, now).sort("anchor", descending=True).head(MOST)
    per_list = {key[0]: rows for key, rows in lists.partition_by("person", as_dict=True).items()}
    told = _timelines(events)
    people, anchors, returned, before, week, shown, anyway = [], [], [], [], [], [], []
    drawn = _even(catalogue)
    for person, anchor, came in blocks.iter_rows():
        timeline = told.get(person)
        own = per_list.get(person)
        if timeline is None or own is None:
            continue
        first = own.filter((pl.col("at") >= anchor) & (pl.col("at") < anchor + RETURN_AFTER))
        told_of = _mean_facts(catalogue, model, known, timeline, first, drawn)
        if told_of is None:
            continue
        people.append(person)
        anchors.append(anchor.timestamp())
        returned.append(np.nan if came is None else float(came))
        before.append(timeline.before(anchor))
        week.append(timeline.week(anchor) if anchor + FIRST_WEEK <= now else [np.nan] * len(SIGNALS))
        shown.append(told_of[0])
        anyway.append(told_of[1])
    rows = len(people)
    return Blocks(
        np.array(people, np.int64),
        np.array(anchors, np.float64),
        np.array(returned, np.float64),
        np.array(before, np.float64).reshape(rows, len(COVARIATES)),
        np.array(week, np.float64).reshape(rows, len(SIGNALS)),
        np.array(shown, np.float64).reshape(rows, len(FACTS)),
        np.array(anyway, np.float64).reshape(rows, 2 * len(FACTS)),
    )


def _lists(mirror: Mirror) -> pl.DataFrame:
    """person, at, products: lists that were made for somebody, on the surfaces that are personal or beside a product."""
    names = ", ".join(f"'{name}'" for name in PERSONAL)
    with mirror.read() as connection:
        found = pl.from_arrow(
            connection.sql(
                'SELECT coalesce(customer_id, -visitor_id) AS person, "at", product_ids AS products FROM decisions'
                f" WHERE coalesce(customer_id, visitor_id) IS NOT NULL AND len(product_ids) > 0 AND surface IN ({names})"
            ).to_arrow_table()
        )
    assert isinstance(found, pl.DataFrame)
    return found.sort("person", "at")


@dataclass(slots=True)
class _Timeline:
    """What one person did. moments ascending; kinds and products beside them. starts: of human sessions."""

    moments: list[datetime]
    kinds: list[str]
    products: list[int | None]
    starts: list[datetime]

    def before(self, anchor: datetime) -> list[float]:
        """COVARIATES at this moment."""
        end = bisect.bisect_left(self.starts, anchor)
        begin = bisect.bisect_left(self.starts, anchor - BEFORE)
        at = bisect.bisect_left(self.moments, anchor)
        orders = sum(1 for kind in self.kinds[:at] if kind == EventType.PURCHASE)
        since = (anchor - self.starts[end - 1]).total_seconds() / 86_400 if end else 60.0
        known = (anchor - self.moments[0]).total_seconds() / 86_400 if at else 0.0
        return [float(np.log1p(end - begin)), float(np.log1p(since)), float(np.log1p(orders)), float(np.log1p(known))]

    def week(self, anchor: datetime) -> list[float]:
        """SIGNALS of the first week."""
        opens, closes = anchor + RETURN_AFTER, anchor + FIRST_WEEK
        begin, end = bisect.bisect_right(self.starts, opens), bisect.bisect_right(self.starts, closes)
        days = {start.date() for start in self.starts[begin:end]}
        first, last = bisect.bisect_left(self.moments, anchor), bisect.bisect_right(self.moments, closes)
        kinds = self.kinds[first:last]
        counts = [kinds.count(kind) for kind in (EventType.CLICK, EventType.CART, EventType.PURCHASE)]
        latest = (self.starts[end - 1] - anchor).total_seconds() / 86_400 if end > begin else 0.0
        return [float(np.log1p(end - begin)), float(len(days)), *(float(np.log1p(count)) for count in counts), latest]

    def history(self, moment: datetime, catalogue: Catalogue) -> tuple[list[int], list[float], list[float]]:
        """Positions, ages in days and strengths of what they did until then, oldest first."""
        end = bisect.bisect_left(self.moments, moment)
        items, ages, strengths = [], [], []
        for at, kind, product in zip(
            self.moments[max(0, end - 400) : end],
            self.kinds[max(0, end - 400) : end],
            self.products[max(0, end - 400) : end],
            strict=True,
        ):
            place = catalogue.place.get(product) if product is not None and kind in STRENGTHS else None
            if place is not None:
                items.append(place)
                ages.append((moment - at).total_seconds() / 86_400)
                strengths.append(STRENGTHS[kind])
        return items[-200:], ages[-200:], strengths[-200:]

    def tired(self, moment: datetime, catalogue: Catalogue) -> dict[int, int]:
        """How often each product was shown until then and not followed, by position: as store.people.Person.shown has it."""
        end = bisect.bisect_left(self.moments, moment)
        shown: dict[int, int] = {}
        touched: set[int] = set()
        left = 400
        for kind, product in zip(reversed(self.kinds[:end]), reversed(self.products[:end]), strict=True):
            place = catalogue.place.get(product) if product is not None else None
            if place is None:
                continue
            if kind == EventType.IMPRESSION and left:
                left -= 1
                shown[place] = shown.get(place, 0) + 1
            elif kind in STRENGTHS:
                touched.add(place)
        return {place: count for place, count in shown.items() if count > 1 and place not in touched}


def _timelines(events: pl.DataFrame) -> dict[int, _Timeline]:
    """By person."""
    begun = sessions(events.select("person", "type", "at")).filter(pl.col("human"))
    starts = {key[0]: rows["start"].to_list() for key, rows in begun.partition_by("person", as_dict=True).items()}
    out = {}
    # Who searches is shown what was asked for: that tires nobody.
    events = events.filter((pl.col("type") != EventType.IMPRESSION.value) | (pl.col("surface").ne_missing("search")))
    for key, rows in events.sort("person", "at").partition_by("person", as_dict=True).items():
        person = key[0]
        out[person] = _Timeline(
            rows["at"].to_list(), rows["type"].to_list(), rows["product_id"].to_list(), starts.get(person, [])
        )
    return out


def _even(catalogue: Catalogue) -> Int32:
    """Positions of what an even list is drawn from, EVEN_OF of them where there are more."""
    free = np.flatnonzero(catalogue.for_sale & catalogue.in_stock).astype(np.int32)
    return free if len(free) <= EVEN_OF else np.sort(np.random.default_rng(0).choice(free, EVEN_OF, replace=False))


def _mean_facts(
    catalogue: Catalogue,
    model: Model,
    known: dict[str, Float32],
    timeline: _Timeline,
    lists: pl.DataFrame,
    drawn: Int32,
) -> tuple[Float64, Float64] | None:
    """(facts,) the mean over the products of these lists, the first places counting most; and (2 · facts,) of the model's own list
    then, and over `drawn`. None where nothing of the lists is known.
    """
    if lists.height == 0:
        return None
    moment = lists["at"][0]
    items, ages, strengths = timeline.history(moment, catalogue)
    tired = timeline.tired(moment, catalogue)
    history = np.array(items, np.int32)
    found = model.retrieve(Query(history, np.array(ages, np.float32), np.array(strengths, np.float32)))
    fit_of = dict(zip(found.items.tolist(), in_spreads(found.scores).tolist(), strict=True))
    lowest = min(fit_of.values(), default=0.0)

    def told(places: Sequence[int]) -> Float32:
        fit = np.array([fit_of.get(place, lowest) for place in places], np.float32)
        return facts(catalogue, history, tired, np.array(places, np.int32), fit, known)

    rows, weights = [], []
    for _, _, products in lists.head(4).iter_rows():
        places = [place for product in products[:SHOWN] if (place := catalogue.place.get(product)) is not None]
        if places:
            rows.append(told(places))
            weights.append(DISCOUNT ** np.arange(len(places)))
    if not rows:
        return None
    mean = np.average(np.concatenate(rows).astype(np.float64), axis=0, weights=np.concatenate(weights))
    own = found.items[~np.isin(found.items, history)][:SHOWN].tolist()
    would = np.average(told(own), axis=0, weights=DISCOUNT ** np.arange(len(own))) if own else np.zeros(len(FACTS))
    even = told(drawn.tolist()).mean(axis=0) if len(drawn) else np.zeros(len(FACTS))
    return mean, np.concatenate([would, even]).astype(np.float64)


__all__ = ["LEAST", "Blocks", "auc", "fitted", "known_of", "learn", "logistic", "read_blocks"]
