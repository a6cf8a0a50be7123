"""The invented shop: the same seed gives the same records, every record is valid, and what people do has the structure it should."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import orjson
import pytest

from regulars.demo import MARK, run
from regulars.demo.articles import ARTICLES
from regulars.demo.catalogue import AUTHORS, items
from regulars.demo.kinds import BY_KEY, CATEGORIES, KINDS
from regulars.demo.pictures import picture
from regulars.demo.shapes import FORMS
from regulars.demo.shapes.home_to_books import COVERS
from regulars.demo.state import State
from regulars.demo.world import DAYS, History, World, label, sold_out
from regulars.errors import UnreadableFile, WorkspaceError
from regulars.feeds.native import record_of
from regulars.schema import Customer, Product
from regulars.store.workspace import Workspace

TODAY = datetime(2026, 5, 1, 15, 30, tzinfo=UTC)
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def world() -> World:
    return World(TODAY, customers=200)


@pytest.fixture(scope="module")
def lived(world: World) -> tuple[History, State]:
    return world.live()


@pytest.fixture(scope="module")
def history(lived: tuple[History, State]) -> History:
    return lived[0]


def kind_of(product: str) -> str:
    return product.rpartition("-")[0]


def test_the_same_seed_and_day_give_the_same_records_and_another_seed_others(world: World, history: History) -> None:
    again = World(TODAY.replace(hour=3), customers=200)
    other = again.live()[0]
    assert orjson.dumps([history.events, history.orders, history.reviews]) == orjson.dumps(
        [other.events, other.orders, other.reviews]
    )
    assert list(world.products()) == list(again.products())
    assert list(world.customers()) == list(again.customers())
    assert World(TODAY, seed=8, customers=200).live()[0].events != history.events


def test_every_record_is_valid_and_nothing_has_to_be_kept_as_a_leftover(world: World, history: History) -> None:
    kinds = {
        "products": list(world.products()),
        "customers": list(world.customers()),
        "articles": list(world.articles()),
        "events": history.events,
        "orders": history.orders,
        "reviews": history.reviews,
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
        assert HAN.search(product.title["zh"])
        assert not HAN.search(product.title["en"])
        for variant in product.all_variants():
            assert variant.price is not None
            assert float(variant.price) > 0
            assert variant.compare_at_price is None or float(variant.compare_at_price) > float(variant.price)
        assert product.pictures[0].url == f"/demo/pictures/{product.id.value}.svg"
        options = [value for variant in product.variants for value in (*variant.options, *variant.options.values())]
        for part in (*product.category, *product.attributes, *product.attributes.values(), *options):
            same = label(str(part), "zh") == part
            assert not same or part in AUTHORS or not re.search(r"[a-z]{2}", str(part)), part


def test_pictures_are_drawings_with_every_colour_filled_in() -> None:
    drawn = {item.id: picture(item.id) for item in items()}
    for name, svg in drawn.items():
        assert svg is not None
        assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg", name
        assert not re.search(r"'[A-Z]'", svg), f"{name} has a role without a colour"
        assert "script" not in svg
        assert len(svg) < 8_000
    assert len(set(drawn.values())) == len(drawn), "two products look the same"
    assert {kind.key for kind in KINDS} == FORMS.keys() | COVERS.keys()


@pytest.mark.parametrize("name", ["", "teapot", "teapot-", "-moss", "teapot-Moss", "<svg onload=x>-moss", "x" * 9_000])
def test_what_is_no_product_has_no_picture(name: str) -> None:
    assert picture(name) is None


def test_kinds_name_each_other_and_categories_that_exist() -> None:
    for kind in KINDS:
        assert kind.category in CATEGORIES
        assert set(kind.goes_with) <= BY_KEY.keys()
        assert kind.key not in kind.goes_with


def test_customers_are_nobody(world: World) -> None:
    records = list(world.customers())
    for record in records:
        customer = Customer.model_validate(record)
        assert customer.email is not None
        assert customer.email.endswith("@example.com")
        assert customer.phone is not None
        assert customer.phone.startswith("+44 7700 900")
        assert customer.consent
    assert 0.15 < np.mean([record["locale"] == "zh" for record in records]) < 0.45


def test_articles_stand_in_both_languages(world: World) -> None:
    records = list(world.articles())
    assert len(records) == 2 * len(ARTICLES) >= 40
    assert len({record["id"] for record in records}) == len(records)
    for record in records:
        assert bool(HAN.search(record["body"])) == (record["locale"] == "zh")


def test_everything_happened_in_the_half_year_before_the_day(history: History) -> None:
    times = [
        *(event["occurred_at"] for event in history.events),
        *(order["placed_at"] for order in history.orders),
        *(review["written_at"] for review in history.reviews),
        *(
            shipment["delivered_at"]
            for order in history.orders
            for shipment in order["shipments"]
            if "delivered_at" in shipment
        ),
    ]
    moments = [datetime.fromisoformat(time) for time in times]
    assert max(moments) < TODAY
    assert (TODAY - min(moments)).days <= DAYS
    assert len({event["message_id"] for event in history.events}) == len(history.events)


def test_customers_look_along_their_taste(history: History) -> None:
    """Of what one customer looks at, most is of three of the twelve categories: at random a quarter would be."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for event in history.events:
        if event["type"] == "view":
            seen[event["customer"]][BY_KEY[kind_of(event["product"])].category] += 1
    shares = [sum(count for _, count in own.most_common(3)) / own.total() for own in seen.values() if own.total() > 20]
    assert len(shares) > 50
    assert np.mean(shares) > 0.6


