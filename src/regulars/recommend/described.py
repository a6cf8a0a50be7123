"""A product as lists and searches give it out. Knows no list."""

from __future__ import annotations

from typing import Any

from regulars.recommend.items import Item


def described(item: Item, locale: str | None) -> dict[str, Any]:
    """A product as ProductOut."""
    namespace, name = item.names[0] if item.names else ("", "")
    return {
        "product": name,
        "namespace": namespace,
        "title": item.title(locale),
        "price": item.price_text,
        "currency": item.currency,
        "url": item.url,
        "picture": item.pictures[0]["url"] if item.pictures else None,
    }
