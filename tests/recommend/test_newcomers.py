"""A list for somebody without a history: how they came counts, is explained, is kept of nobody who refused, and fades."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from regulars.learning import loop
from regulars.recommend import service, taste
from regulars.recommend.catalogue import Catalogue, Item
from regulars.recommend.context import Arrival, ContextPrior, came_from
from regulars.recommend.dataset import Histories
from regulars.recommend.filters import FilterBase, Wishes
from regulars.recommend.service import Serving
from regulars.recommend.train import fit_starter
from regulars.schema import Decision, Product, ShopSettings
from regulars.shop import Shop
from regulars.store import records, rows
from regulars.store.people import NOBODY, Person

KINDS = ("Tea", "Pots", "Shoes", "Socks", "Lamps")


def item(number: int) -> Item:
    kind = KINDS[number % 5]
    text = {"en": {"title": f"{kind} number {number}"}}
    path = ("Home" if kind in ("Tea", "Pots", "Lamps") else "Sport", kind)
    return Item(
        100 + number,
        (("shop", f"P{number}"),),
        text,
        None,
        path,
        {},
        (),
        None,
        500,
        None,
        "EUR",
        2,
        True,
        number != 7,
        0.0,
    )


@pytest.fixture(scope="module")
def serving() -> Serving:
    """Forty products; everybody looks at shoes most, socks next."""
    items = [item(number) for number in range(40)]
    catalogue = Catalogue(items, np.array([one.product_id for one in items], np.int64))
    generator = np.random.default_rng(3)
    chances = np.array([{"Shoes": 10.0, "Socks": 5.0}.get(one.category[1], 1.0) for one in items])
    rows = [generator.choice(40, 4, replace=False, p=chances / chances.sum()) for _ in range(200)]
    histories = Histories(
        np.arange(0, 801, 4, dtype=np.int64), np.concatenate(rows).astype(np.int32),
        np.arange(800, dtype=np.int64), np.ones(800, np.float32), clock=False,
    )  # fmt: skip
    model = fit_starter(catalogue.vocabulary(), histories)
    return Serving(model, None, "starter", catalogue, FilterBase(catalogue, (), ()), ShopSettings(exploration_slots=0))


def kinds(serving: Serving, decision: Decision) -> list[str]:
    return [found.category[1] for one in decision.actions if (found := serving.item(one.product_id)) is not None]


def test_where_they_began_comes_first_and_is_the_reason(serving: Serving) -> None:
    plain = service.recommend(serving, service.Request(n=8), NOBODY)
    assert "Tea" not in kinds(serving, plain)
    made = service.recommend(serving, service.Request(n=8, arrival=Arrival(landing=("Home", "Tea"))), NOBODY)
    assert kinds(serving, made)[:3] == ["Tea"] * 3
    assert (made.actions[0].reason.code, made.actions[0].reason.arguments) == ("popular_in", {"category": "Tea"})
    assert made.trace["context"]["facts"] == {"landing": "Home > Tea"}
    assert made.trace["candidates"]["feature_names"][-1] == "context"


def test_what_was_counted_outweighs_the_guess(serving: Serving) -> None:
    rows = [("", "", "home > lamps", 500), ("", "", "sport > shoes", 5_000)]
    learned = ContextPrior.of([*rows, ("referrer", "search", "home > lamps", 400)])
    made = service.recommend(
        replace(serving, arrivals=learned), service.Request(n=8, arrival=Arrival("search")), NOBODY
    )
    assert kinds(serving, made)[0] == "Lamps"
    assert made.actions[0].reason.code == "popular_with_arrivals"


def test_it_fades_with_the_first_click(serving: Serving) -> None:
    clicked = Person(None, 1, [102], ["view"], [time.time()], [])
    asked = service.Request(n=8, arrival=Arrival(landing=("Home", "Tea")))
    assert kinds(serving, service.recommend(serving, asked, clicked))[0] == "Shoes"


def test_of_who_refused_nothing_is_kept(serving: Serving) -> None:
    made = service.recommend(
        serving, service.Request(n=8, arrival=Arrival("search", ("Home", "Tea"))), replace(NOBODY, refused=True)
    )
    assert "context" not in made.trace
    assert "context" not in made.feature_names
    assert {one.reason.code for one in made.actions} <= {"popular", "new"}
    assert kinds(serving, made)[0] == "Tea", "this very request counts"


def test_a_prior_survives_its_folder(tmp_path: object, serving: Serving) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    learned = ContextPrior.of([("", "", "home > tea", 3), ("locale", "zh", "home > tea", 3)])
    learned.save(folder)
    assert ContextPrior.load(folder) == learned
    assert ContextPrior.load(folder / "nothing") == ContextPrior()
    assert learned.lifts(serving.catalogue, Arrival(locale="zh-CN")) is not None


@pytest.mark.parametrize(
    "address", ["http://[", "javascript:alert(1)", "https://", "//x", "https://a" + "b" * 300, "\x00"]
)
def test_odd_referrers_are_no_error(address: str) -> None:
    assert came_from(address)[1] == ""


def test_three_taps_differ_by_what_was_picked(serving: Serving) -> None:
    first = taste.next_items(serving, [])
    assert len({one.category[1] for one in first}) == 5, "the first tap shows every kind"
    assert all(one.in_stock for one in first)
    tea = next(one for one in first if one.category[1] == "Tea")
    shown = tuple(one.product_id for one in first)
    after = taste.next_items(serving, [taste.Answer(tea.product_id, shown)])
    assert sum(one.category[1] == "Tea" for one in after) >= 3
    assert not set(shown) & {one.product_id for one in after}
    assert taste.next_items(serving, [taste.Answer(None, shown)]) != after


def test_bad_input_gives_a_list_or_says_why(serving: Serving) -> None:
    now = time.time()
    many = Person(None, 1, [102] * 50_000, ["view"] * 50_000, [now + 1e9] * 50_000, [])
    odd = Person(None, 1, [999_999, 102, 103], ["view"] * 3, [float("nan"), float("inf"), -1e18], [])
    for person in (many, odd, Person(None, 1, [999_999], ["view"], [now], [])):
        made = service.recommend(serving, service.Request(n=100), person)
        assert 107 not in [one.product_id for one in made.actions], "out of stock"
        assert made.trace["short"]["wanted"] == 100
    nothing = service.recommend(serving, service.Request(wishes=Wishes(min_price=9, max_price=1)), many)
    assert nothing.actions == ()
    assert nothing.trace["short"]["left_after_filters"] == 0


def test_first_sessions_are_counted_from_the_mirror(shop: Shop) -> None:
    shop_table = [
        {"id": f"P{n}", "title": f"Thing {n}", "category": ["Home", KINDS[n % 5]], "price": 5} for n in range(10)
    ]
    with shop.database.connect() as connection:
        records.upsert(
            connection,
            records.UPSERT_PRODUCTS,
            [rows.product_row(Product.model_validate(one), shop.settings) for one in shop_table],
        )
    shop.track(
        [
            {"type": kind, "visitor": f"v{n}", "product": product, "occurred_at": f"2026-03-01T{hour}:00Z", "properties": facts}
            for n in range(3)
            for kind, product, hour, facts in (
                ("page", None, "09:00", {"category": "Tea", "referrer": "search"}),
                ("view", "P1", "09:01", {}),
                ("view", "P2", "12:00", {}),
            )
        ]
    )  # fmt: skip
    learned = loop.read_data(shop.database, shop.workspace).arrivals
    assert learned.base == {"home > pots": 3}, "the second session is no arrival"
    assert learned.counts["referrer"] == {"search": {"home > pots": 3}}
    assert learned.counts["landing"] == {"tea": {"home > pots": 3}}
    assert learned.counts["hours"] == {"weekend morning": {"home > pots": 3}}
