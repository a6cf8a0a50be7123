"""The console's overview: what shoppers did, figure by figure, each with its definition and its rows; and the first steps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from nicegui import ui

from regulars.desk import charts, parts
from regulars.desk.frame import Desk, title
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.insights.service import PERIODS, Insights, Overview, Pair, off_the_loop
from regulars.insights.steps import Steps, read_steps
from regulars.store.database import Database, Row

SOON = 0.3  # what takes longer is shown after the page


def mount(desk: Desk, insights_of: Callable[[], Insights], database_of: Callable[[], Database]) -> None:
    """Hangs the overview into the console."""

    @desk.page("/")
    async def overview(visit: Visit) -> None:
        insights = insights_of()
        days = int(visit.asked("days")) if visit.asked("days") in map(str, PERIODS) else 28
        steps = await asyncio.to_thread(read_steps, database_of(), insights.mirror)
        if not steps.products and not steps.events:
            title(visit, visit.say("Nothing is in this shop yet"), visit.say("Five steps, about ten minutes."))
            _first_steps(visit, steps)
            return
        counting = asyncio.ensure_future(off_the_loop(insights.overview, days))
        await asyncio.wait({counting}, timeout=SOON)
        if counting.done():
            _show(visit, insights, counting.result(), steps)
            return
        # Counting takes longer the first time: the page comes first, with the room that the figures will take.
        waiting = parts.box()
        with waiting:
            title(visit, visit.say("Counting what happened"), visit.say("The first look takes a little longer."))
            blocks = [tag("div", class_="wait") for _ in range(8)]
            parts.html(tag("div", *blocks, class_="figures", aria_hidden="true"))
        try:
            await ui.context.client.connected()
            counted = await counting
        finally:
            waiting.delete()
        _show(visit, insights, counted, steps)


def _show(visit: Visit, insights: Insights, counted: Overview, steps: Steps) -> None:
    days = counted.period.days
    if counted.came_back:
        one = "One person came back in the last {days} days"
        sentence = visit.many(one, "{count} people came back in the last {days} days", counted.came_back, days=days)
    elif counted.visitors.now:
        one = "One person came in the last {days} days"
        sentence = visit.many(one, "{count} people came in the last {days} days", counted.visitors.now, days=days)
    else:
        sentence = visit.say("Nobody came in the last {days} days", days=days)
    as_of = datetime.fromtimestamp(counted.as_of, UTC)
    title(
        visit,
        sentence,
        visit.say("As of {time}, compared with the {days} days before.", time=visit.when(as_of), days=days),
    )
    options = [(visit.say("{days} days", days=one), visit.link("/", days=one), one == days) for one in PERIODS]
    parts.html(parts.switch(visit.say("Period"), options))
    with parts.box("div", "figures"):
        for figure in _figures(visit, counted, steps):
            _figure(visit, insights, counted, *figure)
    _charts(visit, counted)
    if not steps.all_done:
        parts.html(tag("h2", visit.say("First steps")))
        _first_steps(visit, steps)


def _change(visit: Visit, pair: Pair) -> str:
    if pair.now is None or pair.before is None:
        return ""
    if pair.change is None:
        return visit.say("none before") if pair.now else ""
    sign = "+" if pair.change >= 0 else "−"
    return visit.say("{change} against before", change=sign + visit.percent(abs(pair.change), 0))


def _interval(visit: Visit, ends: tuple[float, float] | None) -> str:
    if ends is None:
        return ""
    return visit.say("95 %: {low} to {high}", low=visit.percent(ends[0]), high=visit.percent(ends[1]))


def _figures(visit: Visit, counted: Overview, steps: Steps) -> list[tuple[str, str, str, str, str]]:
    """name, what it is called, its value, what stands below, its definition."""
    say, number = visit.say, visit.number
    revenue = visit.money(int(counted.revenue.now or 0), counted.currency, counted.exponent)
    others = counted.other_currencies
    anchor = (
        say("the first list shown to a person in each block of 28 days")
        if counted.after_lists
        else say("a person's first visit in each block of 28 days, as no list is older than 28 days yet")
    )
    returned = counted.returned
    return [
        (
            "visitors", say("Visitors"), number(counted.visitors.now), _change(visit, counted.visitors),
            say("People who did something in the period: looked, searched, put in the cart, bought. A person is a customer, or a browser that hasn't signed in. Being shown a list or sent an e-mail isn't a visit."),
        ),
        (
            "orders", say("Orders"), number(counted.orders.now), _change(visit, counted.orders),
            say("Orders placed in the period, without cancelled ones. Purchases that name no order count as one order where one person made them at the same moment."),
        ),
        (
            "revenue", say("Revenue"), revenue,
            _change(visit, counted.revenue) if not others else say("{count} orders in other currencies left out", count=number(others)),
            say("The totals of those orders, in the shop's currency, as the orders state them. Where an order states no total: price × quantity of its lines. Other currencies aren't converted."),
        ),
        (
            "returned", say("Back within 28 days"), visit.percent(returned.share),
            _interval(visit, returned.interval) or say("no window of 28 days has passed yet"),
            say("Of the windows that ended in the period, the share in which the person came back: a visit that starts more than 24 hours and at most 28 days after the start. A window starts with {anchor}. The interval is Wilson's.", anchor=anchor),
        ),
        (
            "attributed", say("Orders from lists"), visit.percent(counted.attributed.share),
            say("{some} of {all} orders", some=number(counted.attributed.some), all=number(counted.attributed.all)),
            say("Orders with a product that carries the list's id, or that the same person had clicked in a list in the 7 days before. It says where orders came through, not how many there would be without lists: only a test can."),
        ),
        (
            "stickiness", say("Stickiness"), visit.percent(counted.stickiness.now), _change(visit, counted.stickiness),
            say("People on an average day, divided by people in 28 days (DAU / MAU), both of the last 28 days. 10 % means that a person comes on 2.8 of 28 days."),
        ),
        (
            "daily", say("People a day (DAU)"), number(counted.daily.now, 1), _change(visit, counted.daily),
            say("People with a visit on a day, the mean of the last 28 days. Days before the shop's first visit don't count."),
        ),
        (
            "weekly", say("People in 7 days (WAU)"), number(counted.weekly.now), _change(visit, counted.weekly),
            say("People with a visit in the last 7 days, today included."),
        ),
        (
            "monthly", say("People in 28 days (MAU)"), number(counted.monthly.now), _change(visit, counted.monthly),
            say("People with a visit in the last 28 days, today included."),
        ),
        (
            "came_back", say("Came back"), number(counted.came_back), say("people"),
            say("People with a visit in the period who had been there on an earlier day, at most 28 days before the period."),
        ),
        (
            "model", say("Model in use"), steps.model or say("none yet"),
            say("answers now") if steps.model else say("counts and words answer meanwhile"),
            say("The version that makes the lists. All versions stand under Models."),
        ),
    ]  # fmt: skip


def _figure(
    visit: Visit, insights: Insights, counted: Overview, name: str, called: str, value: str, below: str, means: str
) -> None:
    sheet = parts.Sheet(visit, called, "wide")
    with sheet.body:
        parts.html(joined([tag("p", means), tag("p", tag("b", value), " ", tag("span", below, class_="soft"))]))
        below_it = parts.box()
    asked = False

    async def open_it() -> None:
        nonlocal asked
        sheet.open()
        if asked:
            return
        asked = True
        if name == "model":
            with below_it:
                parts.html(tag("p", tag("a", visit.say("All versions"), href=visit.link("/models"), class_="act")))
            return
        found = await off_the_loop(insights.rows, name, counted.period.days)
        with below_it:
            parts.html(_rows(visit, name, called, found))

    shown = parts.button("", open_it, "plain")
    shown.classes("figure")
    with shown:
        inside = [
            tag("span", called, class_="called"),
            tag("b", value, class_="model" if name == "model" else None),
            tag("small", below or "\u00a0"),
        ]
        parts.html(joined(inside), "span")


def who(visit: Visit, row: Row) -> Markup:
    """A person, as a link to their timeline."""
    if "who" not in row:
        return tag("span", "–")
    kind = {"customer" if row["customer"] else "visitor": row["who"]}
    return tag("a", row["who"], href=visit.link("/recommendations", **kind))


def _rows(visit: Visit, name: str, called: str, found: list[Row]) -> Markup:
    """What was counted, as a table of the kind of row."""
    say = visit.say
    heads: list[str]
    cells: Callable[[Row], list[Any]]
    numbers: tuple[int, ...]
    if name in ("orders", "revenue", "attributed"):
        heads = [say("Order"), say("Person"), say("When"), say("Total")]
        numbers = (3,)

        def cells(row: Row) -> list[Any]:
            return [
                row.get("number", "–"),
                who(visit, row),
                visit.when(row["last"]),
                visit.money(row["total"], row["currency"]),
            ]
    elif name == "returned":
        heads, numbers = [say("Person"), say("Window began"), say("Came back")], ()

        def cells(row: Row) -> list[Any]:
            return [who(visit, row), visit.when(row["last"]), say("yes") if row["returned"] else say("no")]
    elif name in ("daily", "stickiness"):
        heads, numbers = [say("Day"), say("People"), say("Events")], (1, 2)

        def cells(row: Row) -> list[Any]:
            local = row["last"].replace(tzinfo=UTC).astimezone(visit.zone)
            return [visit.day(local), visit.number(row["people"]), visit.number(row["events"])]
    else:
        heads, numbers = [say("Person"), say("Last visit began"), say("Days"), say("Events")], (2, 3)

        def cells(row: Row) -> list[Any]:
            return [who(visit, row), visit.when(row["last"]), visit.number(row["days"]), visit.number(row["events"])]

    shown = parts.table(heads, map(cells, found), numbers=numbers, caption=called, empty=say("Nothing was counted."))
    note = tag("p", say("The first {count} rows.", count=len(found)), class_="soft") if len(found) >= 200 else None
    return joined([shown, note])


def _charts(visit: Visit, counted: Overview) -> None:
    say = visit.say
    dates, active, monthly = counted.period.dates, counted.days_active, counted.days_monthly
    orders, amounts = counted.days_orders, counted.days_revenue
    if any(active[:-1]) or any(orders[:-1]):
        # Today isn't over: beside whole days it would look like a fall.
        dates, active, monthly, orders, amounts = dates[:-1], active[:-1], monthly[:-1], orders[:-1], amounts[:-1]
    days = [visit.day(day) for day in dates]
    revenue = visit.money(int(counted.revenue.now or 0), counted.currency, counted.exponent)
    with parts.box("div", "charts"):
        charts.over_time(
            say("People a day"),
            days,
            [charts.Series(say("people a day"), active)],
            says=say("People a day, from {low} to {high}.", low=min(active), high=max(active)),
        )
        charts.over_time(
            say("People in the 28 days before"),
            days,
            [charts.Series(say("people in 28 days"), monthly, charts.OTHER)],
            says=say("People in 28 days, from {low} to {high}.", low=min(monthly), high=max(monthly)),
        )
        charts.over_time(
            say("Orders a day"),
            days,
            [charts.Series(say("orders"), orders)],
            kind="bar",
            says=say("{count} orders in {days} days.", count=sum(orders), days=len(days)),
        )
        charts.over_time(
            say("Revenue a day, {currency}", currency=counted.currency),
            days,
            [charts.Series(say("revenue"), amounts, charts.OTHER)],
            kind="bar",
            says=say("{amount} in {days} days.", amount=revenue, days=counted.period.days),
        )


def _first_steps(visit: Visit, steps: Steps) -> None:
    say = visit.say
    all_steps = [
        (steps.products, say("Bring your products in"), say("A file from Shopify, WooCommerce, Google Merchant, or any table: drop it on the Data page."), "/data", say("Open Data")),
        (steps.events, say("Bring in what people did"), say("Orders are enough to begin with; visits make lists better."), "/data", say("Open Data")),
        (steps.trained, say("Train a model"), say("Some minutes. Until then lists come from counts and words."), "/models", say("Open Models")),
        (steps.key, say("Make a public key"), say("Your pages send events and ask for lists with it."), "/settings", say("Open Settings")),
        (steps.live, say("Put the snippet into your pages"), say("This ticks itself off when the first event arrives."), "/settings", say("Show the snippet")),
    ]  # fmt: skip
    first_open = next((place for place, step in enumerate(all_steps) if not step[0]), None)
    lines = []
    for place, (done, what, how, path, act) in enumerate(all_steps):
        state = say("done") if done else say("open")
        mark = tag("span", "✓" if done else place + 1, class_="mark", aria_hidden="true")
        text = tag("div", tag("b", what), tag("span", f" ({state})", class_="hidden"), tag("p", how, class_="soft"))
        action = (
            None if done else tag("a", act, href=visit.link(path), class_="first act" if place == first_open else "act")
        )
        lines.append(tag("li", mark, text, action, class_="done" if done else None))
    parts.html(tag("ol", *lines, class_="steps"))
