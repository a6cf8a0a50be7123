"""Products in a conversation: the search's and the recommender's, as decisions of their own like anywhere in the shop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from regulars.assist.knowledge.library import read_product
from regulars.assist.knowledge.products import ProductText, linked
from regulars.assist.reading import words_of
from regulars.assist.turns import Shown
from regulars.recommend import service
from regulars.recommend.catalogue import Item
from regulars.recommend.search import index_of
from regulars.schema import ExternalId, Money
from regulars.store import decisions, identity, order_book, people
from regulars.store.database import Connection

MANY = 4
"""Products in one reply: a chat is narrow."""

SEARCHED, LOOKED_AT = 40, 5
"""Products that are found in a sentence, and those of them whose variants are read."""

ASSISTANT = "assistant"


class Shelf:
    """Shows products of one shop."""

    def __init__(self, serving_of: Callable[[], service.Serving], clock: Callable[[], datetime] | None = None) -> None:
        """clock: the time of what is shown, None = this machine's."""
        self._serving_of = serving_of
        self._clock = clock

    def find(self, connection: Connection, text: str, locale: str, customer: int | None, visitor: str | None) -> Shown:
        """What is for sale and fits the words; where nothing does, what the person may like."""
        serving = self._serving_of()
        found = index_of(serving.catalogue).find(text[:200])
        items = [item for item in found.items if item.for_sale and item.in_stock][:MANY]
        if not items:
            return self.recommend(connection, locale, customer, visitor)
        return Shown(None, tuple(_told(item, locale) for item in items))

    def recommend(self, connection: Connection, locale: str, customer: int | None, visitor: str | None) -> Shown:
        """A list of the recommender's, kept as its decision."""
        serving = self._serving_of()
        name = None
        if customer is not None:
            names = identity.names_of(connection, "customer", [customer])
            name = names.get(customer)
        person = people.NOBODY
        if name is not None or visitor is not None:
            person = people.read_person(connection, name, visitor)
        now = None if self._clock is None else self._clock().timestamp()
        decision = service.recommend(serving, service.Request(ASSISTANT, MANY, locale=locale), person, now)
        decisions.record(connection, [decision])
        items = [item for action in decision.actions if (item := serving.item(action.product_id)) is not None]
        return Shown(decision.decision_id, tuple(_told(item, locale, str(decision.decision_id)) for item in items))

    def product(self, connection: Connection, text: str) -> ProductText | None:
        """The product that a question names, as the store describes it; None where it names none."""
        read = [
            made
            for item in self._named(text)
            if item.names and (made := read_product(connection, item.product_id, item.names[0][1])) is not None
        ]
        return linked(text, read)

    def variants(self, connection: Connection, text: str, locale: str) -> list[order_book.Variant]:  # noqa: ARG002
        """All variants of the products that the words fit best."""
        out: list[order_book.Variant] = []
        for item in self._named(text):
            out += order_book.read_variants(connection, item.product_id)
        return out

    def _named(self, text: str) -> list[Item]:
        """The products whose titles a sentence says most of; several where it can't be told which."""
        said = set(words_of(text))
        best: list[Item] = []
        most = 0
        for item in index_of(self._serving_of().catalogue).find(text[:200], least=0.0).items[:SEARCHED]:
            count = max(len(said & set(words_of(item.title(locale)))) for locale in ("en", "zh"))
            if count > most:
                best, most = [item], count
            elif count == most and count:
                best.append(item)
        return best[:LOOKED_AT]


def _told(item: Item, locale: str, decision_id: str | None = None) -> dict[str, Any]:
    name = ExternalId(*item.names[0]) if item.names else None
    price = Money(item.price, item.currency, item.exponent) if item.price is not None and item.currency else None
    return {
        "id": None if name is None else name.value,
        "title": item.title(locale),
        "url": item.url,
        "picture": item.pictures[0].get("url") if item.pictures else None,
        "price": item.price_text,
        "currency": item.currency,
        "decision_id": decision_id,
        "price_money": price,
    }
