"""The figures, against a second count made the plain way; and their definitions on small histories."""

from __future__ import annotations

import doctest
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from regulars.experiments import statistics
from regulars.experiments.statistics import Rate
from regulars.insights import queries
from regulars.insights.service import Insights
from regulars.insights.steps import read_steps
from regulars.schema import Order
from regulars.schema.events import PASSIVE
from regulars.shop import Shop
from regulars.store import labels, records, rows

ZONE = "Asia/Shanghai"
NOW = datetime(2026, 3, 20, 10, 0, tzinfo=UTC)


def insights(shop: Shop, now: datetime = NOW) -> Insights:
    return Insights(shop.database, shop.mirror, lambda: now)


def at(days: float, hours: float = 0) -> str:
    return (NOW - timedelta(days=days, hours=hours)).isoformat()


def view(person: str, days: float, hours: float = 0, **more: Any) -> dict[str, Any]:
    return {"type": "view", "customer": person, "product": "tea", "occurred_at": at(days, hours), **more}


@pytest.fixture
def zoned(shop: Shop) -> Shop:
    shop.change_settings(zone=ZONE, currency="CNY")
    return shop


def test_the_doctests() -> None:
    assert doctest.testmod(statistics).failed == 0


def test_the_definitions_are_the_labels_own() -> None:
    assert queries.RETURN_DAYS == labels.RETURN_DAYS
    assert queries.ATTRIBUTION_DAYS == labels.ATTRIBUTION_DAYS


def test_wilson_at_the_ends() -> None:
    assert Rate(0, 0).interval is None
    low, high = Rate(0, 10).interval or (9, 9)
    assert low == 0
    assert 0.2 < high < 0.35
    low, high = Rate(10, 10).interval or (9, 9)
    assert high == 1
    assert 0.65 < low < 0.8


def _random_history(seed: int) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    kinds = ["view", "cart", "impression", "email_open", "search"]
    made = []
    for number in range(600):
        minutes = draw.randrange(100 * 24 * 60)
        who = (
            {"customer": f"c{draw.randrange(12)}"}
            if draw.random() < 0.7
            else {"visitor": f"visitor-{draw.randrange(9)}"}
        )
        kind = draw.choice(kinds)
        moment = (NOW - timedelta(minutes=minutes)).isoformat()
        made.append({"message_id": f"m{seed}-{number}", "type": kind, **who, "product": "tea", "occurred_at": moment})
    return made


def _plain(events: Sequence[dict[str, Any]]) -> tuple[dict[date, set[str]], date]:
    by_day: dict[date, set[str]] = defaultdict(set)
    zone = ZoneInfo(ZONE)
    for one in events:
        if one["type"] not in PASSIVE:
            who = one.get("customer") or one["visitor"]
            by_day[datetime.fromisoformat(one["occurred_at"]).astimezone(zone).date()].add(who)
    return by_day, NOW.astimezone(zone).date()


@pytest.mark.parametrize("seed", range(4))
def test_people_are_those_of_a_plain_count(zoned: Shop, seed: int) -> None:
    events = _random_history(seed)
    zoned.track(events)
    by_day, today = _plain(events)

    def people(last: int, first: int) -> set[str]:
        return set().union(*(by_day[today - timedelta(days=back)] for back in range(last, first + 1)))

    for days in (7, 28):
        counted = insights(zoned).overview(days)
        assert counted.visitors.now == len(people(0, days - 1))
        assert counted.days_active == [len(by_day[today - timedelta(days=back)]) for back in range(days - 1, -1, -1)]
        assert counted.days_monthly == [len(people(back, back + 27)) for back in range(days - 1, -1, -1)]
        assert counted.weekly.now == len(people(0, 6))
        assert counted.weekly.before == len(people(days, days + 6))
        assert counted.monthly.now == len(people(0, 27))
        assert counted.monthly.before == len(people(days, days + 27))
        mean = sum(len(by_day[today - timedelta(days=back)]) for back in range(28)) / 28
        assert counted.daily.now == pytest.approx(mean)
        assert counted.stickiness.now == pytest.approx(mean / len(people(0, 27)))
        back_again = {
            who
            for who in people(0, days - 1)
            if sum(who in by_day[today - timedelta(days=back)] for back in range(days + 28)) > 1
        }
        assert counted.came_back == len(back_again)
        assert {row["who"] for row in insights(zoned).rows("visitors", days)} == people(0, days - 1)


