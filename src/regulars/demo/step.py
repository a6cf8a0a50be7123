"""Runs the demo's world forward, day by day, against the real engine: who is due visits, is shown real lists, and reacts.

A day is worked out in memory, written down beside the world's state, then put into the store. Killed anywhere, the next run
either works the same day out again or finishes writing what was worked out: no day happens twice, none is lost.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import orjson
from threadpoolctl import threadpool_limits

from regulars.demo.catalogue import items
from regulars.demo.life import MOOD_SPEED, Ask, Day, Life, Shown
from regulars.demo.naming import drawn_id
from regulars.demo.people import People
from regulars.demo.policies import Policy, Trained
from regulars.demo.state import NEVER, RECENT_DAYS, State, replacing
from regulars.demo.talks import Talk, Writing, left_open, planned
from regulars.demo.world import sold_out
from regulars.errors import InvalidInput, WorkspaceError
from regulars.recommend import service
from regulars.schema import Decision, Event, ExternalId, Order, Product, Review
from regulars.schema.events import STRENGTHS
from regulars.shop import DECISIONS_AT_ONCE, Shop
from regulars.store import decisions, order_book, records, rows
from regulars.store.people import Person

WORLD = "demo-world.npz"
JOURNAL = "demo-day.json"
HOME, BESIDE = 8, 6
MORNING = 9
"""The hour at which the shop's people begin."""

EVENTS_AT_ONCE, RECORDS_AT_ONCE = 5_000, 500


