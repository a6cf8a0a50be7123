"""Shopify's product CSV, with the headers of before 2025 and those of now. Streams; knows no store.

A product is the rows of one handle: the first describes it, each is a variant, a picture or both. The handle is the
product's id, the SKU the variant's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from regulars.feeds.amounts import read_cost, read_prices
from regulars.feeds.contract import Attributes, Cells, Look, Notes, Places, Source, split_list, truth, whole
from regulars.feeds.grouping import groups
from regulars.feeds.html_text import plain_text
from regulars.feeds.reader import Broken, Read
from regulars.schema import Product

_VARIANT = {"sku", "price", "compare_at_price", "cost", "stock", "picture", "id", "option1", "option2", "option3"}
PLACES = Places(
    {
        "Handle": "id", "URL handle": "id", "ID": "also_known_as", "Title": "title", "Body (HTML)": "description",
        "Body HTML": "description", "Description": "description", "Vendor": "brand", "Product Category": "category",
        "Standardized Product Type": "category", "Standard Product Type": "category", "Type": "attributes.type",
        "Custom Product Type": "attributes.type", "Tags": "attributes.tags", "Collection": "attributes.collection",
        "Published": "published", "Published on online store": "published", "Status": "status", "URL": "url",
        "Option1 Name": "option1_name", "Option1 Value": "variants.option1",
        "Option2 Name": "option2_name", "Option2 Value": "variants.option2",
        "Option3 Name": "option3_name", "Option3 Value": "variants.option3",
        "Variant ID": "variants.id", "Variant SKU": "variants.sku", "SKU": "variants.sku",
        "Variant Price": "variants.price", "Price": "variants.price",
        "Variant Compare At Price": "variants.compare_at_price", "Compare-at price": "variants.compare_at_price",
        "Variant Inventory Qty": "variants.stock", "Inventory quantity": "variants.stock",
        "Variant Inventory Tracker": "tracker", "Inventory tracker": "tracker",
        "Variant Inventory Policy": "policy", "Continue selling when out of stock": "policy",
        "Variant Image": "variants.picture", "Variant image URL": "variants.picture",
        "Variant Barcode": "attributes.barcode", "Barcode": "attributes.barcode",
        "Variant Grams": "attributes.weight_grams", "Weight value (grams)": "attributes.weight_grams",
        "Image Src": "pictures", "Product image URL": "pictures", "Image Alt Text": "alt", "Image Position": "position",
        "Gift Card": "attributes.gift_card", "Created At": "created_at",
        "Google Shopping / Google Product Category": "attributes.google_product_category",
        "Google Shopping / Gender": "attributes.gender", "Google Shopping / Age Group": "attributes.age_group",
        "Google Shopping / MPN": "attributes.mpn",
        "Google Shopping / Manufacturer part number (MPN)": "attributes.mpn",
        "Google Shopping / Condition": "attributes.condition",
        "Cost per item": "variants.cost",
        # What runs a warehouse, a tax return or an advertisement is nothing to recommend by.
        "Charge tax": None, "Tax code": None, "Variant Tax Code": None, "Variant Taxable": None,
        "Variant Requires Shipping": None, "Requires shipping": None, "Variant Fulfillment Service": None,
        "Fulfillment service": None, "Variant Weight Unit": None, "Weight unit for display": None,
        "SEO Title": None, "SEO Description": None, "Template Suffix": None, "Published Scope": None,
        "Variant HS Code": None, "Variant Country of Origin": None,
    },
    [
        (r"Option[123] Linked To", None),
        (r"(?:Included|Price|Compare.At Price|Active|Fixed Price) / .+", None),
        (r"Google Shopping / (Custom Label \d)", "attributes.{}"),
        (r"Google Shopping / .+", None),
        (r"Unit price .+", None),
        (r"(.+?) \(product\.metafields\..+\)", "attributes.{}"),
        (r"Metafield: .*?([\w\-]+)(?: \[.*\])?", "attributes.{}"),
    ],
    fields=Product.model_fields,
)  # fmt: skip
SHOWN = {
    "published": "status",
    "tracker": "variants.stock",
    "policy": "variants.stock",
    "alt": "pictures.alt",
    "position": "pictures",
    "variants.picture": "variants.pictures",
    **{f"option{number}_name": "variants.options" for number in "123"},
    **{f"variants.option{number}": "variants.options" for number in "123"},
}
NO_OPTION = ("title", "default title")


class ShopifyProducts:
    name = "shopify-products"
    title = "Shopify products (CSV)"
    kinds = ("products",)
    flat = False

    def fits(self, look: Look) -> bool:
        if look.physical not in ("csv", "parquet"):
            return False
        if look.has("location", "sku") and not look.some("price", "variant price"):
            return False  # the inventory file: it would take every product's price away
        old = look.has("handle", "title") and look.some(
            "body (html)", "variant price", "variant sku", "option1 value", "image src"
        )
        new = look.has("url handle", "title") and look.some(
            "price", "sku", "option1 value", "product image url", "status"
        )
        return old >= 1 or new >= 1

    def place(self, kind: str, column: str) -> str | None:
        place = PLACES.of(column)
        return SHOWN.get(place, place) if place else None

    def records(self, kind: str, source: Source, notes: Notes) -> Iterator[Read | Broken]:
        says_tracked = any(PLACES.of(column) == "tracker" for column in source.columns())
        for group in groups(source.rows, _handle, "has neither a handle nor a title"):
            yield group if isinstance(group, Broken) else _product(group, notes, says_tracked)


FORMAT = ShopifyProducts()


def _handle(row: Read) -> str | None:
    """The handle; where it is left out, the one that Shopify would make of the title."""
    title = ""
    for column, value in row.values.items():
        if isinstance(value, str) and value:
            place = PLACES.of(column)
            if place == "id":
                return value.strip() or None
            if place == "title":
                title = value
    return slug(title) or None


def slug(title: str) -> str:
    """`Example T-Shirt` → `example-t-shirt`; letters of any script stay."""
    plain = unicodedata.normalize("NFKC", title).lower()
    return re.sub(r"[\W_]+", "-", plain).strip("-")[:200]


def _product(rows: list[Read], notes: Notes, says_tracked: bool) -> Read | Broken:
    product: dict[str, Any] = {}
    attributes = Attributes(notes)
    pictures: list[tuple[int, dict[str, str]]] = []
    variants: list[dict[str, Any]] = []
    named: dict[str, str] = {}
    published: str | None = None
    for row in rows:
        cells = PLACES.sort(row.values, notes)
        tags = cells.pop("attributes.tags", "")
        for tag in split_list(tags):
            attributes.add("tags", tag)
        attributes.take(cells)
        for place in ("option1_name", "option2_name", "option3_name"):
            if place in cells:
                named.setdefault(place[:7], cells[place])
        if "pictures" in cells:
            position = whole(cells.get("position"))
            picture = {"url": cells["pictures"][:4_000], "alt": cells.get("alt", "")}
            if all(picture["url"] != other["url"] for _, other in pictures):
                pictures.append((position if position is not None else len(pictures) + 1, picture))
            elif "alt" in cells and all(picture != other for _, other in pictures):
                notes.leave(cells.columns["alt"])
        elif "alt" in cells:
            notes.leave(cells.columns["alt"])
        published = published or cells.get("published")
        for place, value in cells.items():
            if place in ("pictures", "alt", "position", "published", "tracker", "policy") or place.startswith(
                ("attributes.", "variants.", "option")
            ):
                continue
            if place not in product:
                product[place] = value
            elif product[place] != value and place != "id":
                notes.leave(cells.columns[place])
        variant = _variant(cells, named, notes, says_tracked)
        if variant is not None:
            variants.append(variant)
    product.setdefault("id", _handle(rows[0]))
    if "title" not in product:
        handle = str(product["id"])
        return Broken(
            rows[0].line,
            f"no row of {handle[:60]!r} has a title: variants without a parent",
            str(rows[0].values)[:2_000],
        )
    return Read(rows[0].line, _finished(product, attributes, pictures, variants, published, notes))


def _variant(cells: Cells, named: dict[str, str], notes: Notes, says_tracked: bool) -> dict[str, Any] | None:
    own = {
        place[9:]: value for place, value in cells.items() if place.startswith("variants.") and place[9:] in _VARIANT
    }
    if not own.keys() - {"picture", "stock"}:
        for name in own:
            notes.leave(cells.columns[f"variants.{name}"])
        return None
    variant: dict[str, Any] = {"options": {}}
    for number in "123":
        value = own.get(f"option{number}")
        if value is None:
            continue
        name = named.get(f"option{number}", f"Option {number}")
        if (name.lower(), value.lower()) != NO_OPTION and value.lower() != "default title":
            variant["options"][name] = value
    if "sku" in own:
        variant["sku"] = own["sku"].lstrip("'")
    if "id" in own:
        variant["id"] = {"namespace": "shopify", "value": own["id"].lstrip("'")}
    for name in ("price", "compare_at_price"):
        if name in own:
            variant[name] = own[name]
    read_cost(variant, own.get("cost", ""), notes)
    if "picture" in own:
        variant["pictures"] = [own["picture"][:4_000]]
    stock = whole(own.get("stock"))
    if "stock" in own and stock is None:
        notes.count("stock that is no number: taken as not counted")
    if stock is not None:
        if says_tracked and "tracker" not in cells:
            notes.count("stock that isn't tracked: taken as always available")
        elif stock <= 0 and cells.get("policy", "").lower() in ("continue", "true", "yes", "1"):
            notes.count("sold past its stock: taken as always available")
        else:
            variant["stock"] = stock
    return variant


def _finished(
    product: dict[str, Any],
    attributes: Attributes,
    pictures: list[tuple[int, dict[str, str]]],
    variants: list[dict[str, Any]],
    published: str | None,
    notes: Notes,
) -> dict[str, Any]:
    made: dict[str, Any] = {
        name: product[name] for name in ("id", "title", "brand", "url", "created_at") if name in product
    }
    if "description" in product:
        made["description"] = plain_text(product["description"])
    own = attributes.as_dict()
    if isinstance(own.get("barcode"), str):
        own["barcode"] = own["barcode"].lstrip("'")  # Shopify's way to keep a spreadsheet from reading it as a number
    if own.get("gift_card") in ("FALSE", "false", "False"):
        del own["gift_card"]
    if "category" in product:
        # Shopify's own tree is wide ("Home & Garden > Kitchen & Dining"); the shop's type says which shelf it is.
        made["category"] = product["category"]
        kind = " ".join(own["type"].split()) if isinstance(own.get("type"), str) else ""
        if kind and kind.casefold() not in {part.strip().casefold() for part in str(product["category"]).split(">")}:
            made["category"] = f"{product['category']} > {kind}"
    elif isinstance(own.get("type"), str):
        made["category"] = own["type"]
    if "also_known_as" in product:
        made["also_known_as"] = [{"namespace": "shopify", "value": product["also_known_as"].lstrip("'")}]
    made["status"] = status_of(product.get("status"), published, notes)
    made["attributes"] = own
    made["pictures"] = [picture for _, picture in sorted(pictures, key=lambda pair: pair[0])]
    _priced(variants)
    made["variants"] = without_twins(variants, notes)
    for place, value in product.items():  # places of our own that no step above took: `--map x=currency`
        if place not in made and place in Product.model_fields:
            made[place] = value
    return made


def status_of(status: str | None, published: str | None, notes: Notes) -> str:
    word = (status or "").strip().lower()
    if word == "archived":
        return "archived"
    if word in ("draft", "unlisted") or truth(published) is False:
        return "draft"
    if word not in ("", "active"):
        notes.count(f"the status {word[:40]!r}: taken as active")
    return "active"


def _priced(variants: list[dict[str, Any]]) -> None:
    """Reads the prices; a price of 0 "before" says that there was none."""
    for variant in variants:
        read_prices(variant, {name: variant[name] for name in ("price", "compare_at_price") if name in variant})
        before, now = variant.get("compare_at_price"), variant.get("price")
        if before is not None and now is not None and _number(before) == 0:
            del variant["compare_at_price"]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def without_twins(variants: list[dict[str, Any]], notes: Notes) -> list[dict[str, Any]]:
    """A SKU that stands on two variants of a product is kept on both as text and names the first."""
    seen: set[str] = set()
    for variant in variants:
        sku = variant.get("sku")
        if sku in seen:
            notes.count("a SKU on two variants of a product: it names the first")
        elif sku:
            seen.add(sku)
    return variants
