"""Links between products in the database: each kept once, gone with its product."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regulars.errors import InvalidInput
from regulars.shop import Shop
from regulars.store import product_links
from regulars.store.database import Database

from .helpers import number, products


def test_links_are_kept_once_and_taken_away(database: Database) -> None:
    products(database, {"id": "case"}, {"id": "phone"})
    case, phone = number(database, "product", "case"), number(database, "product", "phone")
    with database.connect() as connection:
        before = product_links.state(connection)
        assert product_links.add(connection, [(case, "compatible_with", phone), (phone, "goes_with", case)]) == 2
        assert product_links.add(connection, [(case, "compatible_with", phone)]) == 0
        assert product_links.state(connection) != before
        assert [(row["product_id"], row["relation"]) for row in product_links.of(connection, [phone])] == [
            (case, "compatible_with"),
            (phone, "goes_with"),
        ]
        assert product_links.remove(connection, case, "compatible_with", phone)
        assert not product_links.remove(connection, case, "compatible_with", phone)
        assert len(product_links.read(connection)) == 1
        with pytest.raises(InvalidInput, match="with itself"):
            product_links.add(connection, [(case, "goes_with", case)])
        with pytest.raises(InvalidInput, match="no relation 'likes'"):
            product_links.add(connection, [(case, "likes", phone)])


def test_what_is_bought_together_is_counted(shop: Shop) -> None:
    shop.import_file("products", _file(shop, "p.jsonl", [{"id": f"P{n}", "title": f"Thing {n}"} for n in range(3)]))
    orders = [
        {"id": f"O{n}", "customer": f"C{n}", "status": "cancelled" if n > 3 else "paid", "lines": [{"product": one, "quantity": 1} for one in ("P0", "P1", *(("P2",) if n == 0 else ()))]}
        for n in range(6)
    ]  # fmt: skip
    shop.import_file("orders", _file(shop, "o.jsonl", orders))
    with shop.database.connect() as connection:
        assert len(product_links.bought_together(connection, least=4)) == 1
        assert product_links.bought_together(connection, least=5) == []
    assert {link["relation"] for link in shop.links("P0")["links"]} == {"bought_with"}


def _file(shop: Shop, name: str, records: list[dict[str, object]]) -> Path:
    path = shop.workspace.folder / name
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path
