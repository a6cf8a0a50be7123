"""Are reasons true? The stated cause is deleted from what the person did, the list is made again, and the product has to fall further
than after deleting something else that they did, drawn at random.

A cause is everything the person did with the product that the reason names. Places are those among all candidates of a list of a hundred;
equal falls count against us. Reasons without a cause of one's own ("Popular right now") say nothing of a person and aren't asked.
"""

from __future__ import annotations

import random
import statistics
from collections import Counter
from dataclasses import replace

from regulars.recommend import service
from regulars.recommend.serving import Serving
from regulars.schema import ShopSettings
from regulars.shop import Shop
from regulars.store.people import Person

LISTED = 100
PLACES = 10
GONE = 1_000


def measure(shop: Shop, wanted: int, seed: int) -> dict[str, float]:
    """The share of reasons whose cause matters more than a random event, with how many were asked."""
    draw = random.Random(seed)
    serving = shop.live.serving()
    settings = ShopSettings(**{**serving.settings.stored(), "exploration_slots": 0, "diversity": 0.0})
    serving = replace(serving, settings=settings)
    with shop.database.connect() as connection:
        rows = connection.execute("SELECT value FROM external_ids WHERE kind = 'customer' ORDER BY value").fetchall()
    names = [row["value"] for row in rows]
    draw.shuffle(names)
    asked = true = 0
    by_code: dict[str, Counter[bool]] = {}
    equal = shown = named = 0
    milliseconds = []
    for start in range(0, len(names), 200):
        for person in shop.read_people(names[start : start + 200]):
            if asked >= wanted or len(set(person.products)) < 3:
                continue
            decision = service.recommend(serving, service.Request("home", LISTED, seed=1), person)
            milliseconds.append(decision.timings_ms["reasons"])
            shown += len(decision.actions[:PLACES])
            causes = [
                (action.position, action.product_id, int(action.reason.arguments["product_id"]), action.reason.code)
                for action in decision.actions[:PLACES]
                if "product_id" in action.reason.arguments
            ]
            named += len(causes)
            for position, product, cause, code in draw.sample(causes, min(3, len(causes))):
                others = [one for one in dict.fromkeys(person.products) if one not in (cause, product)]
                if not others or asked >= wanted:
                    continue
                fell = _place(serving, _without(person, cause), product) - position
                beside = _place(serving, _without(person, draw.choice(others)), product) - position
                asked += 1
                true += fell > beside
                equal += fell == beside
                by_code.setdefault(code, Counter())[fell > beside] += 1
    for code, counts in sorted(by_code.items(), key=lambda pair: -sum(pair[1].values())):
        print(f"{code}: {counts[True]} of {sum(counts.values())}")
    return {
        "faithful": true / max(asked, 1),
        "faithful_asked": float(asked),
        "faithful_equal": equal / max(asked, 1),
        "faithful_named_share": named / max(shown, 1),
        "faithful_reasons_ms": statistics.median(milliseconds) if milliseconds else 0.0,
    }


def _without(person: Person, product: int) -> Person:
    """As if they had never done anything with this product."""
    kept = [number for number, one in enumerate(person.products) if one != product]
    return replace(
        person,
        products=[person.products[number] for number in kept],
        types=[person.types[number] for number in kept],
        seconds=[person.seconds[number] for number in kept],
        bought=[one for one in person.bought if one != product],
    )


def _place(serving: Serving, person: Person, product: int) -> int:
    decision = service.recommend(serving, service.Request("home", LISTED, seed=1), person)
    return next((action.position for action in decision.actions if action.product_id == product), GONE)
