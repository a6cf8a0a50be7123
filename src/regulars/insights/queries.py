"""The counting itself: SQL over the mirror's views. Times are UTC without a zone; days are numbered, today is 0.

`prepare` makes what most figures share. Names never occur here: people and orders are our ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import duckdb

from regulars.experiments.statistics import Rate
from regulars.schema.events import PASSIVE, EventType

if TYPE_CHECKING:
    from regulars.insights.service import Period

Mirror = duckdb.DuckDBPyConnection

# As in store/labels.py, which brings Polars with it; a test holds them equal.
ATTRIBUTION_DAYS = 7
RETURN_DAYS = 28

_PASSIVE = ", ".join(f"'{kind.value}'" for kind in sorted(PASSIVE))
_CLICKS = f"('{EventType.CLICK.value}', '{EventType.EMAIL_CLICK.value}')"
_PERSON = "coalesce(customer_id, -visitor_id)"
_WEEK, _MONTH = 7, RETURN_DAYS
# One purchase: its order's number, or what one person bought at one moment.
_ORDER_KEY = (
    f"coalesce(order_id::VARCHAR, {_PERSON}::VARCHAR || '@' || epoch_us(occurred_at)::VARCHAR, event_id::VARCHAR)"
)


@dataclass(frozen=True, slots=True)
class Active:
    """People with a visit: a day (the mean of 28), in 7 days, in 28 days; at the period's end and one period before."""

    daily: float
    daily_before: float
    weekly: int
    weekly_before: int
    monthly: int
    monthly_before: int
    per_day: list[int]
    monthly_per_day: list[int]

    @property
    def stickiness(self) -> float | None:
        return self.daily / self.monthly if self.monthly else None

    @property
    def stickiness_before(self) -> float | None:
        return self.daily_before / self.monthly_before if self.monthly_before else None


def prepare(mirror: Mirror, bounds: list[tuple[int, datetime]], now: datetime) -> None:
    """days: number, start. visits: a row a person and day, with the first time. purchases: what was bought, by order."""
    mirror.execute("CREATE TEMP TABLE days (day INTEGER, starts TIMESTAMP)")
    mirror.executemany("INSERT INTO days VALUES (?, ?)", [list(bound) for bound in bounds])
    mirror.execute(
        f"CREATE TEMP TABLE visits AS SELECT {_PERSON} AS person, d.day, min(occurred_at) AS first_at, count(*) AS events"
        f" FROM events e ASOF JOIN days d ON e.occurred_at >= d.starts"
        f" WHERE e.type NOT IN ({_PASSIVE}) AND {_PERSON} IS NOT NULL AND e.occurred_at < ? AND e.occurred_at >= ?"
        " GROUP BY ALL",
        [now, bounds[0][1]],
    )
    mirror.execute(
        f"""
        CREATE TEMP TABLE sold AS
        WITH lines AS (
            SELECT order_id, sum(quantity * price) AS total FROM (
                SELECT order_id, unnest(quantities) AS quantity, unnest(unit_prices) AS price FROM orders
                WHERE total IS NULL AND known AND placed_at >= ?
            ) GROUP BY order_id
        ), stated AS (
            SELECT o.order_id::VARCHAR AS key, o.order_id, {_PERSON} AS person, placed_at AS bought_at, currency,
                   coalesce(o.total, l.total, 0) AS total
            FROM orders o LEFT JOIN lines l USING (order_id)
            WHERE known AND status <> 'cancelled' AND placed_at >= ? AND placed_at < ?
        ), told AS (
            SELECT {_ORDER_KEY} AS key, any_value(order_id) AS order_id, any_value({_PERSON}) AS person,
                   min(occurred_at) AS bought_at, any_value(currency) AS currency,
                   sum(coalesce(amount, 0)::BIGINT * coalesce(quantity, 1)) AS total
            FROM events
            WHERE type = 'purchase' AND occurred_at >= ? AND occurred_at < ?
              AND (order_id IS NULL OR order_id NOT IN (
                    SELECT order_id FROM orders WHERE known
                    UNION ALL SELECT order_id FROM events WHERE type = 'cancel' AND order_id IS NOT NULL))
            GROUP BY 1
        )
        SELECT key, order_id, person, bought_at, currency, total::BIGINT AS total, day FROM (
            SELECT * FROM stated UNION ALL SELECT * FROM told
        ) s ASOF JOIN days d ON s.bought_at >= d.starts
        """,
        [bounds[0][1], bounds[0][1], now, bounds[0][1], now],
    )


