"""What a storefront shows of published texts on a product's page: description, facts, title and description for search engines, alt text; and the page's schema.org markup."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars.content.gate import texts
from regulars.content.records import unpacked
from regulars.store.database import Row

KINDS = ("description", "bullets", "seo", "alt")


@dataclass(frozen=True, slots=True)
class Shown:
    """Published texts of one product in one language; "" and () where there are none."""

    description: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    page_title: str = ""
    page_description: str = ""
    alt: str = ""


def shown(rows: Sequence[Row], locale: str) -> Shown:
    """Rows of `store.texts.LIVE` of one product."""
    own = {row["kind"]: texts(unpacked(row["fields"]), row["locale"]) for row in rows if row["locale"] == locale}
    return Shown(
        tuple(line for line in own.get("description", {}).get("body", "").split("\n") if line.strip()),
        tuple(line for line in own.get("bullets", {}).get("bullets", "").split("\n") if line.strip()),
        own.get("seo", {}).get("title", ""),
        own.get("seo", {}).get("description", ""),
        own.get("alt", {}).get("alt", ""),
    )


def markup(
    title: str,
    description: str,
    brand: str | None,
    category: Sequence[str],
    address: str,
    pictures: Sequence[str],
    offer: Mapping[str, Any] | None,
    rating: tuple[float, int] | None,
) -> str:
    """The product as schema.org's Product, as JSON that can't end its script element."""
    told: dict[str, Any] = {"@context": "https://schema.org", "@type": "Product", "name": title, "url": address}
    if description:
        told["description"] = description
    if brand:
        told["brand"] = {"@type": "Brand", "name": brand}
    if category:
        told["category"] = " > ".join(category)
    if pictures:
        told["image"] = list(pictures)
    if offer:
        told["offers"] = {"@type": "Offer", **offer}
    if rating and rating[1]:
        told["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": round(rating[0], 2),
            "reviewCount": rating[1],
        }
    return json.dumps(told, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
