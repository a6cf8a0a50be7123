"""The catalogue as a shopper walks through it: categories and what stands in them. Made once per catalogue, read by pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from regulars.recommend.catalogue import Catalogue, Item

TOP_CATEGORIES = 12  # more don't fit a page's head; the rest are reached by their addresses


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category at any level. items: for sale, in stock first, newest first. mixed: the same, kinds taking turns."""

    name: str
    items: list[Item]
    mixed: list[Item]


@dataclass(frozen=True, slots=True)
class Shelves:
    """top: the widest categories, largest first. loose: what stands in none."""

    top: list[Shelf]
    loose: list[Item]
    by_name: dict[str, Shelf]

    def find(self, name: str) -> Shelf | None:
        return self.by_name.get(name.strip().casefold())


_made: WeakKeyDictionary[Catalogue, Shelves] = WeakKeyDictionary()


def shelves_of(catalogue: Catalogue) -> Shelves:
    found = _made.get(catalogue)
    if found is None:
        found = _made[catalogue] = _shelves(item for item in catalogue.items if item is not None)
    return found


def _shelves(items: Iterable[Item]) -> Shelves:
    shown = sorted(
        (item for item in items if item.for_sale and item.names),
        key=lambda item: (not item.in_stock, -item.created, item.product_id),
    )
    names: dict[str, str] = {}
    inside: dict[str, list[Item]] = {}
    widest: dict[str, int] = {}
    for item in shown:
        for key, name in {part.strip().casefold(): part.strip() for part in item.category}.items():
            if key:
                names.setdefault(key, name)
                inside.setdefault(key, []).append(item)
        first = item.category[0].strip().casefold() if item.category else ""
        if first:
            widest[first] = widest.get(first, 0) + 1
    by_name = {key: Shelf(names[key], found, _mixed(found)) for key, found in inside.items()}
    order = sorted(widest, key=lambda key: (-widest[key], names[key]))[:TOP_CATEGORIES]
    loose = [item for item in shown if not any(part.strip() for part in item.category)]
    return Shelves([by_name[key] for key in order], loose, by_name)


def _mixed(items: list[Item]) -> list[Item]:
    """One of each narrowest category, then the next of each: a shelf of eight paper filters says little of a shop."""
    turn: dict[str, int] = {}
    turns = []
    for item in items:
        kind = item.category[-1]
        turns.append(turn.setdefault(kind, 0))
        turn[kind] += 1
    places = sorted(range(len(items)), key=lambda place: (not items[place].in_stock, turns[place], place))
    return [items[place] for place in places]