def _one(mirror: Mirror, statement: str, values: dict[str, Any]) -> tuple[Any, ...]:
    row = mirror.execute(statement, values).fetchone()
    assert row is not None
    return tuple(row)


def visitors(mirror: Mirror, period: Period) -> tuple[int, int]:
    """People with a visit in the period, and in the one before up to the same hour."""
    row = _one(
        mirror,
        "SELECT count(DISTINCT person) FILTER (WHERE day > -$days),"
        " count(DISTINCT person) FILTER (WHERE day > -2 * $days AND day <= -$days AND first_at < $cut) FROM visits",
        {"days": period.days, "cut": period.now - timedelta(days=period.days)},
    )
    return int(row[0]), int(row[1])


def came_back(mirror: Mirror, days: int) -> int:
    """People with a visit in the period who had been there on an earlier day, at most 28 days before the period."""
    row = _one(
        mirror,
        "SELECT count(*) FROM (SELECT person FROM visits WHERE day > -$days - $reach GROUP BY person"
        " HAVING count(*) > 1 AND max(day) > -$days)",
        {"days": days, "reach": RETURN_DAYS},
    )
    return int(row[0])


def active_days(mirror: Mirror, days: int) -> Active:
    """Each visit counts for its person until the window is over or the next visit begins it anew: one pass a window."""
    mirror.execute(
        "CREATE TEMP TABLE next AS SELECT day, lead(day) OVER (PARTITION BY person ORDER BY day) AS following FROM visits"
    )
    found = {
        window: dict(
            mirror.execute(
                "SELECT day, sum(change)::BIGINT FROM (SELECT day, count(*) AS change FROM next GROUP BY day UNION ALL"
                " SELECT least(day + $window, coalesce(following, day + $window)), -count(*) FROM next GROUP BY 1) GROUP BY day",
                {"window": window},
            ).fetchall()
        )
        for window in (1, _WEEK, _MONTH)
    }
    first = min(found[1], default=0)
    start = min(first, 1 - 2 * days - _MONTH)
    numbers = range(start, 1)
    counts = {
        window: dict(zip(numbers, accumulate(int(changes.get(day, 0)) for day in numbers), strict=True))
        for window, changes in found.items()
    }

    def mean(end: int) -> float:
        known = [counts[1][day] for day in range(max(end - _MONTH + 1, first), end + 1)]
        return sum(known) / len(known) if known else 0.0

    shown = range(1 - days, 1)
    return Active(
        mean(0),
        mean(-days),
        counts[_WEEK][0],
        counts[_WEEK][-days],
        counts[_MONTH][0],
        counts[_MONTH][-days],
        [counts[1][day] for day in shown],
        [counts[_MONTH][day] for day in shown],
    )


def sold(mirror: Mirror, period: Period, currency: str) -> dict[str, int]:
    """Orders and revenue (minor units of the shop's currency), now and before up to the same hour; orders in others."""
    row = _one(
        mirror,
        """
        SELECT count(*) FILTER (WHERE day > -$days), count(*) FILTER (WHERE day > -2 * $days AND day <= -$days AND bought_at < $cut),
               coalesce(sum(total) FILTER (WHERE day > -$days AND coalesce(currency, $currency) = $currency), 0),
               coalesce(sum(total) FILTER (WHERE day > -2 * $days AND day <= -$days AND bought_at < $cut
                                           AND coalesce(currency, $currency) = $currency), 0),
               count(*) FILTER (WHERE day > -$days AND currency <> $currency)
        FROM sold
        """,
        {"days": period.days, "cut": period.now - timedelta(days=period.days), "currency": currency},
    )
    names = ("orders", "orders_before", "revenue", "revenue_before", "others")
    return {name: int(value) for name, value in zip(names, row, strict=True)}


def sold_by_day(mirror: Mirror, days: int, currency: str) -> list[tuple[int, int]]:
    """Orders and revenue of each day of the period, oldest first."""
    found = mirror.execute(
        "SELECT day, count(*), coalesce(sum(total) FILTER (WHERE coalesce(currency, $currency) = $currency), 0)::BIGINT"
        " FROM sold WHERE day > -$days GROUP BY day",
        {"days": days, "currency": currency},
    ).fetchall()
    by_day = {row[0]: (int(row[1]), int(row[2])) for row in found}
    return [by_day.get(day, (0, 0)) for day in range(1 - days, 1)]


