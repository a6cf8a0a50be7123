"""The knowledge graph between products: what fits what and goes with what, said by the shop; what is bought with what, counted from orders;
brand, category and attribute from records.

Edges that the shop says are few beside the catalogue: they stand in sorted arrays. What records say isn't stored twice: two
products of one brand are neighbours because their records say so, and `path` finds that when it is asked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regulars.recommend.catalogue import Catalogue, Item, reference
from regulars.recommend.dataset import Int32
from regulars.store.product_links import BOUGHT_WITH, RELATIONS

REPLACES = "replaces"
SYMMETRIC = ("compatible_with", "goes_with", BOUGHT_WITH)
ALL = (*RELATIONS, BOUGHT_WITH)
LONGEST = 3  # steps of a path worth telling
WIDEST = 200  # neighbours of one node looked at


@dataclass(frozen=True, slots=True)
class Edge:
    """one → other, both positions in the catalogue."""

    one: int
    relation: str
    other: int


class Links:
    """The shop's edges over one catalogue. Immutable. Symmetric relations are known from both sides."""

    def __init__(self, catalogue: Catalogue, rows: Iterable[Sequence[Any]]) -> None:
        """rows: (product id, relation, other product id); those with a product that is gone are left out."""
        near: dict[tuple[str, int], set[int]] = {}
        successors: dict[int, set[int]] = {}
        self.count = 0
        for product_id, relation, other_id in rows:
            one, other = catalogue.place.get(product_id), catalogue.place.get(other_id)
            if one is None or other is None or one == other or relation not in ALL:
                continue
            self.count += 1
            near.setdefault((relation, one), set()).add(other)
            if relation in SYMMETRIC:
                near.setdefault((relation, other), set()).add(one)
            if relation == REPLACES:
                successors.setdefault(other, set()).add(one)
        self._near = {key: np.array(sorted(found), np.int32) for key, found in near.items()}
        self._successors = {item: sorted(found) for item, found in successors.items()}

    def __bool__(self) -> bool:
        return bool(self._near)

    def near(self, item: int, relation: str) -> Int32:
        """What stands at the other end of an item's edges of this relation."""
        return self._near.get((relation, item), _NONE)

    def successors(self, item: int) -> list[int]:
        """What replaces an item, and what replaces that, the nearest first; each once, also where they stand in a circle."""
        found: dict[int, None] = {}
        waiting = deque(self._successors.get(item, ()))
        while waiting and len(found) < WIDEST:
            one = waiting.popleft()
            if one != item and one not in found:
                found[one] = None
                waiting.extend(self._successors.get(one, ()))
        return list(found)

    def edges(self, item: int) -> list[Edge]:
        """All edges of an item, as they lead away from it."""
        return [Edge(item, relation, int(other)) for relation in ALL for other in self.near(item, relation)]


_NONE = np.zeros(0, np.int32)


def path(catalogue: Catalogue, links: Links, start: int, end: int) -> list[Edge]:
    """The shortest way from one product to another over the shop's edges, else over what both records share; [] where none is.

    Loops end it as little as dead ends do: no product is passed twice.
    """
    before: dict[int, Edge] = {}
    seen, waiting = {start}, deque([(start, 0)])
    while waiting:
        item, steps = waiting.popleft()
        if steps == LONGEST:
            continue
        for edge in links.edges(item)[:WIDEST]:
            if edge.other in seen:
                continue
            seen.add(edge.other)
            before[edge.other] = edge
            if edge.other == end:
                found = [edge]
                while found[0].one != start:
                    found.insert(0, before[found[0].one])
                return found
            waiting.append((edge.other, steps + 1))
    return [Edge(start, shared, end) for shared in shared_of(catalogue, start, end)[:1]]


def shared_of(catalogue: Catalogue, one: int, other: int) -> list[str]:
    """What the records of two products have in common: "brand", "category", or an attribute's name, the rarest sort first."""
    first, second = catalogue.items[one], catalogue.items[other]
    if first is None or second is None:
        return []
    shared = [
        name
        for name, value in first.attributes.items()
        if value not in (None, "", []) and second.attributes.get(name) == value
    ]
    if first.brand and first.brand == second.brand:
        shared.append("brand")
    if first.category and first.category == second.category:
        shared.append("category")
    return shared


def links_told(catalogue: Catalogue, links: Links | None, item: Item, to: Item | None = None) -> dict[str, Any]:
    """A product's links, and the way to another one."""
    place = catalogue.place[item.product_id]

    def name(at: int) -> str | None:
        found = catalogue.items[at]
        return reference(found) if found is not None and found.names else None

    told: dict[str, Any] = {"product": reference(item), "links": []}
    if links is not None:
        told["links"] = [{"relation": edge.relation, "other": name(edge.other)} for edge in links.edges(place)]
        if to is not None:
            way = path(catalogue, links, place, catalogue.place[to.product_id])
            told["path"] = [{"from": name(edge.one), "by": edge.relation, "to": name(edge.other)} for edge in way]
    return told
