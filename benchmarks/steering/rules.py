"""Rules, broken or not: random books of rules, random requests, judged from the products' own records.

A rule is drawn as a thing of this file, written out as text for the engine, and judged here: nothing of the engine's reading, masks or
caps is asked. What the engine's side gives the judge is the person and the list alone.
"""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from regulars.demo.catalogue import by_id
from regulars.recommend import service
from regulars.recommend.filters import Wishes
from regulars.recommend.rules.book import RuleBook
from regulars.recommend.rules.language import parse
from regulars.recommend.serving import Serving
from regulars.schema import ShopSettings
from regulars.shop import Shop
from regulars.store.people import NOBODY, Person

SURFACES = (
    "home",
    "product",
    "alike",
    "goes_with",
    "cart",
    "after_purchase",
    "again",
    "email",
    "surprise",
    "assistant",
    "category",
)
NEEDS = ("product", "alike", "goes_with")
PER_BOOK = 250  # requests between two books


@dataclass(frozen=True)
class Thing:
    """A product as the shop wrote it down, and what follows from that."""

    id: str
    brand: str
    category: tuple[str, ...]
    attributes: dict[str, Any]
    price: float
    stock: int
    discount: float
    margin: float | None
    days: float


@dataclass(frozen=True)
class Drawn:
    """A rule of this benchmark. text: as the engine reads it. holds: of a product. group: of "each"."""

    text: str
    action: str
    holds: Callable[[Thing], bool]
    most: int = 0
    group: Callable[[Thing], Any] | None = None
    surfaces: tuple[str, ...] = ()
    segment: str = ""
    after: tuple[float, str, Callable[[Thing], bool]] | None = None


def things(shop: Shop, now: datetime) -> dict[int, Thing]:
    """By product id, from the store's rows."""
    with shop.database.connect() as connection:
        rows = connection.execute(
            "SELECT p.product_id, x.value AS id, p.brand, p.category, p.attributes, p.created_at,"
            " json_agg(json_build_object('price', v.price, 'before', v.compare_at, 'cost', v.cost, 'stock', v.stock, 'place', v.place)) AS variants"
            " FROM products p JOIN variants v USING (product_id)"
            " JOIN external_ids x ON x.kind = 'product' AND x.namespace = 'shop' AND x.id = p.product_id GROUP BY 1, 2"
        ).fetchall()
    out = {}
    for row in rows:
        variants = row["variants"]
        there = [one for one in variants if one["stock"] is None or one["stock"] > 0] or variants
        cheap = min(there, key=lambda one: (one["price"], one["place"]))
        befores = [one["before"] for one in there if one["before"]]
        before = min(befores) if befores else 0
        price = cheap["price"]
        out[row["product_id"]] = Thing(
            row["id"], row["brand"] or "", tuple(row["category"]), row["attributes"], price / 100,
            sum(max(one["stock"] or 0, 0) for one in variants),
            100 * (before - price) / before if before > price else 0.0,
            None if cheap["cost"] is None else 100 * (price - cheap["cost"]) / price,
            (now - row["created_at"]).total_seconds() / 86_400,
        )  # fmt: skip
    return out


def condition(draw: random.Random, known: Sequence[Thing]) -> tuple[str, Callable[[Thing], bool]]:
    """One condition: as text, and as a question to a product."""
    one = draw.choice(known)
    colours = [thing.attributes["colour"] for thing in known if "colour" in thing.attributes]
    match draw.randrange(11):
        case 0:
            return f'brand is "{one.brand}"', lambda thing: thing.brand == one.brand
        case 1:
            return f'brand is not "{one.brand}"', lambda thing: thing.brand != one.brand
        case 2:
            name = draw.choice(one.category)
            return f'category is "{name}"', lambda thing: name in thing.category
        case 3:
            first, second = draw.sample(colours, 2)
            return f'colour is "{first}", "{second}"', lambda thing: thing.attributes.get("colour") in (first, second)
        case 4:
            value = round(draw.uniform(5, 120), 1)
            return f"price > {value}", lambda thing: thing.price > value
        case 5:
            value = round(draw.uniform(5, 60), 1)
            return f"price <= {value}", lambda thing: thing.price <= value
        case 6:
            count = draw.randrange(1, 60)
            return f"stock < {count}", lambda thing: thing.stock < count
        case 7:
            share = draw.randrange(0, 60)
            return f"margin < {share}", lambda thing: thing.margin is not None and thing.margin < share
        case 8:
            share = draw.randrange(0, 19)
            return f"discount > {share}", lambda thing: thing.discount > share
        case 9:
            days = draw.randrange(15, 400)
            return f"age > {days} days", lambda thing: thing.days > days
        case _:
            return f'product is "{one.id}"', lambda thing: thing.id == one.id