_ATTRIBUTED = f"""
    WITH bought AS (
        SELECT {_ORDER_KEY} AS key, {_PERSON} AS person, product_id, occurred_at AS bought_at, decision_id FROM events
        WHERE type = 'purchase' AND occurred_at >= $starts AND occurred_at < $now
    ), clicked AS (
        SELECT {_PERSON} AS person, product_id, occurred_at AS clicked_at FROM events
        WHERE type IN {_CLICKS} AND decision_id IS NOT NULL
          AND occurred_at >= $starts - to_days({ATTRIBUTION_DAYS}) AND occurred_at < $now
    )
    SELECT key FROM bought WHERE decision_id IS NOT NULL
    UNION SELECT b.key FROM bought b JOIN clicked c USING (person, product_id)
          WHERE b.bought_at >= c.clicked_at AND b.bought_at <= c.clicked_at + to_days({ATTRIBUTION_DAYS})
"""


def attributed(mirror: Mirror, period: Period) -> int:
    """Orders of the period in which at least one product came from a list (store/labels.py: ordered)."""
    row = _one(
        mirror,
        f"SELECT count(*) FROM sold WHERE day > -{int(period.days)} AND key IN ({_ATTRIBUTED})",
        {"starts": period.starts, "now": period.now},
    )
    return int(row[0])


def _returns(mirror: Mirror, period: Period) -> tuple[Any, bool]:
    """A frame person, anchor, returned of the windows that ended in the period; and whether lists were the anchors.

    While no list was shown 28 days ago, the first visit of a day stands in for it: a new shop learns its rate too.
    """
    import polars as pl  # here: serving imports this module and counts only when somebody looks

    from regulars.store.labels import label_returns

    def frame(statement: str, **values: Any) -> pl.DataFrame:
        made = pl.from_arrow(mirror.execute(statement, values or None).to_arrow_table())
        assert isinstance(made, pl.DataFrame)
        return made

    opened = period.starts - timedelta(days=RETURN_DAYS)
    shown = True
    exposures = frame(
        f'SELECT {_PERSON} AS person, "at" FROM decisions WHERE {_PERSON} IN'
        f' (SELECT {_PERSON} FROM decisions WHERE "at" >= $opened)',
        opened=opened,
    )
    closed = period.now - timedelta(days=RETURN_DAYS)
    if exposures.filter(pl.col("at") < closed).is_empty():
        shown = False
        exposures = frame('SELECT person, first_at AS "at" FROM visits')
    if exposures.is_empty():
        return pl.DataFrame({"person": [], "anchor": [], "returned": []}), shown
    mirror.register("asked", exposures.select("person").unique().to_arrow())
    seen = frame(
        f'SELECT {_PERSON} AS person, type, occurred_at AS "at" FROM events'
        f" WHERE occurred_at >= $opened AND occurred_at < $now AND {_PERSON} IN (SELECT person FROM asked)",
        opened=opened - timedelta(days=1),
        now=period.now,
    )
    labelled = label_returns(exposures, seen, period.zone, period.now)
    return labelled.filter((pl.col("anchor") >= opened) & pl.col("returned").is_not_null()), shown


def returned(mirror: Mirror, period: Period) -> tuple[Rate, bool]:
    """Returned within 28 days, and whether it was after a list (else after a visit)."""
    labelled, shown = _returns(mirror, period)
    return Rate(int(labelled["returned"].sum() or 0) if len(labelled) else 0, len(labelled)), shown


