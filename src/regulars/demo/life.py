"""How the demo's customers behave: one visit, what follows from it, and what it does to their mood. Knows no engine.

Who visits wants something (what ran out, what goes with the last purchase, what they like), looks around, looks at the lists that
they are shown, clicks, buys, waits for the parcel, writes. All chance is drawn from the seed, the person, the number of their
visit and the purpose, so that nothing depends on the order in which people are asked.

*Mood*, from -1 to 1, sets how soon one comes back. Good lists and parcels in time raise it; lists that miss, the same things
again, sold-out wishes and late parcels lower it; time brings it back to one's temper. In a *placebo* world nothing that comes of
a list touches the mood or the next visit: what people do by their own wish is drawn apart and never looks at the lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.demo.catalogue import Item, items, numbers_by_kind
from regulars.demo.kinds import KINDS
from regulars.demo.people import Float32, People
from regulars.demo.state import NEVER, State
from regulars.demo.words import question, review

Record = dict[str, Any]
Mask = npt.NDArray[np.bool_]

MOOD_SPEED = 1.2  # how strongly the mood sets the pace: e to this power between an even and the best mood
FORGETTING_DAYS = 40.0
LIST_WEIGHT = 0.8
FAIR_LIST = 0.62  # the standing of an average item in a list that neither pleases nor annoys
BOREDOM = 0.03
SOLD_OUT = -0.15
FOUND = 0.03
LATE_MOOD = -0.35
IN_TIME = 0.04
QUALITY_MOOD = 0.06
LATE_SHARE = 0.11
RETURN_SHARE = 0.18  # of what turned out badly
FREE_DELIVERY, DELIVERY = 40.0, 3.9
_KIND_NUMBER = {kind.key: number for number, kind in enumerate(KINDS)}


@dataclass(slots=True)
class Shown:
    """A list as somebody sees it: the items, best first, and the decision that it is."""

    items: list[int]
    positions: list[int]
    decision: str | None = None


Ask = Callable[[str, int | None, datetime, list[tuple[str, int, datetime]]], Shown | None]
"""surface, open item, moment, what this visit did so far (event type, item, moment) → a list, or None where there is none."""


@dataclass(slots=True)
class Day:
    """What a day brought forth, as records, and its counts."""

    events: list[Record] = field(default_factory=list)
    orders: list[Record] = field(default_factory=list)
    reviews: list[Record] = field(default_factory=list)
    visitors: list[int] = field(default_factory=list)
    lists: int = 0
    clicks: int = 0
    bought: int = 0


@dataclass(slots=True)
class _Visit:
    person: int
    customer: str
    session: str
    locale: str
    at: datetime
    did: list[tuple[str, int, datetime]] = field(default_factory=list)
    quality: list[float] = field(default_factory=list)
    boredom: list[float] = field(default_factory=list)
    mood: float = 0.0
    listed: set[int] = field(default_factory=set)
    carts: dict[int, bool] = field(default_factory=dict)
    """Item → was it one's own wish?"""