def drawn_rule(draw: random.Random, known: Sequence[Thing]) -> Drawn:
    """A random rule."""
    what, holds = condition(draw, known)
    if draw.random() < 0.4:
        more, also = condition(draw, known)
        first = holds
        what, holds = f"{what} and {more}", lambda thing: first(thing) and also(thing)
    surfaces = tuple(draw.sample(SURFACES, draw.randrange(1, 5))) if draw.random() < 0.5 else ()
    segment = draw.choice(("", "", "", "newcomers", "visitors", "customers", "buyers"))
    tail = f" on {', '.join(surfaces)}" if surfaces else ""
    tail += f" for {segment}" if segment else ""
    kind = draw.choices(("exclude", "boost", "bury", "cap", "each", "pin", "after"), (4, 4, 3, 3, 2, 2, 2))[0]
    if kind == "exclude":
        return Drawn(f"exclude {what}{tail}", kind, holds, surfaces=surfaces, segment=segment)
    if kind == "boost":
        return Drawn(f"boost {what} by {draw.randrange(1, 900)}%{tail}", kind, holds)
    if kind == "bury":
        return Drawn(f"bury {what} by {draw.randrange(1, 99)}%{tail}", kind, holds)
    if kind == "cap":
        most = draw.randrange(0, 5)
        return Drawn(f"cap {what} at most {most}{tail}", kind, holds, most, None, surfaces, segment)
    if kind == "each":
        most = draw.randrange(1, 4)
        name, group = draw.choice(
            (
                ("brand", lambda thing: thing.brand or None),
                ("category", lambda thing: thing.category or None),
                ("colour", lambda thing: thing.attributes.get("colour")),
            )
        )
        return Drawn(f"cap each {name} at most {most}{tail}", "cap", lambda _: True, most, group, surfaces, segment)
    if kind == "pin":
        return Drawn(
            f'pin product is "{draw.choice(known).id}" at {draw.randrange(1, 12)} on {draw.choice(SURFACES)}',
            kind,
            holds,
        )
    days, did = draw.randrange(5, 300), draw.choice(("buying", "viewing"))
    said, bought = condition(draw, known)
    text = f"exclude {what} within {days} days of {did} {said}{tail}"
    return Drawn(text, "exclude", holds, surfaces=surfaces, segment=segment, after=(days, did, bought))


def breaches(
    rules: Sequence[Drawn], surface: str, person: Person, shown: Sequence[Thing], known: dict[int, Thing], now: float
) -> list[str]:
    """The rules that this list breaks."""
    acts = [
        (known[product], kind, second)
        for product, kind, second in zip(person.products, person.types, person.seconds, strict=True)
        if product in known
    ]
    bought = any(kind == "purchase" for _, kind, _ in acts) or any(one in known for one in person.bought)
    belongs = {
        "": True,
        "newcomers": not acts and not bought,
        "visitors": person.customer_id is None,
        "customers": person.customer_id is not None,
        "buyers": bought,
    }
    broken = []
    for rule in rules:
        if (rule.surfaces and surface not in rule.surfaces) or not belongs[rule.segment]:
            continue
        if rule.after is not None:
            days, did, what = rule.after
            if not any(
                what(thing) and now - second <= days * 86_400 and (did == "viewing" or kind == "purchase")
                for thing, kind, second in acts
            ):
                continue
        if rule.action == "exclude" and any(rule.holds(thing) for thing in shown):
            broken.append(rule.text)
        if rule.action == "cap":
            if rule.group is None:
                over = sum(rule.holds(thing) for thing in shown) > rule.most
            else:
                groups = Counter(group for thing in shown if (group := rule.group(thing)) is not None)
                over = max(groups.values(), default=0) > rule.most
            if over:
                broken.append(rule.text)
    return broken