def funnels(mirror: Mirror, period: Period) -> list[tuple[str, int, int, int, int, int]]:
    """surface, lists, impressions, clicks, carts, orders: distinct pairs of list and product of lists made in the period.

    A cart or purchase counts when it names the list, or follows the same person's click within ATTRIBUTION_DAYS. Who clicked
    has seen: an ad blocker that hides the impression doesn't make a rate above one.
    """
    found = mirror.execute(
        f"""
        WITH made AS (SELECT decision_id, surface FROM decisions WHERE "at" >= $starts AND "at" < $now),
        named AS (
            SELECT decision_id, product_id, {_PERSON} AS person,
                   min(occurred_at) FILTER (WHERE type IN {_CLICKS}) AS clicked,
                   bool_or(type = 'cart') AS cart, bool_or(type = 'purchase') AS bought
            FROM events WHERE decision_id IS NOT NULL AND product_id IS NOT NULL AND occurred_at >= $starts
            GROUP BY ALL
        ), followed AS (
            SELECT n.decision_id, n.product_id, bool_or(e.type = 'cart') AS cart, bool_or(e.type = 'purchase') AS bought
            FROM named n JOIN (
                SELECT {_PERSON} AS person, product_id, occurred_at, type FROM events
                WHERE type IN ('cart', 'purchase') AND occurred_at >= $starts
            ) e USING (person, product_id)
            WHERE n.clicked IS NOT NULL AND e.occurred_at >= n.clicked AND e.occurred_at <= n.clicked + to_days({ATTRIBUTION_DAYS})
            GROUP BY ALL
        ), pairs AS (
            SELECT decision_id, product_id, bool_or(clicked IS NOT NULL) AS click,
                   bool_or(n.cart OR coalesce(f.cart, false)) AS cart, bool_or(n.bought OR coalesce(f.bought, false)) AS bought
            FROM named n LEFT JOIN followed f USING (decision_id, product_id) GROUP BY ALL
        )
        SELECT surface, count(DISTINCT m.decision_id), count(p.decision_id), count(*) FILTER (WHERE p.click),
               count(*) FILTER (WHERE p.cart), count(*) FILTER (WHERE p.bought)
        FROM made m LEFT JOIN pairs p USING (decision_id) GROUP BY surface ORDER BY 2 DESC, surface
        """,
        {"starts": period.starts, "now": period.now},
    ).fetchall()
    return [(row[0], *map(int, row[1:])) for row in found]


_ROWS = {
    "visitors": "SELECT person, max(first_at) AS last, count(*) AS days, sum(events)::BIGINT AS events FROM visits"
    " WHERE day > -$days GROUP BY person ORDER BY last DESC",
    "came_back": "SELECT person, max(first_at) AS last, count(*) AS days, sum(events)::BIGINT AS events FROM visits"
    " WHERE day > -$days - 28 GROUP BY person HAVING count(*) > 1 AND max(day) > -$days ORDER BY last DESC",
    "monthly": "SELECT person, max(first_at) AS last, count(*) AS days, sum(events)::BIGINT AS events FROM visits"
    " WHERE day > -28 GROUP BY person ORDER BY days DESC, last DESC",
    "weekly": "SELECT person, max(first_at) AS last, count(*) AS days, sum(events)::BIGINT AS events FROM visits"
    " WHERE day > -7 GROUP BY person ORDER BY days DESC, last DESC",
    "daily": "SELECT min(first_at) AS last, count(*) AS people, sum(events)::BIGINT AS events FROM visits"
    " WHERE day > -28 GROUP BY day ORDER BY day DESC",
    "orders": "SELECT order_id, person, bought_at AS last, currency, total FROM sold WHERE day > -$days ORDER BY bought_at DESC",
    "revenue": "SELECT order_id, person, bought_at AS last, currency, total FROM sold WHERE day > -$days ORDER BY total DESC",
}
FIGURES = (*_ROWS, "stickiness", "returned", "attributed")


def rows(mirror: Mirror, figure: str, period: Period, most: int) -> list[dict[str, Any]]:
    """What a figure counts. figure: one of FIGURES."""
    if figure == "returned":
        labelled, _ = _returns(mirror, period)
        if not len(labelled):
            return []
        return list(
            labelled.sort("anchor", descending=True).head(most).rename({"anchor": "last"}).iter_rows(named=True)
        )
    values: dict[str, Any]
    if figure == "attributed":
        statement = (
            f"SELECT order_id, person, bought_at AS last, currency, total FROM sold WHERE day > -{int(period.days)}"
            f" AND key IN ({_ATTRIBUTED}) ORDER BY bought_at DESC"
        )
        values = {"starts": period.starts, "now": period.now}
    else:
        statement = _ROWS["daily" if figure == "stickiness" else figure]
        values = {"days": period.days} if "$days" in statement else {}
    cursor = mirror.execute(f"{statement} LIMIT {int(most)}", values or None)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
