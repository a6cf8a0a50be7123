"""What a storefront shows of published texts on a product's page: description, facts, title and description for search engines, alt text; and the page's schema.org markup."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import uuid_utils

from regulars.content.dice import Dice
from regulars.content.gate import texts
from regulars.content.records import unpacked
from regulars.schema import Decision, Reason
from regulars.schema.decisions import Action
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


@dataclass(frozen=True, slots=True)
class Drawn:
    """A text that was drawn among several of its kind. propensity: the chance it had."""

    text_id: UUID
    kind: str
    propensity: float


def drawn(rows: Sequence[Row], locale: str, reader: str) -> tuple[list[Row], list[Drawn]]:
    """One row of each kind in a language, and what of it was drawn: evenly, by reader, so that nobody's page changes on reload."""
    chosen: list[Row] = []
    by_chance: list[Drawn] = []
    for kind in KINDS:
        several = [row for row in rows if row["locale"] == locale and row["kind"] == kind]
        if not several:
            continue
        row = Dice(reader, several[0]["product_id"], kind, *(one["text_id"] for one in several)).one(several)
        chosen.append(row)
        if len(several) > 1:
            by_chance.append(Drawn(row["text_id"], kind, 1 / len(several)))
    return chosen, by_chance


def introduction(rows: Sequence[Row]) -> tuple[str, ...]:
    """The lines of a category's published introduction; none where there is none."""
    if not rows:
        return ()
    body = texts(unpacked(rows[0]["fields"]), rows[0]["locale"]).get("body", "")
    return tuple(line for line in body.split("\n") if line.strip())


def decision(texts: Sequence[Drawn], product_id: int, customer_id: int | None, visitor_id: int | None) -> Decision:
    """The decision that a page's texts are: one action a text, with its propensity."""
    actions = tuple(
        Action(product_id, place, 1.0, one.propensity, f"text:{one.text_id}", Reason("text", {"kind": one.kind}))
        for place, one in enumerate(texts)
    )
    return Decision(
        decision_id=UUID(bytes=uuid_utils.uuid7().bytes), at=datetime.now(UTC), surface="content", customer_id=customer_id,
        visitor_id=visitor_id, context_product_id=product_id, mode="published", model_version=None, policy="even", seed=0, arm=None,
        actions=actions, timings_ms={}, trace={},
    )  # fmt: skip


def shown(rows: Sequence[Row], locale: str) -> Shown:
    """Rows of `store.texts.LIVE` of one product, one a kind."""
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
