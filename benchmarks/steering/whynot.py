"""Is "why not" right? Products are kept out on purpose, by one thing each, and the answer has to name that thing.

What keeps a product out is arranged here (a rule, a cap, an empty shelf, a purchase, a look, a wish, a source that is silent); the
right answer follows from the arrangement.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from regulars.recommend import service
from regulars.recommend.catalogue import reference
from regulars.recommend.filters import FilterBase, Wishes
from regulars.recommend.rules.book import RuleBook
from regulars.recommend.rules.language import parse
from regulars.recommend.serving import Request, Serving
from regulars.recommend.whynot import why_not
from regulars.schema import ShopSettings
from regulars.shop import Shop
from regulars.store.people import Person

Case = tuple[str, Serving, Request, Person, int, str, int | None]
NOW = time.time()


def measure(shop: Shop, wanted: int, seed: int) -> dict[str, float]:
    """The share of arranged cases in which the first answer is the arranged one."""
    draw = random.Random(seed)
    serving = shop.live.serving()
    settings = ShopSettings(**{**serving.settings.stored(), "exploration_slots": 0})
    serving = replace(serving, settings=settings, rules=None)
    with shop.database.connect() as connection:
        rows = connection.execute("SELECT value FROM external_ids WHERE kind = 'customer' ORDER BY value").fetchall()
    people = shop.read_people(draw.sample([row["value"] for row in rows], min(200, len(rows))))
    right: dict[str, Counter[bool]] = {}
    count = 0
    while count < wanted:
        for kind, asked, request, person, product, code, line in cases(serving, draw.choice(people), draw):
            found = why_not(asked, request, person, product, NOW)
            ok = (found.code, found.line) == (code, line)
            right.setdefault(kind, Counter())[ok] += 1
            if not ok:
                print(f"{kind}: wanted {code} {line}, got {found}")
            count += 1
    for kind, counts in sorted(right.items()):
        print(f"{kind}: {counts[True]} of {sum(counts.values())}")
    hits = sum(counts[True] for counts in right.values())
    return {"why_not": hits / count, "why_not_asked": float(count)}


def ruled(serving: Serving, text: str) -> Serving:
    return replace(serving, rules=RuleBook(1, parse(text, serving.surfaces), serving.catalogue, serving.links))


def cases(serving: Serving, person: Person, draw: random.Random) -> Iterator[Case]:
    """One of each sort, for this person."""
    request = Request("home", 10, seed=draw.randrange(1_000))
    there = [action.product_id for action in service.recommend(serving, request, person, NOW).actions]
    product = draw.choice(there)
    item = serving.item(product)
    assert item is not None
    name = reference(item)
    place = serving.catalogue.place[product]
    noise = "\n".join(f"boost price > {draw.randrange(500, 900)} by 10%" for _ in range(draw.randrange(5)))
    line = len(noise.splitlines()) + 1
    yield (
        "rule by id",
        ruled(serving, f'{noise}\nexclude product is "{name}"'.lstrip()),
        request,
        person,
        product,
        "rule",
        line,
    )
    category = item.category[-1]
    yield (
        "rule by category",
        ruled(serving, f'{noise}\nexclude category is "{category}" on home'.lstrip()),
        request,
        person,
        product,
        "rule",
        line,
    )
    yield (
        "cap",
        ruled(serving, f'{noise}\ncap product is "{name}" at most 0'.lstrip()),
        request,
        person,
        product,
        "cap",
        line,
    )
    stock = serving.catalogue.in_stock.copy()
    stock[place] = False
    yield "out of stock", _with_filters(serving, in_stock=stock), request, person, product, "out_of_stock", None
    sold = serving.catalogue.for_sale.copy()
    sold[place] = False
    yield "not for sale", _with_filters(serving, for_sale=sold), request, person, product, "not_for_sale", None
    barred = FilterBase(serving.catalogue, [item.names[0]], serving.settings.repeatable_categories)
    yield "excluded by shop", replace(serving, filters=barred), request, person, product, "excluded_by_shop", None
    yield (
        "excluded by request",
        serving,
        replace(request, exclude=(product,)),
        person,
        product,
        "excluded_by_request",
        None,
    )
    other = next(
        (one.category[0] for one in serving.catalogue.items if one is not None and one.category[0] != item.category[0]),
        None,
    )
    yield "wish", serving, replace(request, wishes=Wishes(category=other)), person, product, "other_category", None
    bought = replace(person, bought=[*person.bought, product])
    if not serving.filters.repeatable[place]:
        yield "bought", serving, request, bought, product, "already_bought", None
    seen = replace(
        person,
        products=[product, *person.products],
        types=["view", *person.types],
        seconds=[NOW - 3_600, *person.seconds],
    )
    yield "seen", serving, request, seen, product, "seen_lately", None
    longer = [one.product_id for one in service.recommend(serving, replace(request, n=60), person, NOW).actions]
    below = [one for one in longer[12:] if one not in there]
    if below:
        yield "ranked below", serving, request, person, draw.choice(below), "ranked_below", None
    if serving.model is not None:
        proposed = set(_proposed(serving, person))
        silent = [
            one
            for one in serving.catalogue.product_ids.tolist()
            if one not in proposed and one not in person.products and one not in person.bought
        ]
        open_ = [
            one
            for one in silent
            if serving.catalogue.in_stock[serving.catalogue.place[one]]
            and serving.catalogue.for_sale[serving.catalogue.place[one]]
        ]
        if open_:
            yield "no source", serving, request, person, draw.choice(open_), "no_source", None
    never = next(
        (
            one
            for one in serving.catalogue.product_ids.tolist()
            if one not in person.products
            and one not in person.bought
            and serving.catalogue.in_stock[serving.catalogue.place[one]]
        ),
        None,
    )
    if never is not None:
        yield "never bought", serving, Request("again", 10), person, never, "never_bought", None
    yield "gone", serving, request, person, 10**12, "unknown", None


def _with_filters(serving: Serving, **masks: np.ndarray) -> Serving:
    """The same serving with other shelves."""
    filters = FilterBase(serving.catalogue, (), serving.settings.repeatable_categories)
    if "in_stock" in masks:
        filters.out_of_stock = ~masks["in_stock"]
    if "for_sale" in masks:
        filters.not_for_sale = ~masks["for_sale"]
    filters.everybody = filters.not_for_sale | filters.out_of_stock | filters.excluded_by_shop
    return replace(serving, filters=filters)


def _proposed(serving: Serving, person: Person) -> list[int]:
    """Everything that any source names for them, by the sources themselves."""
    from regulars.recommend.dataset import Query
    from regulars.recommend.history import History

    history = History.of(person, serving.catalogue, NOW)
    query = Query(history.items, history.ages, history.strengths, None, NOW)
    assert serving.model is not None
    found: set[int] = set()
    for source in serving.model.sources.values():
        found |= set(source.propose(query, 400).items.tolist())
    return [int(serving.catalogue.product_ids[item]) for item in found]
