"""WooCommerce's product CSV: simple and variable products, and variations as variants of their parent. Streams; knows no store.

The product's id is the shop's number for it, or its SKU where the file has none; variations name their parent by SKU or by
`id:44`, wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from regulars.feeds.amounts import read_prices
from regulars.feeds.contract import Attributes, Cells, Look, Notes, Places, Source, split_list, truth, whole
from regulars.feeds.grouping import groups
from regulars.feeds.html_text import plain_text
from regulars.feeds.reader import Broken, Read
from regulars.schema import Product

PLACES = Places(
    {
        "ID": "id", "Type": "type", "SKU": "sku", "Name": "title", "Published": "published",
        "Visibility in catalog": "visibility", "Short description": "short", "Description": "description",
        "Is featured?": "attributes.featured", "Featured": "attributes.featured",
        "Date sale price starts": "sale_starts", "Date sale price ends": "sale_ends",
        "In stock?": "in_stock", "Stock": "variants.stock", "Backorders allowed?": "backorders",
        "Regular price": "variants.regular_price", "Sale price": "variants.sale_price", "Price": "variants.regular_price",
        "Categories": "category", "Tags": "attributes.tags", "Images": "pictures", "Parent": "parent",
        "Brands": "brand", "Brand": "brand", "GTIN, UPC, EAN, or ISBN": "attributes.gtin",
        "Grouped products": "attributes.grouped_products", "Upsells": "attributes.upsells",
        "Cross-sells": "attributes.cross_sells", "External URL": "url", "Weight": "attributes.weight",
        "Tax status": None, "Tax class": None, "Low stock amount": None, "Sold individually?": None,
        "Allow customer reviews?": None, "Purchase note": None, "Shipping class": None, "Download limit": None,
        "Download expiry days": None, "Button text": None, "Position": None, "Menu order": None, "Cost of goods": None,
        "Tags (space separated)": "attributes.tags_spaced",
    },
    [
        (r"(Weight) \(.+\)", "attributes.weight"),
        (r"(Length|Width|Height) \(.+\)", "attributes.{}"),
        (r"Attribute (\d+) name", "attribute.{}.name"),
        (r"Attribute (\d+) value\(s\)", "attribute.{}.values"),
        (r"Attribute (\d+) default", "attribute.{}.default"),
        (r"Attribute \d+ (?:visible|global)", None),
        (r"Download \d+ (?:name|URL|ID)", None),  # whoever knows the address has the goods
        (r"Meta: _.*", None),
        (r"Meta: (.+)", "attributes.{}"),
    ],
    fields=Product.model_fields,
)  # fmt: skip
SHOWN = {
    "published": "status", "visibility": "status", "short": "description", "in_stock": "variants.stock",
    "backorders": "variants.stock", "variants.regular_price": "variants.price", "variants.sale_price": "variants.price",
    "sale_starts": "variants.price", "sale_ends": "variants.price", "sku": "variants.sku", "parent": "id", "type": "variants",
    "attributes.tags_spaced": "attributes.tags",
}  # fmt: skip
_LISTS = ("tags", "upsells", "cross_sells", "grouped_products")


class WooCommerceProducts:
    name = "woocommerce-products"
    title = "WooCommerce products (CSV)"
    kinds = ("products",)
    flat = False

    def fits(self, look: Look) -> bool:
        telling = look.some("regular price", "sale price", "visibility in catalog", "in stock?", "is featured?", "short description", "attribute 1 name", "backorders allowed?", "categories", "parent")  # fmt: skip
        return look.physical in ("csv", "parquet") and look.has("name") and look.some("sku", "id") > 0 and telling >= 2

    def place(self, kind: str, column: str) -> str | None:
        place = PLACES.of(column)
        if place and place.startswith("attribute."):
            return "attributes"
        return SHOWN.get(place, place) if place else None

    def records(self, kind: str, source: Source, notes: Notes) -> Iterator[Read | Broken]:
        parents = _Parents(source)
        for group in groups(source.rows, parents.key, "has neither an ID, a SKU nor a name"):
            if isinstance(group, Broken):
                yield group
            else:
                yield from _product(group, notes)


FORMAT = WooCommerceProducts()


class _Parents:
    """By which key each row stands with its product. Remembers the SKUs of variable products, and which have no number."""

    def __init__(self, source: Source) -> None:
        self._number: dict[str, str] = {}
        for row in source.rows():
            if isinstance(row, Read):
                cells = _few(row)
                if (
                    "variation" not in cells["type"]
                    and ("variable" in cells["type"] or cells["type"] == "")
                    and cells["sku"]
                ):
                    self._number[cells["sku"]] = cells["id"]

    def key(self, row: Read) -> str | None:
        cells = _few(row)
        if "variation" in cells["type"] or (cells["parent"] and not cells["type"]):
            parent = cells["parent"]
            if not parent:
                return f"alone\0{cells['id'] or cells['sku'] or row.line}"
            if parent.lower().startswith("id:"):
                return f"id\0{parent[3:].strip()}"
            number = self._number.get(parent)
            return f"id\0{number}" if number else f"sku\0{parent}"
        if cells["id"]:
            return f"id\0{cells['id']}"
        if cells["sku"]:
            return f"sku\0{cells['sku']}"
        return f"name\0{cells['title']}" if cells["title"] else None


def _few(row: Read) -> dict[str, str]:
    cells = dict.fromkeys(("id", "type", "sku", "parent", "title"), "")
    for column, value in row.values.items():
        place = PLACES.of(column)
        if place in cells and isinstance(value, (str, int)) and not cells[place]:
            cells[place] = str(value).strip()
    cells["type"] = cells["type"].lower()
    return cells


def _is_variation(cells: dict[str, str]) -> bool:
    kind = cells.get("type", "").lower()
    return "variation" in kind or (bool(cells.get("parent")) and not kind)


def _product(rows: list[Read], notes: Notes) -> Iterator[Read | Broken]:
    """One product and its variations. Variations without a parent in the file are named one by one."""
    parent: Read | None = None
    cells = Cells()
    attributes = Attributes(notes)
    variants: list[dict[str, Any]] = []
    lonely: list[Broken] = []
    for row in rows:
        own = PLACES.sort(row.values, notes)
        if _is_variation(own):
            told = f"is a variation of {own.get('parent', 'nothing')[:60]!r}, which isn't in this file"
            lonely.append(Broken(row.line, told, str({k: v for k, v in row.values.items() if v})[:2_000]))
            variants.append(_variant(own, _options(own), notes))
            for place in ("title", "description", "short", "url", "brand", "category"):
                if place in own:
                    notes.leave(own.columns[place])
            _attributes(own, attributes, with_named=False)
        else:
            if parent is not None:
                notes.count("a product's row twice: the later one counts")
            parent, cells = row, own
    if parent is None:
        yield from lonely
        return
    _attributes(cells, attributes, with_named=True)
    if "title" not in cells:
        yield Broken(parent.line, "the name is missing", str(parent.values)[:2_000])
        return
    made: dict[str, Any] = {"id": cells.get("id") or cells.get("sku") or cells["title"][:200]}
    made["title"] = plain_text(cells["title"])
    texts = [plain_text(cells[place]) for place in ("short", "description") if place in cells]
    if texts:
        made["description"] = "\n\n".join(dict.fromkeys(text for text in texts if text))
    made["status"] = _status(cells, notes)
    own_attributes = attributes.as_dict()
    paths = split_list(cells.get("category", ""))
    if paths:
        made["category"] = max(paths, key=lambda path: path.count(">"))
        if len(paths) > 1:
            own_attributes["categories"] = paths[:200]
    pictures = list(dict.fromkeys(_pictures(cells)))
    made["pictures"] = pictures[:250]
    if len(pictures) > 250:
        notes.leave(cells.columns["pictures"], len(pictures) - 250)
    for name in ("brand", "url", "created_at", "currency"):
        if name in cells:
            made[name] = cells[name]
    single = _variant(cells, {}, notes)
    if not variants:
        variants = [single]
    elif "sku" in cells:
        own_attributes["sku"] = cells["sku"]
        made["also_known_as"] = [{"namespace": "sku", "value": cells["sku"]}]
    elif cells.get("id"):
        single.pop("sku", None)
    made["attributes"] = own_attributes
    made["variants"] = variants
    yield Read(parent.line, made)


def _pictures(cells: dict[str, str]) -> list[str]:
    text = cells.get("pictures", "")
    parts = re.split(r",\s*(?=https?://)", text) if "://" in text else split_list(text)
    return [part.strip()[:4_000] for part in parts if part.strip()]


def _status(cells: dict[str, str], notes: Notes) -> str:
    published = cells.get("published", "1").strip().lower()
    if published in ("trash",):
        return "archived"
    if published in ("0", "-1", "false", "no", "draft", "private", "pending"):
        return "draft"
    if cells.get("visibility", "").lower() == "hidden":
        notes.count("hidden from the catalogue: taken as a draft")
        return "draft"
    return "active"


def _numbered(cells: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Each `Attribute N`: its name, its values, the default that it has in the shop."""
    numbers = sorted({place.split(".")[1] for place in cells if place.startswith("attribute.")}, key=int)
    for number in numbers:
        name = cells.get(f"attribute.{number}.name", f"Attribute {number}")
        yield name[:200], cells.get(f"attribute.{number}.values", ""), cells.get(f"attribute.{number}.default", "")