def measure(shop: Shop, requests: int, seed: int) -> dict[str, float]:
    """rule_breaches of so many requests, and what rules cost a request."""
    draw = random.Random(seed)
    serving = shop.live.serving()
    now = time.time()
    known = things(shop, datetime.fromtimestamp(now, UTC))
    assert {thing.id for thing in known.values()} == set(by_id())
    everything = list(known.values())
    people = [NOBODY, replace(NOBODY, visitor_id=1), *_people(shop, draw)]
    broken: Counter[str] = Counter()
    short = empty = out_of_stock = 0
    ids = list(known)
    began = time.monotonic()
    for number in range(requests):
        if number % PER_BOOK == 0:
            rules = [drawn_rule(draw, everything) for _ in range(draw.choice((3, 10, 30, 200)))]
            text = "\n".join(rule.text for rule in rules)
            book = RuleBook(1, parse(text, serving.surfaces), serving.catalogue, serving.links)
            dials = {
                "diversity": draw.choice((0.0, 0.0, 0.4)),
                "exploration_slots": draw.randrange(0, 4),
                "exposure_floor": draw.random(),
            }
            asked = replace(serving, rules=book, settings=ShopSettings(**{**serving.settings.stored(), **dials}))
        surface, person, n = draw.choice(SURFACES), draw.choice(people), draw.randrange(1, 25)
        request = service.Request(
            surface, n, draw.choice(ids) if surface in NEEDS else None,
            Wishes(max_price=30.0) if draw.random() < 0.1 else Wishes(), seed=draw.randrange(2**31), even=draw.random() < 0.05,
        )  # fmt: skip
        decision = service.recommend(asked, request, person, now)
        shown = [known[action.product_id] for action in decision.actions]
        out_of_stock += sum(thing.stock <= 0 for thing in shown)
        short += len(shown) < n
        empty += not shown
        for text in breaches(rules, surface, person, shown, known, now):
            broken[text] += 1
        if len({thing.id for thing in shown}) != len(shown):
            broken["a product twice"] += 1
        if (number + 1) % 20_000 == 0:
            print(
                f"{number + 1:,} requests, {sum(broken.values())} breaches, {empty:,} empty ({time.monotonic() - began:.0f} s)",
                flush=True,
            )
    for text, count in broken.most_common(10):
        print(f"broken {count} times: {text}")
    return {
        "rule_requests": float(requests),
        "rule_breaches": float(sum(broken.values()) + out_of_stock),
        "rule_empty_share": empty / requests,
        "rule_short_share": short / requests,
        **cost(serving, everything, people, draw),
    }


def cost(serving: Serving, known: Sequence[Thing], people: Sequence[Person], draw: random.Random) -> dict[str, float]:
    """rules_ms: what 200 rules add to a list at the median; the same requests with and without, turn by turn."""
    rules = [drawn_rule(draw, known) for _ in range(400)]
    mild = [rule for rule in rules if rule.action != "exclude" or rule.after is not None][:150]
    rules = (mild + [rule for rule in rules if rule.action == "exclude" and rule.after is None and rule.surfaces])[:200]
    text = "\n".join(rule.text for rule in rules)
    began = time.perf_counter()
    book = RuleBook(1, parse(text, serving.surfaces), serving.catalogue, serving.links)
    compiled = time.perf_counter() - began
    ruled, free = replace(serving, rules=book), replace(serving, rules=None)
    times: dict[str, list[float]] = {"ruled": [], "free": []}
    for number in range(3_000):
        request = service.Request("home", 10, seed=number)
        person = people[number % len(people)]
        for name, asked in (("ruled", ruled), ("free", free)) if number % 2 else (("free", free), ("ruled", ruled)):
            began = time.perf_counter()
            service.recommend(asked, request, person)
            times[name].append((time.perf_counter() - began) * 1_000)
    middle = {name: statistics.median(values[200:]) for name, values in times.items()}
    return {
        "rules_ms": middle["ruled"] - middle["free"],
        "rules_list_ms": middle["ruled"],
        "rules_free_ms": middle["free"],
        "rules_compiled_ms": compiled * 1_000,
    }


def _people(shop: Shop, draw: random.Random) -> list[Person]:
    with shop.database.connect() as connection:
        rows = connection.execute("SELECT value FROM external_ids WHERE kind = 'customer' ORDER BY value").fetchall()
    some = draw.sample([row["value"] for row in rows], min(300, len(rows)))
    return shop.read_people(some)
