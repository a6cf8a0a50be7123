"""What rules would do before they serve: lists that were asked for lately, made twice, with the rules as they are and as they would be.

Nothing is written and nobody is shown anything. Both lists of a pair are made of the same person, now, with the same seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from regulars.recommend.filters import Wishes
from regulars.recommend.rules.book import RuleBook
from regulars.recommend.service import Request, Serving, recommend
from regulars.schema import Decision
from regulars.store.database import Connection, Row
from regulars.store.people import Person, read_again

REQUESTS = 200
LOOK = 0.85  # share of those who look at a place who look at the next one too, for what a change may cost
RECENT = """
SELECT d.decision_id, d.surface, d.customer_id, d.visitor_id, d.context_product_id, cardinality(d.product_ids) AS n, d.seed,
       t.trace->'request' AS request
FROM decisions d LEFT JOIN decision_traces t USING (decision_id)
WHERE d.policy <> 'even' AND cardinality(d.product_ids) > 0 AND d.mode NOT IN ('content', 'search')
ORDER BY d.decision_id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it was made lately, by whom."""

    decision_id: str
    request: Request
    person: Person


@dataclass(frozen=True, slots=True)
class Pair:
    """One request answered twice. Product ids."""

    asked: Asked
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass
class Preview:
    """pairs: all that was asked. clicks: expected of all lists, before and after, by what each product's and place's clicks tell;
    None where there are too few clicks to say. gained, lost: product ids with how many lists they come into and go out of.
    """

    pairs: list[Pair] = field(default_factory=list)
    clicks: tuple[float, float] | None = None
    gained: dict[int, int] = field(default_factory=dict)
    lost: dict[int, int] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        return sum(pair.changed for pair in self.pairs)

    @property
    def shorter(self) -> int:
        """Lists that get shorter."""
        return sum(len(pair.after) < len(pair.before) for pair in self.pairs)

    @property
    def cost(self) -> float | None:
        """Share of the expected clicks that goes, negative where some come."""
        if self.clicks is None or self.clicks[0] <= 0:
            return None
        return 1 - self.clicks[1] / self.clicks[0]

    def by_surface(self) -> dict[str, tuple[int, int]]:
        """Lists asked for and lists changed, by surface."""
        found: dict[str, tuple[int, int]] = {}
        for pair in self.pairs:
            asked, changed = found.get(pair.asked.request.surface, (0, 0))
            found[pair.asked.request.surface] = (asked + 1, changed + pair.changed)
        return found


def recent(connection: Connection, serving: Serving, limit: int = REQUESTS) -> list[Asked]:
    """What was asked for last, with the people as they are now. Surfaces and products that are gone are left out."""
    rows = connection.execute(RECENT, (limit,)).fetchall()
    rows = [row for row in rows if row["surface"] in serving.surfaces]
    if not rows:
        return []
    people = read_again(connection, [(row["customer_id"], row["visitor_id"]) for row in rows])
    out = []
    for row, person in zip(rows, people, strict=True):
        request = _request(row)
        if serving.surfaces[request.surface].needs_product and request.context is None:
            continue
        out.append(Asked(str(row["decision_id"]), request, person))
    return out


def _request(row: Row) -> Request:
    kept: dict[str, Any] = row["request"] or {}
    wishes: dict[str, Any] = kept.get("wishes") or {}
    return Request(
        row["surface"],
        int(kept.get("n") or row["n"]),
        row["context_product_id"],
        Wishes(wishes.get("category"), wishes.get("brand"), wishes.get("min_price"), wishes.get("max_price")),
        tuple(kept.get("exclude") or ()),
        int(row["seed"]),
    )


def preview(
    serving: Serving,
    draft: RuleBook | None,
    asked: Sequence[Asked],
    now: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Preview:
    """Each request answered with the rules in force and with the draft."""
    return compare(serving, replace(serving, rules=draft), asked, now, progress)


def compare(
    serving: Serving,
    changed: Serving,
    asked: Sequence[Asked],
    now: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Preview:
    """Each request answered by what serves and by something else: other rules, another model, other settings."""
    out = Preview()
    chances = None
    if serving.exposures is not None and serving.exposures.enough:
        chances = serving.exposures.chances()
    before_clicks = after_clicks = 0.0
    for number, one in enumerate(asked):
        before = recommend(serving, one.request, one.person, now)
        after = recommend(changed, one.request, one.person, now)
        pair = Pair(one, _ids(before), _ids(after))
        out.pairs.append(pair)
        for product_id in set(pair.after) - set(pair.before):
            out.gained[product_id] = out.gained.get(product_id, 0) + 1
        for product_id in set(pair.before) - set(pair.after):
            out.lost[product_id] = out.lost.get(product_id, 0) + 1
        if chances is not None:
            before_clicks += _expected(serving, chances, pair.before)
            after_clicks += _expected(serving, chances, pair.after)
        if progress is not None:
            progress(number + 1, len(asked))
    if chances is not None:
        out.clicks = (before_clicks, after_clicks)
    return out


def _ids(decision: Decision) -> tuple[int, ...]:
    return tuple(action.product_id for action in decision.actions)


def _expected(serving: Serving, chances: Any, ids: Sequence[int]) -> float:
    total = 0.0
    for position, product_id in enumerate(ids):
        place = serving.catalogue.place.get(product_id)
        if place is not None:
            total += math.pow(LOOK, position) * float(chances[place])
    return total
