"""Products in a conversation: the search's and the recommender's, as decisions of their own like anywhere in the shop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from regulars.assist.knowledge.library import read_product
from regulars.assist.knowledge.products import ProductText, linked
from regulars.assist.reading import words_of
from regulars.assist.texts import CJK
from regulars.assist.turns import Named, Shown
from regulars.recommend import service
from regulars.recommend.catalogue import Catalogue, Item
from regulars.recommend.filters import Wishes
from regulars.recommend.finder import Finder, Results, finder_of
from regulars.recommend.search import USUAL, index_of
from regulars.recommend.searching import Search, search
from regulars.schema import ExternalId, Money
from regulars.store import decisions, identity, order_book, people
from regulars.store.database import Connection

MANY = 4
"""Products in one reply: a chat is narrow."""

ENOUGH = 0.5
"""The share of the words from which the first product is an answer. Of Chinese the words are pairs: a single character says nothing."""

SEARCHED, LOOKED_AT = 40, 5
"""Products that are found in a sentence, and those of them whose variants are read."""

ASSISTANT = "assistant"


class Shelf:
    """Shows products of one shop."""

    def __init__(
        self,
        serving_of: Callable[[], service.Serving],
        clock: Callable[[], datetime] | None = None,
        finder_for: Callable[[Catalogue], Finder] = finder_of,
    ) -> None:
        """clock: the time of what is shown, None = this machine's. finder_for: what searches; by default by words alone until
        somebody has made the vectors."""
        self._serving_of = serving_of
        self._clock = clock
        self._finder_of = finder_for

    def find(
        self,
        connection: Connection,
        words: str,
        locale: str,
        customer: int | None,
        visitor: str | None,
        surely: bool = False,
    ) -> Shown:
        """What answers a search, best first; where nothing does, what the person may like. Both are decisions.

        surely: only products that have all the words, else nothing.
        """
        serving = self._serving_of()
        person = self._person(connection, customer, visitor)
        asked = Search(words, MANY, surface=ASSISTANT)
        answer = search(serving, self._finder_of(serving.catalogue), asked, person, self._now())
        results = answer.results
        items = [item for item in answer.items if item.for_sale and item.in_stock]
        says = bool(results.items) and self._says(results, words)
        whole = results.whole and says
        if surely and not (items and whole):
            return Shown(None, (), "else")
        if not any(letter.isalnum() for letter in results.asked.words):
            # Nothing but a price was said: the recommender chooses within it.
            within = Wishes(min_price=results.asked.least, max_price=results.asked.most)
            return self.recommend(connection, locale, customer, visitor, within=within)
        if not items or not results.items or (results.by[0] == "words" and not says):
            return replace(self.recommend(connection, locale, customer, visitor), how="else")
        decisions.record(connection, [answer.decision])
        return _shown(answer.decision.decision_id, items, locale, "found" if whole else "near")

    def recommend(
        self,
        connection: Connection,
        locale: str,
        customer: int | None,
        visitor: str | None,
        surface: str = ASSISTANT,
        beside: int | None = None,
        within: Wishes | None = None,
    ) -> Shown:
        """A list of the recommender's, kept as its decision. beside: the product that it is about."""
        serving = self._serving_of()
        person = self._person(connection, customer, visitor)
        request = service.Request(surface, MANY, beside, within or Wishes(), locale=locale)
        decision = service.recommend(serving, request, person, self._now())
        decisions.record(connection, [decision])
        items = [item for action in decision.actions if (item := serving.item(action.product_id)) is not None]
        return _shown(decision.decision_id, items, locale)

    def _says(self, results: Results, words: str) -> bool:
        """Whether the first product has enough of the words. The search counts a Chinese word as found by one of its characters."""
        if not CJK.search(words):
            return results.held >= ENOUGH
        said = set(words_of(words))
        item = results.items[0]
        titles = [
            text for texts in item.texts.values() for text in (texts.get("title", ""), texts.get("description", ""))
        ]
        own = set(words_of(" ".join([*titles, *item.category, item.brand or "", *map(str, item.attributes.values())])))
        return len(said & own) >= ENOUGH * len(said)

    def _person(self, connection: Connection, customer: int | None, visitor: str | None) -> people.Person:
        name = None if customer is None else identity.names_of(connection, "customer", [customer]).get(customer)
        return people.NOBODY if name is None and visitor is None else people.read_person(connection, name, visitor)

    def _now(self) -> float | None:
        return None if self._clock is None else self._clock().timestamp()

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

    def named(self, text: str, locale: str) -> list[Named]:
        """The products that a sentence may name, those first of whose title it says most; none where it says no word of any."""
        said = set(words_of(text)) - USUAL
        found = []
        for item in self._named(text):
            titles = [set(words_of(item.title(one))) for one in ("en", "zh")]
            share = max(len(said & words) / max(len(words), 1) for words in titles)
            if share:
                found.append(Named(item.product_id, item.title(locale), share))
        return sorted(found, key=lambda one: -one.share)

    def title(self, product_id: int, locale: str) -> str | None:
        """None of a product that is gone."""
        item = self._serving_of().item(product_id)
        return None if item is None else item.title(locale)

    def _named(self, text: str) -> list[Item]:
        """The products whose titles a sentence says most of; several where it can't be told which."""
        said = set(words_of(text)) - USUAL
        best: list[Item] = []
        most = 0
        for item in index_of(self._serving_of().catalogue).find(text[:200], least=0.0).items[:SEARCHED]:
            count = max(len(said & set(words_of(item.title(locale)))) for locale in ("en", "zh"))
            if count > most:
                best, most = [item], count
            elif count == most and count:
                best.append(item)
        return best[:LOOKED_AT]


def _shown(
    decision_id: UUID, items: list[Item], locale: str, how: Literal["found", "near", "chosen"] = "chosen"
) -> Shown:
    told = tuple(_told(item, locale, str(decision_id)) for item in items)
    return Shown(decision_id, told, how, tuple(item.product_id for item in items))


def _told(item: Item, locale: str, decision_id: str) -> dict[str, Any]:
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