@dataclass(frozen=True, slots=True)
class Figures:
    """A day in numbers. returned: of those who were here 28 days before, the share that came back since, None before that."""

    date: str
    visitors: int
    orders: int
    revenue: float
    lists: int
    clicks: int
    returned: float | None
    mood: float
    conversations: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Stepper:
    """The world of one demo shop, ready to go on. Not for two processes at once: a lock sees to it."""

    def __init__(
        self,
        shop: Shop,
        *,
        policies: Mapping[str, Policy] | None = None,
        placebo: bool = False,
        seed: int | None = None,
        talks: bool = False,
    ) -> None:
        """policies: arm → policy. With several, everybody belongs to one arm for good: drawn from the seed among those who
        come about as often, so that the arms are alike before they begin. talks: customers also write to the shop, and its
        assistant answers; what people do is the same without.

        Raises: WorkspaceError when the shop isn't a demo with a world; UnreadableFile.
        """
        self.shop = shop
        self.path = shop.workspace.folder / WORLD
        if not self.path.exists():
            raise WorkspaceError(
                f"{shop.workspace.folder} has no demo world to step.", hint="Make one: `regulars demo FOLDER`."
            )
        self.policies = dict(policies or {"trained": Trained()})
        if not self.policies:
            raise InvalidInput("A world needs a policy.", field="policies")
        self.placebo = placebo
        self.talks = talks
        self._writing: Writing | None = None
        self.settings = shop.settings
        state = State.load(self.path)
        self.people = People(len(state.mood), state.seed)
        self.life = Life(self.people, state, placebo=placebo, seed=seed)
        self._arms = _drawn_arms(list(self.policies), self.people, self.life.seed)
        self._journal = shop.workspace.folder / JOURNAL
        self._finish()

    @property
    def state(self) -> State:
        return self.life.state

    @property
    def compared(self) -> bool:
        """Is this anything else than the engine as it serves? Then decisions name the arm that they belong to."""
        return list(self.policies) != ["trained"]

    @property
    def today(self) -> datetime:
        """Midnight of the day that comes next."""
        return self.life.began + timedelta(days=self.state.day)

    def arm(self, person: int) -> str:
        """The arm that somebody belongs to."""
        return self._arms[person]

    def days(self, number: int, progress: Callable[[int, int], None] | None = None) -> Iterator[Figures]:
        """Steps that many days. Raises: DatabaseUnavailable."""
        for done in range(number):
            yield self.day()
            if progress is not None:
                progress(done + 1, number)

    def day(self) -> Figures:
        """One day. Raises: DatabaseUnavailable; then the world stands as before, or the day is finished at the next start."""
        with threadpool_limits(limits=1, user_api="blas"):
            number = self.state.day
            out = sold_out(self.state.seed, number)
            self._call_off()
            asked = _Asked(self)
            made = self.life.day(out, asked.way_of)
            talks = planned(self.life, made, number) if self.talks else []
        changed = out ^ sold_out(self.state.seed, number - 1)
        self._write_down(number, made, asked.decided, sorted(changed), out, talks)
        self._finish()
        return self._figures(number, made, len(talks))

    def _call_off(self) -> None:
        """What was cancelled in the shop, by a customer's word or by hand, isn't sent."""
        with self.shop.database.connect() as connection:
            self.life.call_off(order_book.cancelled(connection, list(self.state.open_orders)))

    def _figures(self, number: int, made: Day, talks: int) -> Figures:
        placed = [order for order in made.orders if order["status"] == "paid"]
        recent = self.state.recent
        returned = None
        if len(recent) > RECENT_DAYS and recent[0]:
            later = set().union(*recent[1:])
            returned = sum(person in later for person in recent[0]) / len(recent[0])
        return Figures(
            date=f"{self.life.began + timedelta(days=number):%Y-%m-%d}",
            visitors=len(made.visitors),
            orders=len(placed),
            revenue=round(sum(float(order["total"]) for order in placed), 2),
            lists=made.lists,
            clicks=made.clicks,
            returned=returned,
            mood=float(self.state.mood.mean()),
            conversations=talks,
        )

    # Writing a day down, and into the store

    def _write_down(
        self,
        number: int,
        made: Day,
        decided: Sequence[Decision],
        changed: Sequence[int],
        out: frozenset[int],
        talks: Sequence[Talk],
    ) -> None:
        """The journal first, then the state. Only a journal whose state is saved counts."""
        products = [items()[item].record(self.life.began, in_stock=item not in out) for item in changed]
        groups = [
            decisions.as_json(decided[start : start + DECISIONS_AT_ONCE])
            for start in range(0, len(decided), DECISIONS_AT_ONCE)
        ]
        journal = {
            "day": number,
            "until": self.today.isoformat(),
            "products": products,
            "decisions": groups,
            "events": made.events,
            "orders": made.orders,
            "reviews": made.reviews,
            "found": self.state.talks,
            "talks": talks,
        }
        self.state.talks = left_open(talks)
        with replacing(self._journal) as part, part.open("wb") as file:
            file.write(orjson.dumps(journal, option=orjson.OPT_SERIALIZE_NUMPY))
            file.flush()
            os.fsync(file.fileno())
        self.state.save(self.path)

    def _finish(self) -> None:
        """Puts a day that was written down into the store. Doing it twice is doing it once."""
        if not self._journal.exists():
            return
        journal = orjson.loads(self._journal.read_bytes())
        if journal["day"] == self.state.day - 1:  # else its state was never saved: the day comes again
            self._apply(journal)
        self._journal.unlink()

    def _apply(self, journal: dict[str, Any]) -> None:
        settings = self.settings
        until = datetime.fromisoformat(journal["until"])
        clock = rows.Clock.of(settings, until, live=False)
        with self.shop.database.connect(autocommit=True) as connection:
            made = [rows.product_row(Product.model_validate(one), settings) for one in journal["products"]]
            for batch in _batches(made, RECORDS_AT_ONCE):
                records.upsert(connection, records.UPSERT_PRODUCTS, batch)
            for group in journal["decisions"]:
                connection.execute(decisions.RECORD_DECISIONS, (group,))
            events = [rows.event_row(Event.model_validate(one), clock, settings) for one in journal["events"]]
            for batch in _batches(events, EVENTS_AT_ONCE):
                records.append_events(connection, batch, "demo", until)
            for batch in _batches(journal["orders"], RECORDS_AT_ONCE):
                pairs = [rows.order_rows(Order.model_validate(one), clock, settings) for one in batch]
                lines = [event for _, own in pairs for event in own]
                records.upsert(connection, records.UPSERT_ORDERS, [order for order, _ in pairs], lines)
            for batch in _batches(journal["reviews"], RECORDS_AT_ONCE):
                written = [rows.review_row(Review.model_validate(one), clock) for one in batch]
                records.upsert(connection, records.UPSERT_REVIEWS, written)
        found, talks = journal.get("found", []), journal.get("talks", [])
        if found or talks:
            self._writing = self._writing or Writing(self.shop)
            self._writing.settle(found, until - timedelta(hours=24 - MORNING))
            self._writing.have(talks)