def _options(cells: dict[str, str]) -> dict[str, str]:
    return {name: values for name, values, _ in _numbered(cells) if values}


def _attributes(cells: dict[str, str], attributes: Attributes, *, with_named: bool) -> None:
    plain = dict(cells)
    for name in _LISTS:
        for value in split_list(plain.pop(f"attributes.{name}", "")):
            attributes.add(name, value)
    for value in plain.pop("attributes.tags_spaced", "").split():
        attributes.add("tags", value)
    if plain.get("attributes.featured") in ("0", "no", "false"):
        del plain["attributes.featured"]
    attributes.take(plain)
    if not with_named:
        return
    for name, values, default in _numbered(cells):
        for value in split_list(values):
            attributes.add(name, value)
        if default:
            attributes.add(f"{name} (default)", default)
        if not values and not default:
            attributes.add("attributes without a value", name)


def _variant(cells: Cells, options: dict[str, str], notes: Notes) -> dict[str, Any]:
    variant: dict[str, Any] = {"options": options}
    if "sku" in cells:
        variant["sku"] = cells["sku"]
    if _is_variation(cells) and cells.get("id"):
        variant["id"] = {"namespace": "woocommerce", "value": cells["id"]}
    regular, sale = cells.get("variants.regular_price", ""), cells.get("variants.sale_price", "")
    if sale and not _on_sale(cells, notes):
        notes.count("a sale price outside its dates: the regular price counts")
        sale = ""
    read_prices(variant, {"price": sale or regular, "compare_at_price": regular if sale else ""})
    stock = whole(cells.get("variants.stock"))
    allowed = cells.get("backorders", "").lower() in ("1", "yes", "notify", "true")
    if truth(cells.get("in_stock")) is False and not allowed:
        variant["stock"] = 0
    elif stock is not None and (stock > 0 or not allowed):
        variant["stock"] = stock
    elif "variants.stock" in cells:
        notes.count("sold past its stock: taken as always available")
    if _is_variation(cells):
        variant["pictures"] = _pictures(cells)
    return variant


def _on_sale(cells: dict[str, str], notes: Notes) -> bool:
    now = datetime.now(UTC)
    try:
        starts, ends = (
            datetime.fromisoformat(text).replace(tzinfo=UTC) if (text := cells.get(place)) else None
            for place in ("sale_starts", "sale_ends")
        )
    except ValueError:
        notes.count("dates of a sale that can't be read: the sale price counts")
        return True
    return (starts is None or starts <= now) and (ends is None or now <= ends)
