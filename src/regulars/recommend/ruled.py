"""Lists that have an order of their own (what a search found, a category's page), as the shop's rules want them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from regulars.recommend.history import History
from regulars.recommend.items import Item
from regulars.recommend.rules.book import Steering
from regulars.recommend.service import steering_for
from regulars.recommend.serving import Serving
from regulars.recommend.slate import Slate, bounded, composed
from regulars.store.people import Person

MOST_MOVED = 2_000
"""Products of a category that rules move; of those behind only what is excluded is taken out."""


def ruled(serving: Serving, items: list[Item], steering: Steering) -> tuple[list[Item], Slate]:
    """These products without the excluded, moved, pinned, capped; and what was done."""
    if not steering or not (items or steering.pins):
        return items, Slate()
    place_of = serving.catalogue.place.get
    places = np.array([-1 if (at := place_of(item.product_id)) is None else at for item in items], np.int32)
    keep = places >= 0
    if steering.excluded is not None:
        keep &= ~steering.excluded[places]
    rows = np.flatnonzero(keep)
    if steering.factors is not None and len(rows):
        # A place further down is worth less by the logarithm: twice the odds move a product from place 4 to place 2.
        moved = -np.log1p(np.arange(len(items), dtype=np.float32)) + bounded(steering.factors[places])
        rows = rows[np.argsort(-moved[rows], kind="stable")]

    def why_not(place: int) -> str:
        if serving.filters.everybody[place]:
            return "not_for_sale"
        return "rule" if steering.excluded is not None and bool(steering.excluded[place]) else ""

    slate = composed(places, rows.tolist(), len(rows) + len(steering.pins), steering=steering, why_not=why_not)
    found = [serving.catalogue.items[one.item] for one in slate.placed]
    return [item for item in found if item is not None], slate


def category_ruled(
    serving: Serving, items: Sequence[Item], person: Person, *, sorted_by_shopper: bool, now: float | None = None
) -> list[Item]:
    """A category's page as rules for the surface `category` want it. sorted_by_shopper: by price or age; then nothing but what is excluded
    changes. Caps don't act: a category shows all that it has. Pins of other categories don't come in.
    """
    now = time.time() if now is None else now
    history = History.of(person, serving.catalogue, now)
    steering = steering_for(serving, serving.surfaces["category"], person, history, now, None)
    inside = {serving.catalogue.place.get(item.product_id) for item in items}
    steering = replace(steering, caps=(), pins=tuple(pin for pin in steering.pins if pin.item in inside))
    only = steering.only_excluding()
    if sorted_by_shopper:
        return ruled(serving, list(items), only)[0]
    front, _ = ruled(serving, list(items[:MOST_MOVED]), steering)
    shown = {item.product_id for item in front}
    behind, _ = ruled(serving, list(items[MOST_MOVED:]), only)
    return front + [item for item in behind if item.product_id not in shown]
