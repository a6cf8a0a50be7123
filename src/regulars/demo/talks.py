"""Conversations of the demo's world: a day's customers write to the shop about what they have, and the real assistant answers.

Who writes what is drawn from the seed, the person, their visit, a purpose and the day, apart from what people do: with or without
conversations everybody lives the same day. What the assistant says and does is its own, by the shop's articles, orders and policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from regulars.assist import drafting, handing
from regulars.assist.actions.executor import Executor, Person
from regulars.assist.desk import Desk
from regulars.demo.catalogue import items
from regulars.demo.life import Day, Life
from regulars.demo.naming import drawn_id
from regulars.demo.scripts import END_OPEN, END_TAKEN, ROTA, SCRIPTS, Script
from regulars.schema import ExternalId
from regulars.shop import Shop
from regulars.store import conversations as table
from regulars.store import identity
from regulars.store import shop as shop_table
from regulars.store.database import Connection

CHANNEL = "widget"
PURPOSE = 21
"""Of all draws here; those of what people do are others."""

EVERY_CHINESE = 3
"""Every third conversation is looked for among those who write Chinese."""

REPLY_SECONDS = 0.4
LATE_DAYS = 5
"""From so many days after it was sent, a parcel is one that people complain about."""

OPENS, CLOSES = 8.0, 22.75
"""Hours between which customers write."""

Drawn = np.random.Generator


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation as it is planned. says: (after, words) with names filled in. waits: seconds before each. answers_after: seconds
    until a person answers, where one is waited for. rating: 0 for none.
    """

    id: str
    script: str
    customer: str
    name: str
    locale: str
    at: str
    says: list[tuple[str, str]]
    waits: list[float]
    answer: str
    answers_after: float
    rating: int


def planned(life: Life, made: Day, number: int) -> list[Talk]:
    """What is written on day `number`, which `made` is. The same for the same world, whatever was said before."""
    midnight = life.began + timedelta(days=number)
    had = _Had(life, made)
    taken: set[int] = set()
    talks: list[Talk] = []
    wanted = ROTA[number % len(ROTA)]
    for place, name in enumerate(wanted):
        script = SCRIPTS[name]
        chinese = (number + place) % EVERY_CHINESE == 1
        found = had.choose(script.needs, chinese, taken, number)
        if found is None:
            continue
        taken.add(found.person)
        talks.append(_talk(life, name, script, found, midnight, number))
    return talks


@dataclass(frozen=True, slots=True)
class _Found:
    """Somebody who has what a script needs. since: what it is about happened then."""

    person: int
    order: str
    item: int | None
    since: datetime


class _Had:
    """What a day's people have to write about."""

    def __init__(self, life: Life, made: Day) -> None:
        self.life = life
        self._person = {customer: person for person, customer in enumerate(life.people.ids)}
        last = {event["customer"]: event for event in made.events if event["type"] != "return"}
        ends = {customer: datetime.fromisoformat(event["occurred_at"]) for customer, event in last.items()}
        numbers = {item.id: item.number for item in items()}
        kinds = ("paid", "shipped", "late", "delivered", "returned", "viewed")
        self.of: dict[str, list[_Found]] = {kind: [] for kind in kinds}
        long_ago = life.began + timedelta(days=life.state.day - LATE_DAYS)
        self.of[""] = [_Found(person, "", None, ends[life.people.ids[person]]) for person in made.visitors]
        for event in made.events:
            if event["type"] == "view":
                person = self._person[event["customer"]]
                self.of["viewed"].append(_Found(person, "", numbers[event["product"]], ends[event["customer"]]))
        known = {order["id"]: order for order in (*life.state.open_orders.values(), *made.orders)}
        for order in known.values():
            status = order["status"]
            still = order["id"] in life.state.open_orders
            # What is delivered and still open goes back later by itself; nobody else is to send it back.
            if still is not (status in ("paid", "shipped")):
                continue
            if status in self.of:
                moved = _moved(order)
                late = status == "shipped" and moved < long_ago
                self.of["late" if late else status].append(
                    _Found(self._person[order["customer"]], order["id"], None, moved)
                )

    def choose(self, needs: str, chinese: bool, taken: Iterable[int], number: int) -> _Found | None:
        """The one with the lowest draw, in that language if there is anybody."""
        there = [one for one in self.of[needs] if one.person not in taken]
        of_language = [one for one in there if bool(self.life.people.chinese[one.person]) is chinese]
        # Among what one person has, the last: views stand in their order.
        return min(reversed(of_language or there), key=lambda one: self._draw(one.person, number), default=None)

    def _draw(self, person: int, number: int) -> float:
        return float(draw_of(self.life, person, number).random())


def draw_of(life: Life, person: int, number: int) -> Drawn:
    """Chance of one person's writing on a day."""
    return np.random.default_rng([life.seed, person, int(life.state.visits[person]), PURPOSE, number])


def _moved(order: dict[str, Any]) -> datetime:
    """When an order came to be as it is."""
    parcel = order["shipments"][0]
    moved = {
        "shipped": parcel.get("shipped_at"),
        "delivered": parcel.get("delivered_at"),
        "returned": order["payments"][-1]["at"],
    }.get(order["status"])
    return datetime.fromisoformat(moved or order["placed_at"])


