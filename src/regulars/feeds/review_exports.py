"""Reviews as review apps export them (Judge.me, Yotpo, Loox, Stamped, Shopify's own, WooCommerce's comments). Knows no store.

The apps differ in the names of a dozen columns, not in what they say. A review without an id gets one from what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from regulars.feeds.contract import Cells, Look, Notes, Places, Source
from regulars.feeds.foreign_events import content_id
from regulars.feeds.html_text import plain_text
from regulars.feeds.reader import Broken, Read
from regulars.feeds.said import by_email, when

_PLACED = {
    "id": "id|review id|reviewid|comment id",
    "handle": "product handle|handle|product slug",
    "product": "product id|product|item id|product code|productid|comment post id|external product id",
    "sku": "sku|product sku",
    "rating": "rating|review score|score|stars|review rating|star rating|product rating",
    "title": "title|review title|headline|subject",
    "body": "body|body text|review content|content|review|review body|text|review text|comment|comments|comment content|message",
    "email": "reviewer email|email|customer email|author email|user email|comment author email|reviewer e mail",
    "customer": "customer id|user id|reviewer id",
    "written_at": "review date|created at|date|date created|submitted at|submission date|review created at|comment date|published at|timestamp",
    "locale": "locale|language|lang|review language",
    "state": "state|curated|published|isapproved|is approved|status|review status|comment approved|visibility",
}
PLACES = Places({name: place for place, names in _PLACED.items() for name in names.split("|")}, rest=None)
SHOWN = {"handle": "product", "sku": "product", "email": "customer", "state": "row"}
_HIDDEN = frozenset({"unpublished", "spam", "rejected", "hidden", "pending", "trash", "deleted", "archived", "not yet", "false", "0", "no", "n", "disapproved", "flagged"})  # fmt: skip


class ReviewExports:
    name = "reviews"
    title = "Reviews of a review app (CSV)"
    kinds = ("reviews",)
    flat = False

    def fits(self, look: Look) -> bool:
        if look.physical not in ("csv", "parquet", "jsonl") or {"id", "product"} <= look.columns:
            return False
        held = {PLACES.of(column) for column in look.columns}
        told = "rating" in held and ("body" in held or {"title", "email"} <= held)
        return told and not held.isdisjoint({"handle", "product", "sku"}) and not look.some("price", "variant price")

    def place(self, kind: str, column: str) -> str | None:
        place = PLACES.of(column)
        return SHOWN.get(place, place) if place else None

    def records(self, kind: str, source: Source, notes: Notes) -> Iterator[Read | Broken]:
        for row in source.rows():
            yield row if isinstance(row, Broken) else _review(row, notes)


FORMAT = ReviewExports()


def _review(row: Read, notes: Notes) -> Read | Broken:
    cells = PLACES.sort(
        {name: value for name, value in row.values.items() if not isinstance(value, (dict, list))}, notes
    )
    for name, value in row.values.items():
        if isinstance(value, (dict, list)) and value:
            notes.leave(name)
    state = cells.get("state", "").lower().replace("_", " ").replace("-", " ")
    if state in _HIDDEN:
        return Broken(row.line, f"the shop doesn't show it ({state})", str(row.values)[:2_000])
    product = _product(cells, notes)
    if product is None:
        return Broken(row.line, "says no product: neither a handle, an id nor a SKU", str(row.values)[:2_000])
    made: dict[str, Any] = {"product": product}
    if "rating" in cells:
        made["rating"] = rating(cells["rating"])
    for place in ("title", "body"):
        if place in cells:
            made[place] = plain_text(cells[place])
    email = by_email(cells.get("email", ""))
    if cells.get("customer", "0") != "0":
        made["customer"] = cells["customer"]
        if email:
            notes.leave(cells.columns["email"])
    elif email:
        made["customer"] = email
    elif "email" in cells:
        notes.leave(cells.columns["email"])
    if "written_at" in cells:
        text = cells["written_at"]
        made["written_at"] = when(f"{text[:-4]}Z" if text.endswith(" UTC") else text)
    if "locale" in cells:
        locale = cells["locale"].replace("_", "-")
        if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", locale):
            made["locale"] = locale[:2].lower() + locale[2:] if len(locale) == 2 or locale[2] == "-" else locale.lower()
        else:
            notes.leave(cells.columns["locale"])
    made["id"] = cells.get("id") or content_id("review", {**made, "email": cells.get("email")})
    return Read(row.line, made)


def _product(cells: Cells, notes: Notes) -> str | dict[str, str] | None:
    named = [place for place in ("handle", "product", "sku") if place in cells]
    for other in named[1:]:
        notes.leave(cells.columns[other])
    if not named:
        return None
    value = cells[named[0]].lstrip("'")
    return {"namespace": "sku", "value": value} if named[0] == "sku" else value or None


def rating(text: str) -> str | float:
    """`5`, `4,5`, `5/5`, `9/10`, `4 stars` as 0 to 5. What is none stays, to be refused by name.

    >>> rating("9/10"), rating("4,5"), rating("5 stars"), rating("good")
    (4.5, 4.5, 5.0, 'good')
    """
    found = re.fullmatch(
        r"\s*(\d+(?:[.,]\d+)?)\s*(?:/|of|out of)?\s*(\d+)?\s*(?:stars?|★*|星)?\s*", text, re.IGNORECASE
    )
    if found is None:
        return text
    score = float(found[1].replace(",", "."))
    best = float(found[2]) if found[2] else 5.0
    return score * 5 / best if best > 0 else text
