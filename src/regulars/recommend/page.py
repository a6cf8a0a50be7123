"""The console's page of recommendations: pick a customer, see what they did beside what they would be shown now, and why.

Lists made here are looked at by the shop's side, so they aren't kept: they were shown to nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson

from regulars.desk import parts
from regulars.desk.frame import Desk, title
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.errors import NotFound
from regulars.insights.service import PERIODS, Funnel, Insights, off_the_loop
from regulars.recommend import finding, service
from regulars.recommend.explain import explain
from regulars.recommend.finding import Found
from regulars.recommend.pages.context import section_links
from regulars.recommend.told import explained
from regulars.recommend.words import event_words, surface_words
from regulars.schema import Decision, EventType, ExternalId
from regulars.schema.events import PASSIVE
from regulars.store import decisions
from regulars.store.database import Database, Row

ITEMS = 10
AT_ONCE = 20  # what is older than the day of the twentieth event is folded away
STRONG = frozenset({EventType.CART, EventType.PURCHASE, EventType.LIKE})


class Answers(Protocol):
    """What this page needs of the engine."""

    @property
    def serving(self) -> service.Serving: ...

    async def decision(self, decision_id: UUID) -> tuple[Row, list[Row]] | None: ...


def mount(
    desk: Desk,
    answers_of: Callable[[], Answers],
    insights_of: Callable[[], Insights],
    database_of: Callable[[], Database],
) -> None:
    """Hangs the page into the console."""

    @desk.page("/recommendations")
    async def recommendations(visit: Visit) -> None:
        database = database_of()
        asked = visit.asked("q")
        wanted = finding.decision_id(visit.asked("decision") or asked)
        if wanted is not None:
            await _decision(visit, answers_of(), wanted)
            return
        found = await asyncio.to_thread(_found, database, visit, asked)
        if found is not None:
            await _person(visit, answers_of(), database, found)
            return
        looked_for = asked or visit.asked("customer") or visit.asked("visitor")
        await _choose(visit, insights_of(), database, looked_for)


def _found(database: Database, visit: Visit, asked: str) -> Found | None:
    customer, visitor = visit.asked("customer"), visit.asked("visitor")
    with database.connect(autocommit=True) as connection:
        if customer:
            namespace = visit.asked("namespace") or "shop"
            exact = finding.customer(connection, ExternalId(namespace, customer))
            return exact or finding.find(connection, customer)
        if visitor:
            return finding.visitor(connection, visitor)
        return finding.find(connection, asked) if asked else None


async def _choose(visit: Visit, insights: Insights, database: Database, looked_for: str) -> None:
    """Nobody is chosen: who came last, and what became of the lists."""
    say = visit.say
    days = int(visit.asked("days")) if visit.asked("days") in map(str, PERIODS) else 28
    funnels: list[Funnel] = await off_the_loop(insights.funnels, days)

    def last() -> list[Row]:
        with database.connect(autocommit=True) as connection:
            return finding.just_came(connection)

    people = await asyncio.to_thread(last)
    lists, clicks = sum(one.lists for one in funnels), sum(one.clicks for one in funnels)
    if lists:
        one = "One list was made in the last {days} days; products were clicked {clicks} times"
        more = "{count} lists were made in the last {days} days; products were clicked {clicks} times"
        title(visit, visit.many(one, more, lists, days=days, clicks=visit.number(clicks)))
    else:
        title(visit, say("No list was made in the last {days} days", days=days))
    parts.html(section_links(visit))
    if looked_for:
        text = say("Nobody is called {name} here, and no list is.", name=looked_for[:80])
        parts.html(
            tag(
                "p",
                text,
                " ",
                say("Ids are case-sensitive; an e-mail address works too."),
                class_="attention",
                role="alert",
            )
        )
    search = tag(
        "form",
        tag(
            "div",
            parts.field("q", say("Customer, visitor or list"), looked_for, placeholder=say("An id, or a customer's e-mail address.")),
            class_="fields",
        ),
        tag("button", say("Show"), class_="first"),
        class_="form line",
        action=visit.link("/recommendations"),
    )  # fmt: skip
    parts.html(parts.section(say("Look at one person"), search))
    if people:
        chips = [
            tag("li", tag("a", row["name"], " ", tag("small", visit.ago(row["at"])), class_="act", href=visit.link("/recommendations", **{"customer" if row["customer"] else "visitor": row["name"]})))
            for row in people
            if row["name"]
        ]  # fmt: skip
        parts.html(parts.section(say("Just came"), tag("ul", *chips, class_="people")))
    parts.html(_funnels(visit, funnels, days))


def _funnels(visit: Visit, funnels: list[Funnel], days: int) -> Markup:
    say = visit.say
    called = surface_words(say)
    options = [(say("{days} days", days=one), visit.link("/recommendations", days=one), one == days) for one in PERIODS]

    def share(funnel: Funnel, step: str) -> Markup:
        rate = funnel.rate(step)
        ends = rate.interval
        interval = tag("small", f"{visit.percent(ends[0])} – {visit.percent(ends[1])}") if ends else None
        return joined([f"{visit.number(rate.some)} · {visit.percent(rate.share)}", interval])

    rows = [
        [
            called.get(one.surface, one.surface),
            visit.number(one.lists),
            visit.number(one.impressions),
            *(share(one, step) for step in ("clicks", "carts", "orders")),
        ]
        for one in funnels
    ]
    heads = [say("Where"), say("Lists"), say("Products seen"), say("Clicked"), say("Put in the cart"), say("Bought")]
    shown = parts.table(
        heads,
        rows,
        numbers=range(1, 6),
        caption=say("What became of the lists"),
        empty=say(
            "Lists appear here as soon as a page asks for one: over the API, with the snippet, or in the storefront."
        ),
    )
    means = say(
        "Each pair of a list and a product counts once. Shares are of the products seen; below each stands its 95 % interval"
        " (Wilson), a little too narrow where one person looks often. A cart or order counts when it names the list, or follows"
        " the same person's click within 7 days."
    )
    return parts.section(
        say("What became of the lists"), parts.switch(say("Period"), options), shown,
        parts.details(say("How this is counted"), tag("p", means)),
    )  # fmt: skip


def _title_of(serving: service.Serving, visit: Visit, product_id: int | None) -> str:
    item = serving.item(product_id) if product_id is not None else None
    return item.title(visit.locale) if item else ""


async def _person(visit: Visit, answers: Answers, database: Database, found: Found) -> None:
    """One person: the timeline beside the list as of now."""
    say = visit.say
    serving = answers.serving

    def read() -> tuple[list[Row], list[Row]]:
        with database.connect(autocommit=True) as connection:
            return finding.timeline(connection, found.person), finding.lists(connection, found.person)

    events, shown = await asyncio.to_thread(read)
    kind = say("Customer {name}") if found.customer else say("Visitor {name}")
    called = f"{found.name} ({found.shown})" if found.name else kind.format(name=found.shown)
    last = next((row["occurred_at"] for row in events if row["type"] not in PASSIVE), None)
    if last is not None:
        sentence = say("{person} was last here {ago}", person=called, ago=visit.ago(last))
    else:
        sentence = say("{person} has done nothing here yet", person=called)
    title(visit, sentence, say("A browser that hasn't signed in.") if found.customer is None else None)
    if found.person.refused:
        parts.html(
            tag(
                "p",
                say("This person doesn't want personal lists: nothing of what they did is read for them."),
                class_="attention",
            )
        )
    surfaces = _surfaces(serving, events)
    surface = visit.asked("surface") if visit.asked("surface") in surfaces else "home"
    who = {"customer" if found.customer else "visitor": found.shown}
    if found.customer and found.customer.namespace != "shop":
        who["namespace"] = found.customer.namespace
    places = surface_words(say)
    options = [
        (places.get(one, one), visit.link("/recommendations", **who, surface=one), one == surface) for one in surfaces
    ]
    request = service.Request(surface, ITEMS, surfaces[surface], locale=visit.locale)
    decision = await asyncio.to_thread(service.recommend, serving, request, found.person)
    told = explain(serving, _as_row(decision), [], visit.locale)
    with parts.box("div", "columns"):
        parts.html(parts.section(say("What they did"), _timeline(visit, serving, events)))
        parts.html(
            joined(
                [
                    tag(
                        "section",
                        tag("h2", say("What they would be shown now")),
                        parts.switch(say("Where"), options),
                        _now(visit, told),
                        parts.details(say("Why this list?"), explained(visit, told)),
                    ),
                    parts.section(say("Lists they were shown"), _shown_lists(visit, shown)),
                ]
            )
        )


def _surfaces(serving: service.Serving, events: list[Row]) -> dict[str, int | None]:
    """Surfaces with the product each stands beside: the one looked at last, where a surface needs one."""
    from regulars.recommend.surfaces import SURFACES

    last = next((row["product_id"] for row in events if row["product_id"] and serving.item(row["product_id"])), None)
    return {
        name: last if one.needs_product else None for name, one in SURFACES.items() if last or not one.needs_product
    }


def _as_row(decision: Decision) -> Row:
    """A decision as the store would give it back."""
    row: Row = orjson.loads(decisions.as_json([decision]))[0]
    row["at"] = datetime.fromisoformat(row["at"])
    row.setdefault("context_product_id", None)
    return row


def _timeline(visit: Visit, serving: service.Serving, events: list[Row]) -> Markup:
    if not events:
        return tag("p", visit.say("Nothing yet."), class_="empty")
    lines: list[Markup] = []
    day = ""
    cut = 0
    for place, row in enumerate(events):
        its_day = visit.whole_day(row["occurred_at"])
        if its_day != day:
            day = its_day
            if place >= AT_ONCE and not cut:
                cut = len(lines)
            lines.append(tag("li", day, class_="day"))
        lines.append(_happened(visit, serving, row))
    if not cut:
        return tag("ul", *lines, class_="timeline")
    earlier = parts.details(visit.say("Earlier"), tag("ul", *lines[cut:], class_="timeline"))
    return joined([tag("ul", *lines[:cut], class_="timeline"), earlier])


def _happened(visit: Visit, serving: service.Serving, row: Row) -> Markup:
    did = event_words(visit.say)
    named = _title_of(serving, visit, row["product_id"]) or row["query"] or ""
    if row["product_id"] and not named:
        named = visit.say("a product that no record describes")
    times = f" × {row['quantity']}" if row["quantity"] and row["quantity"] != 1 else ""
    from_list = None
    if row["decision_id"]:
        address = visit.link("/recommendations", decision=row["decision_id"])
        from_list = joined([" · ", tag("a", visit.say("from a list"), href=address)])
    return tag(
        "li",
        f"{did.get(row['type'], row['type'])} ",
        tag("b", named, times),
        tag("small", visit.clock(row["occurred_at"]), from_list),
        class_="strong" if row["type"] in STRONG else None,
    )


def _shown_lists(visit: Visit, shown: list[Row]) -> Markup:
    called = surface_words(visit.say)
    rows = [
        [
            tag("a", visit.when(row["at"]), href=visit.link("/recommendations", decision=row["decision_id"])),
            called.get(row["surface"], row["surface"]),
            visit.number(row["items"]),
        ]
        for row in shown
    ]
    heads = [visit.say("When"), visit.say("Where"), visit.say("Products")]
    return parts.table(
        heads, rows, numbers=[2], caption=visit.say("Lists they were shown"), empty=visit.say("None yet.")
    )


def _now(visit: Visit, told: dict[str, Any]) -> Markup:
    if not told["items"]:
        return tag("p", visit.say("Nothing: the catalogue is empty, or the filters leave nothing."), class_="empty")
    context = told.get("context")
    beside = tag("p", visit.say("Beside {product}", product=context["title"]), class_="soft") if context else None
    lines = [
        tag("li", tag("b", item["title"] or item["product"]), tag("span", visit.number(item["score"], 2), class_="soft"), tag("small", item["reason"]["text"]))
        for item in told["items"]
    ]  # fmt: skip
    return joined([beside, tag("ol", *lines, class_="list")])


async def _decision(visit: Visit, answers: Answers, wanted: UUID) -> None:
    """One list that was shown, with everything that is kept of it."""
    found = await answers.decision(wanted)
    if found is None:
        raise NotFound(
            visit.say("There is no list {id}.", id=str(wanted)),
            hint=visit.say("Ids stand in API answers and on timelines."),
        )
    told = explain(answers.serving, *found, visit.locale)
    called = surface_words(visit.say)
    where = called.get(told["surface"], told["surface"])
    title(
        visit,
        visit.say("{count} products, {where}", count=len(told["items"]), where=where),
        visit.say("Made {time}", time=visit.when(found[0]["at"])),
    )
    parts.html(explained(visit, told, with_items=True))