class Life:
    """The rules, over one state. began: midnight of the world's first day, UTC."""

    def __init__(self, people: People, state: State, *, placebo: bool = False, seed: int | None = None) -> None:
        self.people = people
        self.state = state
        self.placebo = placebo
        self.seed = state.seed if seed is None else seed
        self.items = items()
        self.of_kind = numbers_by_kind()
        self.began = datetime.fromisoformat(state.began)

    def day(self, sold_out: frozenset[int], ask: Callable[[int], Ask] | None, day: Day | None = None) -> Day:
        """Lives through the state's day. ask: makes somebody's way to ask for lists; None where the shop has none."""
        made = day or Day()
        number = self.state.day
        midnight = self.began + timedelta(days=number)
        for what in self.state.coming.pop(number, []):
            if self.state.next_visit[what["person"]] != NEVER:  # who was forgotten is written about no more
                self._happens(what, midnight, made)
        for person in np.flatnonzero(self.state.next_visit == number).tolist():
            self._visit(person, midnight, sold_out, None if ask is None else ask(person), made)
            made.visitors.append(person)
        self.state.recent.append(made.visitors)
        del self.state.recent[:-29]
        if number % 28 == 27:
            self.state.shown //= 2  # what one was tired of a month ago
        self.state.day += 1
        return made

    def call_off(self, orders: Iterable[str]) -> None:
        """These orders were cancelled: nothing comes of them any more."""
        gone = {order for order in orders if self.state.open_orders.pop(order, None) is not None}
        if gone:
            for day, coming in self.state.coming.items():
                self.state.coming[day] = [what for what in coming if what.get("order") not in gone]

    def expected(self) -> set[int]:
        """Whom something happens to today, besides those who visit."""
        return {what["person"] for what in self.state.coming.get(self.state.day, [])}

    def _draw(self, person: int, purpose: int, visit: int | None = None) -> np.random.Generator:
        number = int(self.state.visits[person]) if visit is None else visit
        return np.random.default_rng([self.seed, person, number, purpose])

    # A visit

    def _visit(self, person: int, midnight: datetime, sold_out: frozenset[int], ask: Ask | None, made: Day) -> None:
        state, people = self.state, self.people
        draw, by_list = self._draw(person, 11), self._draw(person, 12)
        customer = people.ids[person]
        session = f"{customer}-{int(state.visits[person])}"
        at = midnight + timedelta(hours=float(draw.uniform(6.5, 22.5)))
        visit = _Visit(person, customer, session, people.locale(person), at)
        self._settle_mood(person)
        self._event(made, visit, "page", None, properties={"page": "home"})
        if ask is not None:
            self._list(made, visit, "home", ask("home", None, visit.at, visit.did), by_list, sold_out, clicks=2)
        beside = ask
        for item in self._wishes(person, draw):
            visit.at += timedelta(seconds=float(draw.uniform(12, 90)))
            if draw.random() < 0.3:
                self._event(made, visit, "search", None, properties={"query": _query(self.items[item], visit.locale)})
                visit.at += timedelta(seconds=8)
            self._event(made, visit, "view", item)
            due = item in state.running_out.get(person, {})
            willing = draw.random() < self._wish_to_buy(person, item, due, own=True)
            if item in sold_out:
                visit.mood += SOLD_OUT if willing or due else SOLD_OUT / 5
                if draw.random() < 0.1:
                    self._ask_the_shop(made, visit, "stock", item, draw)
                continue
            if willing:
                visit.carts[item] = True
            if beside is not None:  # the first page that one stays on is read to its end
                for surface in ("alike", "goes_with"):
                    shown = beside(surface, item, visit.at, visit.did)
                    self._list(made, visit, surface, shown, by_list, sold_out, clicks=1)
                beside = None
        self._checkout(made, visit, draw, by_list)
        if draw.random() < 0.02 and visit.did:
            topic = ("size", "care", "gift", "return")[int(draw.integers(4))]
            wished = [item for kind, item, _ in visit.did if kind == "view"]
            if wished:
                self._ask_the_shop(made, visit, topic, wished[0], draw)
        if not self.placebo and visit.quality:
            liked = float(np.mean(visit.quality)) - FAIR_LIST
            visit.mood += LIST_WEIGHT * liked - BOREDOM * float(np.mean(visit.boredom))
        self._feel(person, visit.mood)
        state.visits[person] += 1
        state.next_visit[person] = self._next(person)

    def _wishes(self, person: int, draw: np.random.Generator) -> list[int]:
        """What one comes for, in order, by one's own wish alone."""
        state, liking = self.state, self.people.liking[person]
        known = state.own[person] if self.placebo else state.had[person]
        wished: list[int] = []
        for item, day in sorted(state.running_out.get(person, {}).items()):
            if day <= state.day + 6:
                wished.append(item)
                if draw.random() < 0.25:  # something else of the kind for once
                    wished.append(self._one_of(self.items[item].kind.key, liking, known, draw))
        follow = state.wanted.get(person, [])
        pull = self.people.liking_of_kind[person] + draw.gumbel(0, 0.7, len(KINDS))
        for kind in follow:
            pull[_KIND_NUMBER[kind]] += 0.8
        for number in np.argsort(-pull)[: int(draw.integers(1, 4))].tolist():
            for _ in range(int(draw.integers(1, 4))):
                item = self._one_of(KINDS[number].key, liking, known, draw)
                if item not in wished:
                    wished.append(item)
        return wished[:9]

    def _one_of(self, kind: str, liking: Float32, known: Mask, draw: np.random.Generator) -> int:
        own = self.of_kind[kind]
        pull = liking[list(own)] + draw.gumbel(0, 0.5, len(own))
        if self.items[own[0]].kind.lasts is None:
            pull = pull - 3 * known[list(own)]
        return own[int(pull.argmax())]

    def _wish_to_buy(self, person: int, item: int, due: bool, *, own: bool) -> float:
        lasts = self.items[item].kind.lasts is not None
        if due:
            return 0.75
        known = self.state.own if self.placebo and own else self.state.had
        if known[person, item] and not lasts:
            return 0.0
        return 0.24 / (1 + float(np.exp(-1.6 * (float(self.people.liking[person, item]) - 1.0))))

    def _list(
        self,
        made: Day,
        visit: _Visit,
        surface: str,
        shown: Shown | None,
        draw: np.random.Generator,
        sold_out: frozenset[int],
        clicks: int,
    ) -> None:
        """Looks at a list from the top, clicks what attracts. Draws for every place, whatever is looked at."""
        if shown is None or not shown.items:
            return
        person, state = visit.person, self.state
        made.lists += 1
        seen_until, attracted = draw.random(len(shown.items)), draw.random(len(shown.items))
        looks, weight, total, boring = True, 1.0, 0.0, 0.0
        weights = 0.0
        for place, (item, position) in enumerate(zip(shown.items, shown.positions, strict=True)):
            visit.at += timedelta(milliseconds=120)
            self._event(made, visit, "impression", item, decision=shown.decision, position=position, surface=surface)
            looks = looks and seen_until[place] < float(self.people.attention[person]) ** (place > 0)
            if not looks:
                continue
            liking = float(self.people.liking[person, item])
            standing = float(self.people.standing[person, item])
            if item in state.running_out.get(person, {}) or self.items[item].kind.key in state.wanted.get(person, []):
                standing = min(1.0, standing + 0.15)
            total += weight * standing
            boring += weight * min(float(state.shown[person, item]), 6.0)
            weights += weight
            weight *= 0.9
            if clicks and item not in visit.listed and attracted[place] < 0.2 / (1 + np.exp(-2 * (liking - 1.2))):
                clicks -= 1
                visit.listed.add(item)
                state.shown[person, item] = 0
                visit.at += timedelta(seconds=15)
                self._event(made, visit, "click", item, decision=shown.decision, position=position, surface=surface)
                self._event(made, visit, "view", item, decision=shown.decision, position=position, surface=surface)
                made.clicks += 1
                if draw.random() < 1.3 * self._wish_to_buy(person, item, False, own=False) and item not in sold_out:
                    visit.carts.setdefault(item, False)
                visit.at += timedelta(seconds=float(draw.uniform(10, 60)))
            elif state.shown[person, item] < 250:
                state.shown[person, item] += 1
        for _ in range(2 if surface == "home" else 1):  # the front page is what one remembers of a shop
            visit.quality.append(total / weights)
            visit.boredom.append(boring / weights)

    def _checkout(self, made: Day, visit: _Visit, draw: np.random.Generator, by_list: np.random.Generator) -> None:
        buys_own, buys_listed = draw.random() < 0.78, by_list.random() < 0.78
        basket: dict[int, bool] = {}
        for item, own in visit.carts.items():
            visit.at += timedelta(seconds=14)
            self._event(made, visit, "cart", item)
            if buys_own if own else buys_listed:
                basket[item] = own
        if basket:
            visit.at += timedelta(seconds=70)
            self._event(made, visit, "checkout", None)
            self._order(made, visit, basket)
        if any(basket.values()):
            visit.mood += FOUND

    def _order(self, made: Day, visit: _Visit, basket: dict[int, bool]) -> None:
        """Places an order and plans what will become of it."""
        person, state = visit.person, self.state
        number = int(state.visits[person])
        draw = self._draw(person, 13)
        identity = f"KT{person + 1:05d}-{number + 1}"
        late = draw.random() < LATE_SHARE
        ships = state.day + 1
        arrives = ships + (int(draw.integers(8, 13)) if late else int(draw.integers(1, 4)))
        lines = []
        for item in basket:
            product = self.items[item]
            choice = product.choices[(int(self.people.since[person]) + person * 7) % len(product.choices)]
            line: Record = {
                "product": product.id,
                "variant": choice.sku,
                "quantity": 1,
                "unit_price": f"{choice.price:.2f}",
            }
            lines.append(line | {"title": product.title[visit.locale]})
        goods = sum(float(line["unit_price"]) for line in lines)
        shipping = 0.0 if goods >= FREE_DELIVERY else DELIVERY
        total = f"{goods + shipping:.2f}"
        order: Record = {
            "id": identity,
            "customer": visit.customer,
            "placed_at": visit.at.isoformat(timespec="seconds"),
            "status": "paid",
            "lines": lines,
            "shipping": f"{shipping:.2f}",
            "total": total,
            "payments": [{"id": f"{identity}-p", "method": f"pay-{visit.customer}", "amount": total, "at": visit.at.isoformat(timespec="seconds")}],
            "shipments": [{"id": f"{identity}-s", "carrier": "Parcel Post", "tracking": f"PP{person:05d}{number:04d}", "status": "pending"}],
        }  # fmt: skip
        made.orders.append(order)
        made.bought += len(basket)
        state.orders += 1
        wished = [item for item, own in basket.items() if own]
        for item, own in basket.items():
            state.had[person, item] = True
            state.own[person, item] |= own
            lasts = self.items[item].kind.lasts
            if lasts is not None and (own or not self.placebo):
                due = state.day + max(5, round(lasts * float(self._draw(person, 1000 + item).uniform(0.75, 1.25))))
                state.running_out.setdefault(person, {})[item] = due
        follows = [kind for item in (wished if self.placebo else basket) for kind in self.items[item].kind.goes_with]
        if follows:
            state.wanted[person] = follows
        state.open_orders[identity] = order
        state.later(ships, {"what": "ships", "order": identity, "person": person})
        counts = wished if self.placebo else list(basket)
        if late and draw.random() < 0.6 and counts:
            words = question(visit.locale, "where", "", identity, draw)
            state.later(
                ships + 6, {"what": "asks", "person": person, "order": identity, "text": words, "visit": number}
            )
        quality = float(np.mean([self.items[item].quality for item in counts])) if counts else 0.0
        state.later(
            arrives,
            {"what": "arrives", "order": identity, "person": person, "visit": number, "late": late, "quality": quality, "counts": bool(counts), "placed": state.day, "items": counts or list(basket)},
        )  # fmt: skip

    # What follows

    def _happens(self, what: Record, midnight: datetime, made: Day) -> None:
        at = midnight + timedelta(hours=10)
        stamp = at.isoformat(timespec="seconds")
        if what["what"] == "review":
            made.reviews.append(what["review"])
            return
        if what["what"] == "asks":
            person = what["person"]
            visit = _Visit(person, self.people.ids[person], f"{what['order']}-q", self.people.locale(person), at)
            self._message(made, visit, "where", what["text"], {"order": what["order"]})
            return
        order = self.state.open_orders[what["order"]]
        if what["what"] == "ships":
            order["status"] = "shipped"
            order["shipments"][0] |= {"status": "shipped", "shipped_at": stamp}
            made.orders.append(order)
            return
        if what["what"] == "back":
            order["status"] = "returned"
            order["shipments"][0]["status"] = "returned"
            order["payments"].append({"id": f"{order['id']}-r", "method": order["payments"][0]["method"], "kind": "refund", "amount": order["total"], "status": "refunded", "at": stamp})  # fmt: skip
            made.orders.append(self.state.open_orders.pop(order["id"]))
            visit = _Visit(what["person"], order["customer"], f"{order['id']}-back", "", at)
            for item in what["items"]:
                self._event(made, visit, "return", item, order=order["id"])
            return
        self._arrives(what, order, at, made)

    def _arrives(self, what: Record, order: Record, at: datetime, made: Day) -> None:
        person, late = what["person"], what["late"]
        order["status"] = "delivered"
        order["shipments"][0] |= {"status": "delivered", "delivered_at": at.isoformat(timespec="seconds")}
        made.orders.append(order)
        if what["counts"]:
            self._settle_mood(person)
            self._feel(person, (LATE_MOOD if late else IN_TIME) + QUALITY_MOOD * what["quality"])
            if late or what["quality"] < -1:
                # Whoever is let down stays away longer than planned; who is content keeps the plan.
                wait = int(self.state.next_visit[person])
                self.state.next_visit[person] = wait + max(0, round((wait - self.state.day) * 0.5))
        draw = self._draw(person, 14, what["visit"])
        item = self.items[what["items"][0]]
        good = item.quality + float(draw.normal(0, 0.7)) > -0.4
        if not good and draw.random() < RETURN_SHARE and what["counts"]:
            back = {**what, "what": "back"}
            self.state.later(self.state.day + int(draw.integers(4, 15)), back)
        else:
            del self.state.open_orders[order["id"]]
        if draw.random() < (0.3 if late or abs(item.quality) > 1.3 else 0.18):
            self._review(what, item, good, late, at, draw)

    def _review(
        self, what: Record, item: Item, good: bool, late: bool, at: datetime, draw: np.random.Generator
    ) -> None:
        person = what["person"]
        locale = self.people.locale(person)
        rating = (
            4.35 + 0.3 * item.quality - (0.0 if good else 1.9) - (0.9 if late else 0.0) + float(draw.normal(0, 0.4))
        )
        stars = int(np.clip(round(rating), 1, 5))
        noun = item.kind.zh if locale == "zh" else item.kind.en
        days = self.state.day - what["placed"]
        title, body = review(locale, noun, stars, good, item.kind.lasts is not None, days, late, draw)
        wait = int(draw.integers(2, 10))
        written = at + timedelta(days=wait, hours=float(draw.uniform(0, 9)))
        record = {
            "id": f"{what['order']}-1",
            "product": item.id,
            "customer": self.people.ids[person],
            "rating": stars,
            "title": title,
            "body": body,
            "locale": locale,
            "written_at": written.isoformat(timespec="seconds"),
        }
        self.state.later(self.state.day + wait, {"what": "review", "review": record, "person": person})

    # Mood and time

    def _settle_mood(self, person: int) -> None:
        """Time brings the mood back towards one's temper."""
        state = self.state
        passed = state.day - int(state.since[person])
        temper = float(self.people.temper[person])
        state.mood[person] = temper + (state.mood[person] - temper) * np.exp(-passed / FORGETTING_DAYS)
        state.since[person] = state.day

    def _feel(self, person: int, change: float) -> None:
        self.state.mood[person] = np.clip(self.state.mood[person] + change, -1.0, 1.0)

    def _next(self, person: int) -> int:
        """The day of the next visit: by pace and mood, earlier where something runs out and the mood isn't bad."""
        state = self.state
        draw = self._draw(person, 15, int(state.visits[person]) - 1)
        mood = float(state.mood[person])
        wait = float(self.people.pace[person]) * float(np.exp(-MOOD_SPEED * mood)) * float(draw.gamma(2.5, 0.4))
        planned = state.day + max(1, round(wait))
        loyal = draw.random() < 0.4 + 0.4 * mood
        for item, day in list(state.running_out.get(person, {}).items()):
            if day < state.day - 45:  # bought elsewhere by now
                del state.running_out[person][item]
            elif loyal:
                planned = min(planned, max(state.day + 2, day - 2))
        return min(planned, NEVER)

    # Words and events

    def _ask_the_shop(self, made: Day, visit: _Visit, topic: str, item: int, draw: np.random.Generator) -> None:
        words = question(visit.locale, topic, self.items[item].title[visit.locale], "", draw)
        self._message(made, visit, topic, words, {"product": self.items[item].id})

    def _message(self, made: Day, visit: _Visit, topic: str, text: str, about: Record) -> None:
        visit.at += timedelta(seconds=30)
        self._event(made, visit, "message", None, properties={"text": text, "topic": topic, "locale": visit.locale})
        made.events[-1] |= about

    def _event(
        self,
        made: Day,
        visit: _Visit,
        kind: str,
        item: int | None,
        *,
        decision: str | None = None,
        position: int | None = None,
        surface: str | None = None,
        order: str | None = None,
        properties: Record | None = None,
    ) -> None:
        event: Record = {
            "message_id": f"demo:{self.seed}:{visit.session}:{len(visit.did)}",
            "type": kind,
            "occurred_at": visit.at.isoformat(timespec="milliseconds"),
            "customer": visit.customer,
            "session": visit.session,
        }
        if item is not None:
            event["product"] = self.items[item].id
        for name, value in (("decision_id", decision), ("position", position), ("surface", surface), ("order", order), ("properties", properties)):  # fmt: skip
            if value is not None:
                event[name] = value
        visit.did.append((kind, -1 if item is None else item, visit.at))
        made.events.append(event)


def _query(item: Item, locale: str) -> str:
    """What one types to find such a thing."""
    return item.kind.zh if locale == "zh" else item.kind.en