class _Asked:
    """A day's questions to the engine: people are read at once, decisions collected."""

    def __init__(self, stepper: Stepper) -> None:
        self.stepper = stepper
        self.decided: list[Decision] = []
        shop, state = stepper.shop, stepper.state
        shop.live.refresh()
        self.serving = shop.live.serving()
        due = sorted({*np.flatnonzero(state.next_visit == state.day).tolist(), *stepper.life.expected()})
        self._people: dict[int, Person] = {}
        found = shop.read_people([stepper.people.ids[person] for person in due])
        for person, read in zip(due, found, strict=True):
            if read.customer_id is None:  # erased: who is forgotten doesn't come again
                state.next_visit[person] = NEVER
            else:
                self._people[person] = read
        catalogue = self.serving.catalogue
        self._product: dict[int, int] = {}
        self._item: dict[int, int] = {}
        for item in items():
            named = catalogue.named(*ExternalId("shop", item.id))
            if named is not None:
                self._product[item.number] = named.product_id
                self._item[named.product_id] = item.number

    def way_of(self, person: int) -> Ask:
        read = self._people[person]
        arm = self.stepper.arm(person)
        policy = self.stepper.policies[arm]
        visit = int(self.stepper.state.visits[person])
        asked = 0

        def ask(surface: str, item: int | None, at: datetime, did: list[tuple[str, int, datetime]]) -> Shown | None:
            nonlocal asked
            context = None if item is None else self._product.get(item)
            if item is not None and context is None:
                return None
            asked += 1
            identity, seed = _names(self.stepper.life.seed, person, visit, asked, at)
            request = service.Request(surface, HOME if item is None else BESIDE, context, seed=seed)
            made = policy.decide(self.serving, request, self._with(read, did), at.timestamp())
            made = replace(made, decision_id=identity, arm=arm if self.stepper.compared else None)
            self.decided.append(made)
            # What isn't the demo's own (a product that somebody added) nobody here has a taste for.
            known = [action for action in made.actions if action.product_id in self._item]
            found = [self._item[action.product_id] for action in known]
            return Shown(found, [action.position for action in known], str(identity))

        return ask

    def _with(self, read: Person, did: list[tuple[str, int, datetime]]) -> Person:
        """The person as the store would give them after what they did in this visit."""
        fresh = [
            (self._product[item], kind, at.timestamp())
            for kind, item, at in reversed(did)
            if kind in STRENGTHS and item in self._product
        ]
        if not fresh or read.refused:  # of whom no list is to know anything, none does
            return read
        return replace(
            read,
            products=[product for product, _, _ in fresh] + read.products,
            types=[kind for _, kind, _ in fresh] + read.types,
            seconds=[second for _, _, second in fresh] + read.seconds,
        )


def _drawn_arms(names: list[str], people: People, seed: int) -> list[str]:
    """An arm for each person: those who come about as often stand in blocks, and each block holds every arm once."""
    draw = np.random.default_rng([seed, 4])
    arms = [names[0]] * people.count
    order = np.argsort(people.pace * np.exp(-MOOD_SPEED * people.temper), kind="stable").tolist()
    for start in range(0, people.count, len(names)):
        for person, place in zip(
            order[start : start + len(names)], draw.permutation(len(names)).tolist(), strict=False
        ):
            arms[person] = names[place]
    return arms


def _names(seed: int, person: int, visit: int, asked: int, at: datetime) -> tuple[UUID, int]:
    """A decision's id and its seed."""
    return drawn_id(f"{seed}:{person}:{visit}:{asked}", at)


def _batches(made: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(made), size):
        yield made[start : start + size]
