"""The catalogue follows the store: what is read at once and what is taken over piece by piece are the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from regulars.recommend.catalogue import Catalogue, CatalogueReader, Item, Packing, Places
from regulars.recommend.dataset import Int64
from regulars.store.database import Database

from store.helpers import products, track, view  # isort: skip

NONE: Int64 = np.zeros(0, np.int64)


def described(catalogue: Catalogue) -> dict[int, Any]:
    """All that a catalogue says of each product."""
    out = {}
    for place, product_id in enumerate(catalogue.product_ids.tolist()):
        item = catalogue.items[place]
        assert item is not None
        assert catalogue.place[product_id] == place
        assert catalogue.of(product_id) == item
        for name in item.names:
            assert catalogue.named(*name) == item
        kinds = [one for one in range(len(catalogue)) if catalogue.kinds[one] == catalogue.kinds[place]]
        alike = sorted(int(catalogue.product_ids[one]) for one in kinds)
        flags = bool(catalogue.for_sale[place]), bool(catalogue.in_stock[place])
        out[product_id] = (item, *flags, float(catalogue.price[place]), float(catalogue.created[place]), alike)
    return out


def test_followed_piece_by_piece_it_is_as_if_read_at_once(database: Database) -> None:
    reader = CatalogueReader()

    def caught_up() -> dict[int, Any]:
        with database.connect(autocommit=True) as connection:
            reader.refresh(connection)
            fresh = CatalogueReader()
            fresh.refresh(connection)
        told, whole = reader.catalogue(NONE), fresh.catalogue(NONE)
        assert described(told) == described(whole)
        np.testing.assert_array_equal(told.newest, whole.newest)
        for name in ("Tea", "Cups", "tea > green"):
            np.testing.assert_array_equal(told.in_category(name), whole.in_category(name))
        np.testing.assert_array_equal(told.of_brand("leaf"), whole.of_brand("leaf"))
        return described(told)

    assert caught_up() == {}
    products(
        database,
        {"id": "a", "title": "Green tea", "category": ["Tea", "Green"], "brand": "Leaf", "price": "4.50", "stock": 3},
        {"id": "b", "title": "Black tea", "category": ["Tea"], "price": "5.00", "stock": 0},
    )
    assert len(caught_up()) == 2
    before = reader.catalogue(NONE)
    kept = described(before)
    products(database, {"id": "b", "title": "Black tea", "category": ["Cups"], "price": "6.00", "stock": 4})
    track(database, view("c", "unknown"))  # a product that only an event has named isn't shown
    products(database, {"id": "d", "title": "Cup", "category": ["Cups"], "brand": "Leaf", "price": "9.00"})
    assert len(caught_up()) == 3
    assert described(before) == kept, "what was given out doesn't change"
    products(database, {"id": "unknown", "title": "Spoon", "price": "1.00"})
    assert len(caught_up()) == 4


def test_it_is_aligned_with_a_model(database: Database) -> None:
    products(database, *({"id": name, "title": f"Thing {name}", "price": "1.00"} for name in "abc"))
    reader = CatalogueReader()
    with database.connect(autocommit=True) as connection:
        reader.refresh(connection)
    ids = reader.catalogue(NONE).product_ids
    model_ids = np.array([ids[2], 10**12, ids[0]], np.int64)
    catalogue = reader.catalogue(model_ids)
    assert catalogue.product_ids.tolist() == [ids[2], 10**12, ids[0], ids[1]]
    assert [item.title() if item else None for item in catalogue.items] == ["Thing c", None, "Thing a", "Thing b"]
    assert catalogue.for_sale.tolist() == [True, False, True, True]
    assert catalogue.named("shop", "b") == catalogue.items[3]
    assert catalogue.named("shop", "nobody") is None
    assert list(catalogue.vocabulary().texts[1:3]) == ["", "Thing a"]


def test_ids_that_commit_out_of_order_are_put_in_order(database: Database) -> None:
    products(database, *({"id": name, "title": f"Thing {name}", "price": "1.00"} for name in "abcd"))
    whole = CatalogueReader()
    with database.connect(autocommit=True) as connection:
        whole.refresh(connection)
    wanted = whole.catalogue(NONE)
    items: list[Item] = [item for item in wanted.items if item is not None]
    late = CatalogueReader()
    for some in ((items[1], items[3]), (items[0], items[2])):
        assert late._put({item.product_id: item for item in some})
    assert described(late.catalogue(NONE)) == described(wanted)
    assert not late._put({items[0].product_id: items[0]})


def test_an_item_survives_being_packed() -> None:
    texts = {"en": {"title": "Cup"}, "zh": {"title": "杯子"}}
    names = (("shop", "c"), ("sku", "9"))
    pictures = ({"url": "/cup.png", "alt": None},)
    attributes = {"huge": 10**18, "sizes": ["S", "M"], "ratio": 0.1}
    item = Item(1, names, texts, "Ü", ("A", "B"), attributes, pictures, None, 450, None, "EUR", 2, True, False, 1.5)
    packing = Packing()
    assert packing.unpacked(packing.packed(item)) == item
    assert packing.packed(Item(1, (), {}, None, (), {"n": 10**30}, (), None, None, None, None, 2, True, True, 0.0))


def test_places_are_found_by_table_or_by_dict() -> None:
    for ids in ([3, 1, 2], [10**15, 5], []):
        places = Places(np.array(ids, np.int64))
        assert [places.get(one) for one in ids] == list(range(len(ids)))
        assert places.get(4) is None
        assert -1 not in places
        assert 10**17 not in places
