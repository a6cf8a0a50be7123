"""Newcomers in the demo's world: one click turns the home list to what was clicked; a product of a second ago is in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from conftest import Server
from regulars.demo import MARK, run
from regulars.recommend import service
from regulars.recommend.live import Live
from regulars.recommend.sequence_training import SequenceSettings
from regulars.recommend.train import TrainSettings
from regulars.schema import Product
from regulars.shop import Shop
from regulars.store import people, records, rows
from regulars.store.database import Database
from regulars.store.workspace import StartSettings, Workspace

COUNTED = TrainSettings(sequence=SequenceSettings(min_people=10**9))


@contextmanager
def no_bar(*_: Any) -> Iterator[None]:
    yield None


@pytest.fixture(scope="module")
def world(servers: Callable[[str], Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A demo shop with a model that counts."""
    server = servers("embedded")
    url = server.make()
    workspace = Workspace.create(tmp_path_factory.mktemp("newcomers") / "shop")
    with Shop(workspace, StartSettings(database_url=url), Database(workspace.folder, url)) as shop:
        mark = workspace.folder / MARK
        mark.write_text(f"Everything in this shop is invented.\n{datetime(2026, 3, 1, tzinfo=UTC):%Y-%m-%d} 7 240\n")
        shop.change_settings(**run.SETTINGS)
        run.fill(shop, mark, print, no_bar)
        assert shop.train(settings=COUNTED).promoted
        yield shop
    server.drop(url)


def home(shop: Shop, live: Live, visitor: str) -> list[tuple[int, str]]:
    """Ids and categories."""
    live.refresh()
    with shop.database.connect() as connection:
        person = people.read_person(connection, None, visitor)
    made = service.recommend(live.serving(), service.Request(n=8, seed=1), person)
    found = [(one.product_id, live.serving().item(one.product_id)) for one in made.actions]
    return [(product_id, " > ".join(item.category)) for product_id, item in found if item is not None]


def test_one_click_turns_the_list_to_its_kind(world: Shop) -> None:
    live = Live(world.database, world.workspace.models)
    popular = home(world, live, "nobody-yet")
    catalogue = live.serving().catalogue
    shares: list[float] = []
    for number, category in enumerate(sorted({item.category for item in catalogue.items if item is not None})):
        item = next(one for one in catalogue.items if one is not None and one.category == category and one.in_stock)
        visitor = f"one-click-{number}"
        world.track([{"type": "view", "visitor": visitor, "product": item.names[0][1]}])
        mine = home(world, live, visitor)
        assert mine != popular
        of_kind = " > ".join(category)
        shares.append(sum(kind == of_kind for _, kind in mine) - sum(kind == of_kind for _, kind in popular))
        assert any(kind == of_kind for _, kind in mine[:3]), (of_kind, mine)
    print(f"of 8 places, those of the clicked kind more than before: {sum(shares) / len(shares):.2f}")
    assert sum(shares) / len(shares) > 2


def test_a_product_of_a_second_ago_is_in_the_next_list_of_who_looked_at_alike_ones(world: Shop) -> None:
    live = Live(world.database, world.workspace.models)
    live.refresh()
    catalogue = live.serving().catalogue
    places: list[int | None] = []
    for number in range(40):
        like = [item for item in catalogue.items if item is not None and item.in_stock][number * 7]
        alike = [item for item in catalogue.items if item is not None and item.category == like.category][:3]
        visitor = f"looked-{number}"
        world.track([{"type": "view", "visitor": visitor, "product": one.names[0][1]} for one in alike])
        added = Product.model_validate(
            {
                "id": f"added-{number}",
                "title": {locale: text["title"] for locale, text in like.texts.items()},
                "description": {locale: text.get("description", "") for locale, text in like.texts.items()},
                "category": list(like.category),
                "price": "9.50",
                "stock": 5,
            }
        )
        with world.database.connect() as connection:
            records.upsert(connection, records.UPSERT_PRODUCTS, [rows.product_row(added, world.settings)])
        began = time.perf_counter()
        mine = [product_id for product_id, _ in home(world, live, visitor)]
        assert time.perf_counter() - began < 5
        item = live.serving().catalogue.named("shop", f"added-{number}")
        assert item is not None, "it is in the catalogue at once"
        places.append(mine.index(item.product_id) + 1 if item.product_id in mine else None)
    print(f"places of the new products: {places}")
    assert sum(place is not None for place in places) >= 28
