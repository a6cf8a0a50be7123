"""Google Merchant product feeds: RSS and Atom with the `g:` names, and the same columns as TSV or CSV. Streams; knows no store.

An item is a variant; items with one `item_group_id` are one product. The group's id, or the item's, is the product's; the
item's id is also the variant's SKU, so that events by either come together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from regulars.feeds.amounts import read_cost, read_prices
from regulars.feeds.contract import Attributes, Look, Notes, Places, Source, cell_text, truth, whole
from regulars.feeds.grouping import groups
from regulars.feeds.html_text import plain_text
from regulars.feeds.reader import Broken, Read
from regulars.schema import Product

_KEPT = ["gtin", "mpn", "condition", "color", "size", "gender", "age_group", "material", "pattern", "size_type", "size_system", "adult", "multipack", "is_bundle", "energy_efficiency_class", "unit_pricing_measure", "unit_pricing_base_measure", "product_highlight", "google_product_category", "custom_label_0", "custom_label_1", "custom_label_2", "custom_label_3", "custom_label_4", "shipping_weight", "product_length", "product_width", "product_height", "product_weight", "availability_date", "expiration_date"]  # fmt: skip
_LEFT = ["ads_redirect", "shipping", "shipping_label", "tax", "tax_category", "auto_pricing_min_price", "promotion_id", "excluded_destination", "included_destination", "shopping_ads_excluded_country", "pause", "min_handling_time", "max_handling_time", "transit_time_label", "ships_from_country", "return_policy_label", "shipping_length", "shipping_width", "shipping_height", "identifier_exists", "mobile_link", "canonical_link", "lifestyle_image_link", "virtual_model_link", "installment", "subscription_cost", "loyalty_points", "loyalty_program", "certification", "structured_title", "structured_description", "external_seller_id", "disclosure_date", "maximum_retail_price", "handling_cutoff_time", "free_shipping_threshold", "display_ads_id", "display_ads_link", "display_ads_title", "display_ads_value", "display_ads_similar_ids", "short_title", "pubDate", "updated", "published", "guid", "author"]  # fmt: skip
PLACES = Places(
    {
        "id": "item", "item_group_id": "group", "title": "title", "description": "description", "summary": "description",
        "content": "description", "link": "url", "brand": "brand", "product_type": "category",
        "image_link": "picture", "additional_image_link": "pictures", "additional_image_links": "pictures",
        "price": "variants.price", "cost_of_goods_sold": "variants.cost", "sale_price": "variants.sale_price",
        "sale_price_effective_date": "sale_dates", "availability": "availability", "quantity": "variants.stock",
        "sell_on_google_quantity": "variants.stock", "inventory": "variants.stock",
        **{name: f"attributes.{name}" for name in _KEPT}, "colour": "attributes.color",
        **dict.fromkeys(_LEFT),
    },
    [
        (r"(?:" + "|".join(_LEFT) + r")[.(@].*", None),
        (r"product_detail\..*", "details"),
        (r"guid@.*|link@.*|category@.*|content@.*|@.*", None),
    ],
    fields=Product.model_fields,
)  # fmt: skip
SHOWN = {
    "item": "id",
    "group": "id",
    "picture": "pictures",
    "sale_dates": "variants.price",
    "availability": "variants.stock",
    "variants.sale_price": "variants.price",
    "details": "attributes",
}
_OPTIONS = ("color", "size", "material", "pattern", "size_type", "size_system", "gender", "age_group")
_TELLING = ("link", "image link", "availability", "condition", "gtin", "mpn", "google product category", "product type", "item group id")  # fmt: skip


class GoogleMerchant:
    name = "google-merchant"
    title = "Google Merchant feed (XML, TSV)"
    kinds = ("products",)
    flat = False

    def fits(self, look: Look) -> bool:
        names = {name.rpartition(":")[2] for name in look.names}
        if not {"id", "title"} <= names:
            return False
        if look.physical == "xml":
            return "price" in names or any(name.startswith("g:") for name in look.names)
        return look.physical in ("csv", "parquet") and sum(name in names for name in _TELLING) >= 2

    def place(self, kind: str, column: str) -> str | None:
        place = PLACES.of(_plain_name(column))
        return SHOWN.get(place, place) if place else None

    def records(self, kind: str, source: Source, notes: Notes) -> Iterator[Read | Broken]:
        for group in groups(source.rows, _key, "has neither an id nor an item_group_id"):
            yield group if isinstance(group, Broken) else _product(group, notes)


FORMAT = GoogleMerchant()


def _plain_name(column: str) -> str:
    """`g:shipping.g:country` → `shipping.country`."""
    return re.sub(r"(^|\.)[\w\-]+:", r"\1", column)


def _key(row: Read) -> str | None:
    group, item = "", ""
    for column, value in row.values.items():
        place = PLACES.of(_plain_name(column))
        if place == "group" and not group:
            group = cell_text(_first(value))
        elif place == "item" and (not item or column.startswith("g:")):
            item = cell_text(_first(value))
    return group or item or None


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _sorted(row: Read, notes: Notes) -> tuple[dict[str, list[str]], dict[str, str]]:
    """A row's values by place, the `g:` names first, and the column that each place came from."""
    cells: dict[str, list[str]] = {}
    columns: dict[str, str] = {}
    for column in sorted(row.values, key=lambda name: not name.startswith("g:")):
        value = row.values[column]
        texts = [text for one in (value if isinstance(value, list) else [value]) if (text := cell_text(one))]
        if not texts:
            continue
        place = PLACES.of(_plain_name(column))
        if place is None:
            notes.leave(column, len(texts))
        elif place == "details":
            cells.setdefault("details." + _plain_name(column).rpartition(".")[2], []).extend(texts)
        elif place in ("pictures", "category") or place.startswith("attributes."):
            cells.setdefault(place, []).extend(texts)
            columns[place] = column
        elif place in cells:
            if cells[place] != texts:
                notes.leave(column, len(texts))
        else:
            cells[place] = texts[:1]
            columns[place] = column
            if len(texts) > 1:
                notes.leave(column, len(texts) - 1)
    return cells, columns


