"""Finding the product of an order's line by what the receipt says: many shops have no SKUs, and exports no other name.

Shopify writes `Clay Pot - Large` for the variant Large of Clay Pot.
"""

from __future__ import annotations

from typing import Any

from regulars.feeds.contract import Notes
from regulars.store.database import Connection
from regulars.store.records import PRODUCT_TITLES


class Titles:
    """The shop's products by title. One that two products bear is nobody's."""

    def __init__(self, connection: Connection) -> None:
        self._found: dict[str, tuple[str, str] | None] = {}
        for row in connection.execute(PRODUCT_TITLES):
            title, name = _plain(row["title"]), (row["namespace"], row["value"])
            self._found[title] = name if self._found.get(title, name) == name else None

    def name(self, order: dict[str, Any], notes: Notes) -> None:
        """Gives lines without product and SKU the product that bears their title."""
        for line in order.get("lines", []):
            if "product" in line or "variant" in line or not line.get("title"):
                continue
            title = _plain(line["title"])
            name = self._found.get(title) or self._found.get(title.rpartition(" - ")[0])
            if name is None:
                notes.count("order lines without a SKU whose title no product bears: import the products first")
                continue
            line["product"] = {"namespace": name[0], "value": name[1]}
            notes.count("order lines without a SKU, found by their title")


def _plain(title: str) -> str:
    return " ".join(title.split()).casefold()