def _talk(life: Life, name: str, script: Script, found: _Found, midnight: datetime, number: int) -> Talk:
    person = found.person
    draw = draw_of(life, person, number)
    draw.random()  # by which they were chosen
    locale, customer = life.people.locale(person), life.people.ids[person]
    ways = script.says[locale]
    says = ways[number % len(ways)]  # one way after the other: none is heard twice in a row
    called = life.people.name(person)
    told = {
        "order": found.order,
        "title": "" if found.item is None else life.items[found.item].title[locale],
        "email": f"{customer}@example.com",
        "name": called if locale == "zh" else called.split()[0],
    }
    opens, closes = midnight + timedelta(hours=OPENS), midnight + timedelta(hours=CLOSES)
    earliest = max(found.since + timedelta(minutes=1), opens)
    free = max((closes - earliest).total_seconds(), 60.0)
    # Who comes from the shop's pages writes soon; who has an order writes some time that day.
    soon = script.needs in ("paid", "viewed", "")
    after = float(draw.uniform(30, min(free, 1_500.0))) if soon else float(draw.uniform(0, free))
    at = earliest + timedelta(seconds=after)
    answers_after = float(draw.uniform(240, 3_600))
    if script.ending == END_OPEN:
        # Nobody is there any more until the next morning.
        at = max(at, midnight + timedelta(hours=float(draw.uniform(19, CLOSES))))
    talk_id, _ = drawn_id(f"{life.seed}:{person}:{number}:{name}", at)
    return Talk(
        str(talk_id),
        name,
        customer,
        told["name"],
        locale,
        at.isoformat(timespec="milliseconds"),
        [(when, words.format(**told)) for when, words in says],
        [round(float(draw.uniform(15, 110)), 1) for _ in says],
        "" if script.answer is None else script.answer[locale].format(**told),
        answers_after,
        int(script.ratings[int(draw.integers(len(script.ratings)))]),
    )


def left_open(talks: Sequence[Talk]) -> list[dict[str, Any]]:
    """What the shop's people find the next morning, as the world's state keeps it."""
    return [asdict(talk) for talk in talks if SCRIPTS[talk.script].ending]


class Writing:
    """Has planned conversations with the shop's assistant, at the world's own time. No chat model takes part: days have to be the same."""

    def __init__(self, shop: Shop) -> None:
        self._moment = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
        self._shop = shop
        desk = Desk(shop.workspace.models, shop.live.serving, clock=self._now)
        with shop.database.connect() as connection:
            row = shop_table.read(connection)
            desk.refresh(connection, row.settings)
        self._assistant = desk.assistant(Executor(row.secret, self._now), row.settings)

    def _now(self) -> datetime:
        """The world's clock: what is written, and the reply a little later."""
        self._moment += timedelta(seconds=REPLY_SECONDS)
        return self._moment

    def settle(self, found: Iterable[dict[str, Any]], morning: datetime) -> None:
        """A person answers who waits since yesterday, and closes what they had. What somebody else moved on meanwhile is theirs."""
        self._moment = morning
        for one in found:
            with self._shop.database.connect() as connection:
                row = table.read(connection, UUID(one["id"]), lock=True)
                if row is None or row["mode"] not in ("waiting", "human"):
                    continue
                self._moment += timedelta(minutes=7)
                if row["mode"] == "waiting":
                    handing.say(connection, row["conversation_id"], one["answer"], at=self._now())
                    self._moment += timedelta(minutes=4)
                handing.close(connection, row["conversation_id"], self._now())
                if one["rating"]:
                    table.rate(connection, row["conversation_id"], one["rating"])

    def have(self, planned_talks: Iterable[dict[str, Any]]) -> None:
        """Has each conversation, or finds that it was had: all of one is one transaction."""
        for one in planned_talks:
            with self._shop.database.connect() as connection:
                if table.read(connection, UUID(one["id"])) is None:
                    self._have(connection, Talk(**one))

    def _have(self, connection: Connection, talk: Talk) -> None:
        customer = identity.id_of(connection, "customer", ExternalId("shop", talk.customer))
        if customer is None:
            return  # forgotten meanwhile
        script = SCRIPTS[talk.script]
        self._moment = datetime.fromisoformat(talk.at)
        person = Person(customer, "signed") if script.signed else None
        row = self._assistant.open(connection, person, None, talk.locale, CHANNEL, UUID(talk.id))
        talk_id = row["conversation_id"]
        act = mode = ""
        for (after, words), seconds in zip(talk.says, talk.waits, strict=True):
            if not act.startswith(after):
                continue
            self._moment += timedelta(seconds=seconds)
            turn = self._assistant.turn(connection, talk_id, words)
            act, mode = turn.act, turn.mode
        if mode == "waiting" and script.ending != END_OPEN and talk.answer:
            self._moment += timedelta(seconds=talk.answers_after)
            self._answer(connection, talk_id, talk.answer)
            if script.ending != END_TAKEN:
                self._moment += timedelta(minutes=6)
                handing.close(connection, talk_id, self._now())
        if talk.rating and not script.ending:
            table.rate(connection, talk_id, talk.rating)

    def _answer(self, connection: Connection, talk_id: UUID, words: str) -> None:
        """A person answers. What the assistant suggested and what became of it is kept, as the console does."""
        found = drafting.suggest(self._assistant, connection, talk_id)
        details = None
        if found is not None and found.text:
            details = {"suggestion": found.text, "outcome": "own", "answers": found.answers}
        handing.say(connection, talk_id, words, details, self._now())