def test_the_period_before_ends_at_the_same_hour(zoned: Shop) -> None:
    zoned.track([view("early", 7, 1), view("late", 7, -1)])
    counted = insights(zoned).overview(7)
    # 7 days ago, one hour before this hour: in the period before; one hour after: in neither.
    assert counted.visitors.before == 1


def test_days_are_the_shops(zoned: Shop) -> None:
    # 18:00 UTC is the next day in Shanghai.
    zoned.track([{**view("a", 0), "occurred_at": "2026-03-19T18:00:00Z"}])
    assert insights(zoned).overview(7).days_active[-2:] == [0, 1]


def order(number: str, days: float, **more: Any) -> dict[str, Any]:
    line = {"product": "tea", "quantity": 2, "unit_price": 10}
    return {"id": number, "customer": "a", "placed_at": at(days), "currency": "CNY", "lines": [line], **more}


def _import_orders(shop: Shop, orders: list[dict[str, Any]]) -> None:
    settings = shop.settings
    clock = rows.Clock.of(settings, live=False)
    made = [rows.order_rows(Order.model_validate(one), clock, settings) for one in orders]
    with shop.database.connect() as connection:
        events = [event for _, more in made for event in more]
        records.upsert(connection, records.UPSERT_ORDERS, [row for row, _ in made], events)


def test_orders_and_revenue(zoned: Shop) -> None:
    _import_orders(
        zoned,
        [
            order("stated", 1, total=25),
            order("lines-only", 2),
            order("cancelled", 1, status="cancelled", total=99),
            order("elsewhere", 1, currency="EUR", total=7),
            order("before", 9, total=40),
        ],
    )
    moment = at(3)
    basket = {"type": "purchase", "customer": "b", "occurred_at": moment, "quantity": 1, "price": 3}
    zoned.track([{**basket, "product": "tea"}, {**basket, "product": "cup"}])
    zoned.track([{**basket, "product": "tea", "order": "told", "price": 5, "quantity": 2}])
    zoned.track([{**basket, "product": "tea", "order": "undone", "price": 5}, {"type": "cancel", "order": "undone", "customer": "b", "occurred_at": at(2)}])  # fmt: skip
    counted = insights(zoned).overview(7)
    assert counted.orders.now == 5  # stated, lines-only, elsewhere, the basket without a number, told
    assert counted.orders.before == 1
    assert counted.revenue.now == 2500 + 2000 + 600 + 1000
    assert counted.revenue.before == 4000
    assert counted.other_currencies == 1
    assert sum(counted.days_orders) == 5
    assert {row.get("number") for row in insights(zoned).rows("orders", 7)} == {
        "stated",
        "lines-only",
        "elsewhere",
        "told",
        None,
    }


