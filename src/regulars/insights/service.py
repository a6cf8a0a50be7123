"""What shoppers do, in figures: each by its one definition, counted from the mirror. Knows no page.

Counted with DuckDB over the columnar copy, in one thread of its own: ten million events take seconds there, and the API's
database isn't asked. A result is kept for a minute, longer where counting took long. Days are the shop's. A *person* is a
customer, else a visitor; a *visit* is any event that isn't passive (an impression, an e-mail that was sent or opened).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from regulars.experiments.statistics import Rate
from regulars.insights import queries
from regulars.insights.queries import RETURN_DAYS
from regulars.schema.money import exponent_of
from regulars.store import records
from regulars.store.database import Database, Row
from regulars.store.identity import names_of
from regulars.store.mirror import Mirror
from regulars.store.shop import read

FRESH_SECONDS = 60.0
KEPT_TIMES = 20  # a count that took long is kept longer: at most a twentieth of the time goes into counting
PERIODS = (7, 28, 90)
MAX_ROWS = 200  # rows shown behind a figure
THREADS = 1  # the other cores answer shoppers


@dataclass(frozen=True, slots=True)
class Period:
    """The last `days` days in the shop's zone, today included, and as many before. Times are UTC without a zone."""

    days: int
    zone: str
    now: datetime
    first: date
    starts: datetime
    bounds: list[tuple[int, datetime]]

    @classmethod
    def ending(cls, now: datetime, days: int, zone: str) -> Period:
        """now: with a zone. `bounds` numbers the days from 2·RETURN_DAYS before the period before."""
        here = ZoneInfo(zone)
        today = now.astimezone(here).date()
        first = today - timedelta(days=days - 1)

        def begins(day: date) -> datetime:
            return datetime(day.year, day.month, day.day, tzinfo=here).astimezone(UTC).replace(tzinfo=None)

        reach = 2 * days + 2 * RETURN_DAYS
        bounds = [(-back, begins(today - timedelta(days=back))) for back in range(reach, -1, -1)]
        plain = now.astimezone(UTC).replace(tzinfo=None)
        return cls(days, zone, plain, first, begins(first), bounds)

    @property
    def dates(self) -> list[date]:
        return [self.first + timedelta(days=step) for step in range(self.days)]


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure now and in the period before; None where it can't be said."""

    now: float | None
    before: float | None

    @property
    def change(self) -> float | None:
        """0.1 is a tenth more than before."""
        return None if self.now is None or not self.before else self.now / self.before - 1


@dataclass(slots=True)
class Overview:
    """Everything on the overview. Lists hold a value a day of the period, oldest first."""

    period: Period
    as_of: float
    currency: str
    exponent: int
    visitors: Pair
    came_back: int
    orders: Pair
    revenue: Pair
    other_currencies: int
    daily: Pair
    weekly: Pair
    monthly: Pair
    stickiness: Pair
    returned: Rate
    after_lists: bool
    attributed: Rate
    days_active: list[int]
    days_monthly: list[int]
    days_orders: list[int]
    days_revenue: list[float]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Funnel:
    """What became of one surface's lists: distinct pairs of list and product."""

    surface: str
    lists: int
    impressions: int
    clicks: int
    carts: int
    orders: int

    def rate(self, step: str) -> Rate:
        return Rate(getattr(self, step), self.impressions)


@dataclass(slots=True)
class _Kept:
    until: float
    value: Any
    lock: threading.Lock = field(default_factory=threading.Lock)