def test_what_is_used_up_is_bought_again_in_its_time(history: History) -> None:
    bought: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for order in history.orders:
        for line in order["lines"]:
            bought[order["customer"], line["product"]].append(datetime.fromisoformat(order["placed_at"]))
    again = {key: (times[1] - times[0]).days for key, times in bought.items() if len(times) > 1}
    assert len(again) > 20
    assert all(BY_KEY[kind_of(product)].lasts for _, product in again), "a lamp was bought twice"
    shares = [days / (BY_KEY[kind_of(product)].lasts or 0) for (_, product), days in again.items()]
    assert 0.7 < np.median(shares) < 1.6


def test_what_is_bought_leads_to_what_goes_with_it(history: History) -> None:
    """After an order the next views are of its companions more often than by chance."""
    after: list[bool] = []
    companions: dict[str, set[str]] = {}
    timeline = sorted(
        [(event["occurred_at"], event["customer"], "view", event["product"]) for event in history.events if event["type"] == "view"]
        + [(order["placed_at"], order["customer"], "order", line["product"]) for order in history.orders for line in order["lines"]]
    )  # fmt: skip
    for _, customer, what, product in timeline:
        if what == "order":
            companions[customer] = set(BY_KEY[kind_of(product)].goes_with)
        elif customer in companions:
            after.append(kind_of(product) in companions[customer])
    by_chance = sum(len(kind.goes_with) for kind in KINDS) / len(KINDS) / len(KINDS)
    assert sum(after) / len(after) > 3 * by_chance


def test_reviews_agree_with_what_happened(history: History) -> None:
    """Late parcels and poor things get fewer stars, and the text is in the customer's language."""
    quality = {item.id: item.quality for item in items()}
    orders = {order["id"]: order for order in history.orders}
    stars: dict[bool, list[int]] = {True: [], False: []}
    for review in history.reviews:
        order = orders[review["id"].removesuffix("-1")]
        assert review["product"] in {line["product"] for line in order["lines"]}
        assert review["customer"] == order["customer"]
        assert bool(HAN.search(review["body"])) == (review["locale"] == "zh")
        assert "{" not in review["body"]
        arrived = datetime.fromisoformat(order["shipments"][0]["delivered_at"])
        assert review["written_at"] > arrived.isoformat()
        late = (arrived - datetime.fromisoformat(order["placed_at"])).days > 6
        stars[late].append(review["rating"])
    assert np.mean(stars[False]) > np.mean(stars[True]) + 0.3
    rated = [(quality[review["product"]], review["rating"]) for review in history.reviews]
    assert np.corrcoef(np.array(rated).T)[0, 1] > 0.2


def test_orders_are_paid_and_shipped_and_some_come_back(history: History) -> None:
    states = Counter(order["status"] for order in history.orders)
    assert {"paid", "shipped", "delivered", "returned"} <= states.keys()
    assert states["delivered"] > 0.7 * states.total()
    for order in history.orders:
        goods = sum(float(line["unit_price"]) for line in order["lines"])
        assert float(order["total"]) == pytest.approx(goods + float(order["shipping"]))
        assert (order["status"] == "returned") == any(one.get("kind") == "refund" for one in order["payments"])
    asked = [event["properties"] for event in history.events if event["type"] == "message"]
    assert {"where", "stock"} <= {one["topic"] for one in asked}


def test_suppliers_fail_by_their_own_timetable() -> None:
    out = [sold_out(7, day) for day in range(200)]
    assert out == [sold_out(7, day) for day in range(200)]
    assert 0.005 < np.mean([len(one) for one in out]) / len(items()) < 0.1
    assert any(out[day] != out[day + 1] for day in range(199))


def test_a_state_is_kept_whole(lived: tuple[History, State], tmp_path: Path) -> None:
    state = lived[1]
    state.save(tmp_path / "w.npz")
    again = State.load(tmp_path / "w.npz")
    for name in State.__slots__:
        mine, theirs = getattr(state, name), getattr(again, name)
        assert np.array_equal(mine, theirs) if isinstance(mine, np.ndarray) else mine == theirs, name
    (tmp_path / "w.npz").write_bytes(b"PK nonsense")
    with pytest.raises(UnreadableFile, match="can't be read"):
        State.load(tmp_path / "w.npz")


def test_labels_are_of_this_shop_only() -> None:
    assert label("Tea & coffee", "zh") == "茶与咖啡"
    assert label("Coffee beans", "zh") == "咖啡豆"
    assert label("Garden", "en") == "Garden"
    assert label("Anything else", "zh") == "Anything else"


def test_a_folder_with_a_real_shop_is_left_alone(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "shop")
    with pytest.raises(WorkspaceError, match="isn't a demo"):
        run.prepare(tmp_path / "shop", say=print, bar=lambda *_: None)
    assert not (tmp_path / "shop" / MARK).exists()


def test_a_demo_of_an_earlier_version_says_so(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "shop")
    (tmp_path / "shop" / MARK).write_text("Everything in this shop is invented.\n2026-05-01\nimported\n")
    with pytest.raises(WorkspaceError, match="earlier version"):
        run.prepare(tmp_path / "shop", say=print, bar=lambda *_: None)