def _product(rows: list[Read], notes: Notes) -> Read | Broken:
    product: dict[str, str] = {}
    attributes = Attributes(notes)
    pictures: dict[str, None] = {}
    categories: list[str] = []
    variants: list[dict[str, Any]] = []
    grouped = False
    for row in rows:
        cells, columns = _sorted(row, notes)
        grouped = grouped or "group" in cells
        for place, texts in cells.items():
            if place.startswith("attributes."):
                for text in texts:
                    attributes.add(place[11:], text)
        _details(cells, attributes, notes)
        for url in cells.get("picture", []):
            pictures[url[:4_000]] = None
        for text in cells.get("pictures", []):
            # In TSV several stand in one cell; an address may hold a comma itself.
            pictures.update(dict.fromkeys(part[:4_000] for part in re.split(r",\s*(?=https?://)", text)))
        categories.extend(text for text in cells.get("category", []) if text not in categories)
        for place in ("title", "description", "url", "brand", *(set(cells) & set(Product.model_fields))):
            if place in cells and place not in ("category", "pictures"):
                if place not in product:
                    product[place] = cells[place][0]
                elif product[place] != cells[place][0]:
                    notes.leave(columns[place])
        variants.append(_variant(cells, notes))
    if "title" not in product:
        return Broken(rows[0].line, "the title is missing", str(rows[0].values)[:2_000])
    made: dict[str, Any] = {"id": _key(rows[0]), **product}
    made["title"] = plain_text(product["title"])
    if "description" in product:
        made["description"] = plain_text(product["description"])
    own = attributes.as_dict()
    google = own.get("google_product_category")
    if categories:
        made["category"] = max(categories, key=lambda text: text.count(">"))
        if len(categories) > 1:
            own["product_types"] = categories[:200]
    elif isinstance(google, str) and not google.isdigit():
        made["category"] = google
    made["attributes"] = own
    made["pictures"] = list(pictures)[:250]
    if len(pictures) > 250:
        notes.leave("additional_image_link", len(pictures) - 250)
    if not grouped or len(variants) == 1:
        for variant in variants:
            variant.pop("options", None)
    made["variants"] = _without_doubles(variants, notes)
    return Read(rows[0].line, made)


def _details(cells: dict[str, list[str]], attributes: Attributes, notes: Notes) -> None:
    names, values = cells.get("details.attribute_name", []), cells.get("details.attribute_value", [])
    if len(names) == len(values):
        for name, value in zip(names, values, strict=True):
            attributes.add(name[:200], value)
        sections = cells.get("details.section_name", [])
        if sections:
            notes.leave("product_detail.section_name", len(sections))
    else:
        for text in [*names, *values]:
            attributes.add("product_detail", text)


def _variant(cells: dict[str, list[str]], notes: Notes) -> dict[str, Any]:
    variant: dict[str, Any] = {
        "options": {name: cells[place][0] for name in _OPTIONS if (place := f"attributes.{name}") in cells}
    }
    item = cells.get("item", [""])[0]
    if item:
        variant["sku"] = item
    price = cells.get("variants.price", [""])[0]
    sale = cells.get("variants.sale_price", [""])[0]
    if sale and not _on_sale(cells.get("sale_dates", [""])[0], notes):
        notes.count("a sale price outside its dates: the regular price counts")
        sale = ""
    read_prices(
        variant,
        {
            "price": sale or price,
            "compare_at_price": price if sale else "",
        },
    )
    read_cost(variant, cells.get("variants.cost", [""])[0], notes)
    available = cells.get("availability", [""])[0].lower().replace("_", " ")
    stock = whole(cells.get("variants.stock", [""])[0])
    if "out of stock" in available or truth(available) is False:
        variant["stock"] = 0
    elif stock is not None:
        variant["stock"] = stock
    if cells.get("picture"):
        variant["pictures"] = [cells["picture"][0][:4_000]]
    return variant


def _on_sale(dates: str, notes: Notes) -> bool:
    """Whether now lies in `2026-03-01T13:00-0800/2026-03-11T15:30-0800`; without dates a sale has no end."""
    if not dates:
        return True
    begins, _, ends = dates.partition("/")
    try:
        first, last = (_moment(text) for text in (begins, ends))
    except ValueError:
        notes.count("dates of a sale that can't be read: the sale price counts")
        return True
    return first <= datetime.now(UTC) <= last


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _without_doubles(variants: list[dict[str, Any]], notes: Notes) -> list[dict[str, Any]]:
    """An item that comes twice with one id: the later one counts."""
    by_sku: dict[str, dict[str, Any]] = {}
    for number, variant in enumerate(variants):
        name = variant.get("sku", f"\0{number}")
        if name in by_sku:
            notes.count("an item's id twice: the later one counts")
        by_sku[name] = variant
    return list(by_sku.values())
