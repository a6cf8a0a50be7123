"""What steers a shop's lists, for Python and the command line: rules, links, surfaces, and why a product isn't there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from regulars.errors import InvalidInput, NotFound
from regulars.recommend import service
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.filters import Wishes
from regulars.recommend.finder import Finder, finder_of
from regulars.recommend.links import links_told
from regulars.recommend.live import Live
from regulars.recommend.rules.service import Rules
from regulars.recommend.searching import Search, answer_told, search
from regulars.recommend.surfaces import surface_told
from regulars.recommend.whynot import why_not, why_not_told
from regulars.schema import ExternalId
from regulars.schema.identity import as_external_id
from regulars.store import decisions, identity, people, product_links
from regulars.store.database import Connection, Database
from regulars.store.workspace import Workspace


class Steered:
    """The part of a shop that steers."""

    database: Database
    live: Live
    workspace: Workspace

    @property
    def rules(self) -> Rules:
        """What the shop wants of its lists: read, check, preview, publish, undo; see recommend.rules.service."""

        def serving() -> service.Serving:
            self.live.refresh()
            return self.live.serving()

        return Rules(self.database, serving)

    def why_not(
        self,
        product: str | ExternalId,
        customer: str | ExternalId | None = None,
        *,
        visitor: str | None = None,
        surface: str = "home",
        beside: str | ExternalId | None = None,
        n: int = 10,
        category: str | None = None,
        locale: str | None = None,
    ) -> dict[str, Any]:
        """Why a product isn't in this person's list: code, sentence, rule, place. Raises: NotFound, InvalidInput."""
        self.live.refresh()
        serving = self.live.serving()
        with self.database.connect() as connection:
            person = read_known(connection, customer, visitor)
        context = None if beside is None else self._product(serving, beside)
        request = service.Request(surface, n, context, Wishes(category))
        found = why_not(serving, request, person, self._product(serving, product))
        return why_not_told(serving, found, locale)

    def _product(self, serving: service.Serving, given: str | ExternalId) -> int:
        """Raises: NotFound."""
        name = external(given, "product")
        item = serving.catalogue.named(*name)
        if item is None:
            raise NotFound(f"There is no product {name.value!r}.", field="product")
        return item.product_id

    def _finder(self, catalogue: Catalogue) -> Finder:
        """What searches here, where nobody else waits: with meaning from the first query on."""
        return finder_of(catalogue, self.workspace.search_vectors, wait=True)

    def search(
        self,
        query: str,
        customer: str | ExternalId | None = None,
        *,
        n: int = 24,
        offset: int = 0,
        narrowed: Mapping[str, str] | None = None,
        locale: str | None = None,
    ) -> dict[str, Any]:
        """What answers a query, best first, with facets; kept as a decision. Raises: NotFound, InvalidInput."""
        self.live.refresh()
        serving = self.live.serving()
        finder = self._finder(serving.catalogue)
        with self.database.connect() as connection:
            person = read_known(connection, customer, None)
            answer = search(serving, finder, Search(query, n, offset, narrowed or {}), person)
            decisions.record(connection, [answer.decision])
        return answer_told(answer, locale)

    def surfaces(self) -> list[dict[str, Any]]:
        """The places that show lists, with their purpose and defaults."""
        serving = self.live.serving()
        return [surface_told(one, serving.settings.diversity) for one in serving.surfaces.values()]

    def links(self, product: str | ExternalId, to: str | ExternalId | None = None) -> dict[str, Any]:
        """What is linked with a product; the way from it to another one. Raises: NotFound."""
        self.live.refresh()
        serving = self.live.serving()
        one = serving.item(self._product(serving, product))
        other = None if to is None else serving.item(self._product(serving, to))
        assert one is not None
        return links_told(serving.catalogue, serving.links, one, other)

    def link(self, edges: Iterable[tuple[str | ExternalId, str, str | ExternalId]]) -> int:
        """Links products: (product, compatible_with | goes_with | replaces, other). How many are new. Raises: NotFound, InvalidInput."""
        serving = self.live.serving()
        known = [(self._product(serving, a), relation, self._product(serving, b)) for a, relation, b in edges]
        with self.database.connect() as connection:
            return product_links.add(connection, known)

    def unlink(self, product: str | ExternalId, relation: str, other: str | ExternalId) -> None:
        """Raises: NotFound."""
        serving = self.live.serving()
        with self.database.connect() as connection:
            one, two = self._product(serving, product), self._product(serving, other)
            if not product_links.remove(connection, one, relation, two):
                raise NotFound("There is no such link.")


def read_known(connection: Connection, customer: str | ExternalId | None, visitor: str | None) -> people.Person:
    """The person a list is for; a stranger where neither is named. Raises: NotFound for a customer who isn't known; InvalidInput."""
    who = None if customer is None else external(customer, "customer")
    person = people.read_person(connection, who, visitor)
    if who is not None and person.customer_id is None:
        raise no_customer(connection, who)
    return person


def no_customer(connection: Connection, who: ExternalId) -> NotFound:
    """The error that says so, and where else somebody of this name is known."""
    others = [one for one in identity.namespaces_of(connection, "customer", who.value) if one != who.namespace]
    hint = (
        f"It is known in the namespace {others[0]}: --namespace {others[0]}, or ExternalId({others[0]!r}, …)."
        if others
        else "Import them, or send an event of theirs."
    )
    return NotFound(f"There is no customer {who.value!r}.", hint=hint)


def external(given: str | ExternalId, field: str) -> ExternalId:
    """An id as somebody writes it. Raises: InvalidInput, naming the field."""
    try:
        return as_external_id(given)
    except ValueError as error:
        raise InvalidInput(f"{field}: {error}.", field=field) from error
