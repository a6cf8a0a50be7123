"""Links between products in the database: each kept once, gone with its product."""

from __future__ import annotations

import pytest

from regulars.errors import InvalidInput
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
