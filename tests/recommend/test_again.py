"""Buy again, alike and goes with: lists whose right answers are known beforehand."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from regulars.recommend import again, service
from regulars.recommend.catalogue import Catalogue, Item
from regulars.recommend.filters import FilterBase, Wishes
from regulars.schema import ShopSettings
from regulars.store.people import NOBODY, Person

NOW = time.time()
COFFEE, TEA, LAMP, BEANS = 1, 2, 3, 4


def item(number: int, name: str, *category: str, **more: Any) -> Item:
    facts: dict[str, Any] = {
        "names": (("shop", name),), "texts": {"en": {"title": name}}, "brand": None, "category": category, "attributes": {},
        "pictures": (), "url": None, "price": 100, "compare_at": None, "currency": "EUR", "exponent": 2, "for_sale": True,
        "in_stock": True, "created": 0.0,
    }  # fmt: skip
    return Item(number, **{**facts, **more})


ITEMS = [
    item(COFFEE, "coffee", "Coffee"),
    item(TEA, "tea", "Tea"),
    item(LAMP, "lamp", "Lamps"),
    item(BEANS, "beans", "Coffee"),
]


def serving(items: list[Item] = ITEMS) -> service.Serving:
    catalogue = Catalogue(items, np.array([one.product_id for one in items], np.int64))
    filters = FilterBase(catalogue, (), ["Coffee"])
    return service.Serving(None, None, "newest", catalogue, filters, ShopSettings())


def buyer(*bought: tuple[int, float]) -> Person:
    """(product, days ago), the newest first."""
    ordered = sorted(bought, key=lambda one: one[1])
    return Person(
        7, None, [one for one, _ in ordered], ["purchase"] * len(ordered), [NOW - days * 86_400 for _, days in ordered],
        [one for one, _ in ordered],
    )  # fmt: skip


def names(person: Person, items: list[Item] = ITEMS) -> list[int]:
    decision = service.recommend(serving(items), service.Request("again"), person, NOW)
    return [action.product_id for action in decision.actions]


def test_what_is_due_comes_first() -> None:
    # Coffee once, 29 days ago, of a usual cycle of 30; tea each 10 days, 20 days overdue; the lamp once and not again.
    person = buyer((COFFEE, 29), (TEA, 30), (TEA, 40), (TEA, 50), (LAMP, 25))
    assert names(person) == [COFFEE, TEA]


def test_reasons_say_when_and_how_often() -> None:
    decision = service.recommend(serving(), service.Request("again"), buyer((COFFEE, 29), (TEA, 12), (TEA, 22)), NOW)
    reasons = {action.product_id: action.reason for action in decision.actions}
    assert (reasons[COFFEE].code, reasons[COFFEE].arguments) == ("again", {"days": 29})
    assert (reasons[TEA].code, reasons[TEA].arguments) == ("again_cycle", {"days": 12, "cycle": 10})
    assert decision.trace["sources"] == {"again": 2}


@pytest.mark.parametrize("person", [NOBODY, buyer((COFFEE, 2)), buyer((LAMP, 60)), buyer((99, 30))])
def test_nothing_to_buy_again(person: Person) -> None:
    assert names(person) == []


def test_what_cant_be_had_isnt_offered() -> None:
    gone = [item(COFFEE, "coffee", "Coffee", in_stock=False), item(BEANS, "beans", "Coffee", for_sale=False)]
    decision = service.recommend(serving(gone), service.Request("again"), buyer((COFFEE, 30), (BEANS, 30)), NOW)
    assert decision.actions == ()
    assert sorted(reason for _, reason in decision.trace["removed"]) == ["not_for_sale", "out_of_stock"]


def test_two_in_one_day_are_one() -> None:
    assert again.own_cycle([5.0, 5.3]) is None
    assert again.own_cycle([5.0, 5.3, 15.0]) == pytest.approx(10.0)


def test_kinds_part_alike_from_goes_with() -> None:
    items = [item(number, f"pot {number}", "Kitchen", "Pots") for number in range(1, 6)]
    items += [item(number, f"tea {number}", "Kitchen", "Tea") for number in range(6, 8)]
    base = serving(items).filters
    none = np.zeros(0, np.int32)
    wishes = Wishes()
    alike = base.bar(wishes, none, 0, none, none, "same")
    assert [bool(one) for one in alike.mask] == [True, False, False, False, False, True, True]
    other = base.bar(wishes, none, 0, none, none, "other")
    assert [bool(one) for one in other.mask] == [True, True, True, True, True, False, False]
    # Of the teas there are too few to compare: the category around them is taken.
    assert base.bar(wishes, none, 5, none, none, "same").mask.sum() == 1