class Insights:
    """Figures of one shop. Methods block: call them through `off_the_loop`."""

    def __init__(self, database: Database, mirror: Mirror, clock: Callable[[], datetime] | None = None) -> None:
        self._database = database
        self.mirror = mirror
        self._clock = clock or (lambda: datetime.now(UTC))
        self._kept: dict[tuple[Any, ...], _Kept] = {}
        self._guard = threading.Lock()
        self._syncing = threading.Lock()

    def overview(self, days: int) -> Overview:
        """Raises: DatabaseUnavailable."""
        return cast(Overview, self._once(("overview", days), lambda: self._overview(days)))

    def counts(self) -> Row:
        """How much of everything the store holds. Raises: DatabaseUnavailable."""

        def count() -> Row:
            with self._database.connect(autocommit=True) as connection:
                return records.counts(connection)

        return cast(Row, self._once(("counts",), count))

    def funnels(self, days: int) -> list[Funnel]:
        """Impressions → clicks → carts → orders of each surface. Raises: DatabaseUnavailable."""
        return cast(list[Funnel], self._once(("funnels", days), lambda: self._funnels(days)))

    def rows(self, figure: str, days: int) -> list[Row]:
        """What a figure counts, newest or largest first, at most MAX_ROWS; people and orders with their names.

        Raises: DatabaseUnavailable.
        """
        return cast(list[Row], self._once(("rows", figure, days), lambda: self._rows(figure, days)))

    def _once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """Two who ask for the same at once wait for one count."""
        with self._guard:
            kept = self._kept.setdefault(key, _Kept(0.0, None))
        with kept.lock:
            if time.monotonic() > kept.until or kept.value is None:
                began = time.monotonic()
                kept.value = make()
                now = time.monotonic()
                kept.until = now + max(FRESH_SECONDS, KEPT_TIMES * (now - began))
            return kept.value

    def forget(self) -> None:
        """The next question is counted anew."""
        with self._guard:
            self._kept.clear()

    def _synced(self) -> float:
        """Brings the mirror up to date when it is older than a minute. Returns when it was."""
        with self._syncing:
            at = self.mirror.synced_at
            if at is None or time.time() - at > FRESH_SECONDS:
                self.mirror.sync(self._database)
                at = self.mirror.synced_at
        return at or time.time()

    def _period(self, days: int) -> tuple[Period, str]:
        with self._database.connect(autocommit=True) as connection:
            settings = read(connection).settings
        return Period.ending(self._clock(), days, settings.zone), settings.currency

    def _overview(self, days: int) -> Overview:
        began = time.perf_counter()
        as_of = self._synced()
        period, currency = self._period(days)
        with self.mirror.read(threads=THREADS) as mirror:
            queries.prepare(mirror, period.bounds, period.now)
            visitors, visitors_before = queries.visitors(mirror, period)
            came_back = queries.came_back(mirror, days)
            active = queries.active_days(mirror, days)
            sold = queries.sold(mirror, period, currency)
            returned, shown = queries.returned(mirror, period)
            attributed = queries.attributed(mirror, period)
            by_day = queries.sold_by_day(mirror, days, currency)
        exponent = exponent_of(currency)
        return Overview(
            period=period,
            as_of=as_of,
            currency=currency,
            exponent=exponent,
            visitors=Pair(visitors, visitors_before),
            came_back=came_back,
            orders=Pair(sold["orders"], sold["orders_before"]),
            revenue=Pair(sold["revenue"], sold["revenue_before"]),
            other_currencies=sold["others"],
            daily=Pair(active.daily, active.daily_before),
            weekly=Pair(active.weekly, active.weekly_before),
            monthly=Pair(active.monthly, active.monthly_before),
            stickiness=Pair(active.stickiness, active.stickiness_before),
            returned=returned,
            after_lists=shown,
            attributed=Rate(attributed, int(sold["orders"])),
            days_active=active.per_day,
            days_monthly=active.monthly_per_day,
            days_orders=[int(row[0]) for row in by_day],
            days_revenue=[row[1] / 10**exponent for row in by_day],
            seconds=time.perf_counter() - began,
        )

    def _funnels(self, days: int) -> list[Funnel]:
        self._synced()
        period, _ = self._period(days)
        with self.mirror.read(threads=THREADS) as mirror:
            found = queries.funnels(mirror, period)
        return [Funnel(*row) for row in found]

    def _rows(self, figure: str, days: int) -> list[Row]:
        self._synced()
        period, _ = self._period(days)
        with self.mirror.read(threads=THREADS) as mirror:
            queries.prepare(mirror, period.bounds, period.now)
            found = queries.rows(mirror, figure, period, MAX_ROWS)
        return self._named(found)

    def _named(self, found: list[Row]) -> list[Row]:
        """Puts the world's names beside our ids: `who` for `person`, `number` for `order`."""
        customers = {row["person"] for row in found if row.get("person") is not None and row["person"] > 0}
        visitors = {-row["person"] for row in found if row.get("person") is not None and row["person"] < 0}
        orders = {row["order_id"] for row in found if row.get("order_id") is not None}
        with self._database.connect(autocommit=True) as connection:
            names = {
                **names_of(connection, "customer", list(customers)),
                **{-key: name for key, name in names_of(connection, "visitor", list(visitors)).items()},
            }
            numbers = names_of(connection, "order", list(orders))
        for row in found:
            if row.get("person") is not None:
                name = names.get(row["person"])
                row["who"] = name.value if name else "?"
                row["customer"] = row["person"] > 0
            if row.get("order_id") is not None:
                number = numbers.get(row["order_id"])
                row["number"] = number.value if number else "?"
        return found


async def off_the_loop(function: Callable[..., Any], *values: Any) -> Any:
    """Counts in a thread, so that nobody who asks for a list waits."""
    return await asyncio.to_thread(function, *values)