def test_orders_from_lists(zoned: Shop) -> None:
    zoned.import_file("products", _products(zoned.workspace.folder))
    zoned.track([view("a", 5)])
    zoned.live.refresh()
    shown = zoned.recommend("a", n=3)
    decision = str(shown.decision_id)
    now = datetime.now(UTC)

    def moment(hours: float) -> str:
        return (now - timedelta(hours=hours)).isoformat()

    click = {"type": "click", "decision_id": decision, "position": 0, "surface": "home"}
    buy = {"type": "purchase", "quantity": 1, "price": 5}
    zoned.track(
        [
            {"type": "impression", "customer": "a", "product": "p1", "decision_id": decision, "position": 1, "occurred_at": moment(0)},
            {**click, "customer": "a", "product": "p0", "occurred_at": moment(2)},
            {"type": "cart", "customer": "a", "product": "p0", "occurred_at": moment(1.5)},
            {**buy, "customer": "a", "product": "p0", "order": "followed", "occurred_at": moment(1)},
            {**buy, "customer": "a", "product": "p2", "order": "named", "decision_id": decision, "occurred_at": moment(1)},
            {**buy, "customer": "a", "product": "p3", "order": "on-their-own", "occurred_at": moment(1)},
            {**buy, "customer": "a", "product": "p0", "order": "before-the-click", "occurred_at": moment(3)},
        ]
    )  # fmt: skip
    counted = insights(zoned, now).overview(7)
    assert (counted.attributed.some, counted.attributed.all) == (2, 4)
    assert {row["number"] for row in insights(zoned, now).rows("attributed", 7)} == {"followed", "named"}
    # Events before the list was made (the clock of a test) don't count for its funnel; the rest does.
    later = insights(zoned, now + timedelta(hours=1))
    funnel = next(one for one in later.funnels(7) if one.surface == "home")
    assert funnel.lists == 1
    assert funnel.impressions == 3, "seen, clicked, bought by name: who clicked has seen"
    assert (funnel.clicks, funnel.carts, funnel.orders) == (1, 1, 2)


def _products(folder: Path) -> Path:
    path = folder / "products.csv"
    path.write_text("id,title,price\n" + "".join(f"p{number},Thing {number},5\n" for number in range(6)))
    return path


def test_returns_after_a_visit_while_no_list_is_old_enough(zoned: Shop) -> None:
    zoned.track(
        [
            view("came", 30), view("came", 20),
            view("stayed-away", 30), view("stayed-away", 30, -2),
            view("too-soon", 30), view("too-soon", 29.5),
            view("not-ripe", 10), view("not-ripe", 5),
        ]
    )  # fmt: skip
    counted = insights(zoned).overview(7)
    assert not counted.after_lists
    assert (counted.returned.some, counted.returned.all) == (1, 3)
    told = {row["who"]: row["returned"] for row in insights(zoned).rows("returned", 7)}
    assert told == {"came": True, "stayed-away": False, "too-soon": False}


def test_an_empty_shop_has_no_figures(shop: Shop) -> None:
    counted = insights(shop, datetime.now(UTC)).overview(28)
    assert counted.visitors.now == 0
    assert counted.stickiness.now is None
    assert counted.returned.share is None
    assert counted.attributed.share is None
    assert insights(shop).funnels(28) == []
    for figure in queries.FIGURES:
        assert insights(shop).rows(figure, 28) == []


def test_a_count_is_kept_for_a_minute(zoned: Shop) -> None:
    kept = insights(zoned)
    assert kept.overview(7).visitors.now == 0
    zoned.track([view("a", 1)])
    assert kept.overview(7).visitors.now == 0
    kept.forget()
    zoned.sync_mirror()
    assert kept.overview(7).visitors.now == 1


def test_steps_tick_themselves_off(shop: Shop) -> None:
    assert not read_steps(shop.database, shop.mirror).products
    shop.import_file("products", _products(shop.workspace.folder))
    assert read_steps(shop.database, shop.mirror).products
    shop.track([view("a", 1)])
    steps = read_steps(shop.database, shop.mirror)
    assert steps.events
    assert not steps.live, "an event of the Python API isn't one of a page"
    assert not steps.key
    shop.create_key("site", "public")
    assert read_steps(shop.database, shop.mirror).key
    clock = rows.Clock.of(shop.settings)
    from regulars.schema import Event

    row = rows.event_row(Event.model_validate({"type": "view", "visitor": "v", "product": "p1"}), clock, shop.settings)
    with shop.database.connect() as connection:
        records.append_events(connection, [row], "http", clock.received)
    assert read_steps(shop.database, shop.mirror).live
    with shop.database.connect() as connection:
        connection.execute("SELECT ensure_event_partition(date_trunc('month', now() - interval '20 days'))")
        connection.execute("UPDATE events SET occurred_at = occurred_at - interval '20 days' WHERE source = 'http'")
    assert not read_steps(shop.database, shop.mirror).live
    shop.sync_mirror()
    assert read_steps(shop.database, shop.mirror).live, "long ago counts too"
