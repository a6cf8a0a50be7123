"""The invented shop: the same seed gives the same records, every record is valid, and behaviour has the structure it should."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import orjson
import pytest

from regulars.demo import MARK, run
from regulars.demo.catalogue import AUTHORS
from regulars.demo.kinds import BY_KEY, CATEGORIES, KINDS
from regulars.demo.pictures import picture
from regulars.demo.world import DAYS, World, label
from regulars.errors import WorkspaceError
from regulars.feeds.native import record_of
from regulars.schema import Customer, Product
from regulars.store.workspace import Workspace

TODAY = datetime(2026, 5, 1, 15, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return World(TODAY, customers=120)


def kind_of(product: str) -> str:
    return product.rpartition("-")[0]


def test_the_same_seed_and_day_give_the_same_records_and_another_seed_others(world: World) -> None:
    again = World(TODAY.replace(hour=3), customers=120)
    assert orjson.dumps(world.days()) == orjson.dumps(again.days())
    assert list(world.products()) == list(again.products())
    assert list(world.customers()) == list(again.customers())
    assert World(TODAY, seed=8, customers=120).days() != world.days()


def test_every_record_is_valid_and_nothing_has_to_be_kept_as_a_leftover(world: World) -> None:
    events, orders, reviews = world.days()
    kinds = {
        "products": list(world.products()),
        "customers": list(world.customers()),
        "events": events,
        "orders": orders,
        "reviews": reviews,
    }
    for kind, records in kinds.items():
        assert records
        for record in records:
            made = record_of(kind, record, False)
            assert set(record) <= set(type(made).model_fields), kind


def test_products_speak_both_languages_and_have_a_picture(world: World) -> None:
    products = [Product.model_validate(record) for record in world.products()]
    assert 580 <= len(products) <= 640
    assert len({product.id for product in products}) == len(products)
    for locale in ("en", "zh"):
        assert len({product.title[locale] for product in products}) == len(products)
    skus = [variant.sku for product in products for variant in product.all_variants()]
    assert len(set(skus)) == len(skus)
    assert {product.category[0] for product in products} == set(CATEGORIES)
    assert any(all(variant.stock == 0 for variant in product.all_variants()) for product in products)
    for product in products:
        assert set(product.title) == set(product.description) == {"en", "zh"}
        for variant in product.all_variants():
            assert variant.price is not None
            assert float(variant.price) > 0
            assert variant.compare_at_price is None or float(variant.compare_at_price) > float(variant.price)
        drawn = picture(product.id.value)
        assert drawn is not None
        assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"
        assert not re.search(r"'[A-Z]'", drawn), "a role without a colour"
        assert product.pictures[0].url == f"/demo/pictures/{product.id.value}.svg"
        for part in (*product.category, *product.attributes, *product.attributes.values()):
            assert label(str(part), "zh") != part or part in AUTHORS, part


@pytest.mark.parametrize("name", ["", "teapot", "teapot-", "-moss", "teapot-Moss", "<svg onload=x>-moss", "x" * 9_000])
def test_what_is_no_product_has_no_picture(name: str) -> None:
    assert picture(name) is None


def test_customers_are_nobody(world: World) -> None:
    for record in world.customers():
        customer = Customer.model_validate(record)
        assert customer.email is not None
        assert customer.email.endswith("@example.com")
        assert customer.consent


def test_everything_happened_in_the_half_year_before_the_day(world: World) -> None:
    events, orders, reviews = world.days()
    times = [
        *(event["occurred_at"] for event in events),
        *(order["placed_at"] for order in orders),
        *(review["written_at"] for review in reviews),
    ]
    moments = [datetime.fromisoformat(time) for time in times]
    assert max(moments) < TODAY
    assert (TODAY - min(moments)).days <= DAYS
    assert len({event["message_id"] for event in events}) == len(events)


def test_customers_look_along_their_taste(world: World) -> None:
    """Of what one customer looks at, most is of two of the twelve categories: at random a sixth would be."""
    seen: dict[str, Counter[str]] = {}
    for event in world.days()[0]:
        world_of = BY_KEY[kind_of(event["product"])].category
        seen.setdefault(event["customer"], Counter())[world_of] += 1
    shares = [
        sum(count for _, count in worlds.most_common(2)) / worlds.total()
        for worlds in seen.values()
        if worlds.total() > 30
    ]
    assert sum(shares) / len(shares) > 0.6


def test_what_is_bought_leads_to_what_goes_with_it(world: World) -> None:
    """After an order the next visit looks at its companions more often than other visits do."""
    events, orders, _ = world.days()
    after: list[bool] = []
    companions: dict[str, set[str]] = {}
    timeline = sorted(
        [(event["occurred_at"], event["customer"], "view", event["product"]) for event in events]
        + [
            (order["placed_at"], order["customer"], "order", line["product"])
            for order in orders
            for line in order["lines"]
        ]
    )
    for _, customer, what, product in timeline:
        if what == "order":
            companions[customer] = set(BY_KEY[kind_of(product)].goes_with)
        elif customer in companions:
            after.append(kind_of(product) in companions[customer])
    by_chance = sum(len(kind.goes_with) for kind in KINDS) / len(KINDS) / len(KINDS)
    assert sum(after) / len(after) > 3 * by_chance


def test_labels_are_of_this_shop_only() -> None:
    assert label("Tea & coffee", "zh") == "茶与咖啡"
    assert label("Coffee beans", "zh") == "咖啡豆"
    assert label("Garden", "en") == "Garden"
    assert label("Anything else", "zh") == "Anything else"


def test_a_folder_with_a_real_shop_is_left_alone(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "shop")
    with pytest.raises(WorkspaceError, match="isn't a demo"):
        run.prepare(tmp_path / "shop", say=print, bar=lambda *_: None)  # type: ignore[arg-type, return-value]
    assert not (tmp_path / "shop" / MARK).exists()
