"""Three taps that tell a taste: which products to show somebody of whom nothing is known, one tap after another.

Whose taste is at product j picks product i of those shown with P ∝ exp(SHARPNESS · similarity(i, j)), or none of them. After each
answer the weights of all products are what Bayes says, and the next tap shows those that stand for most of the weight: greedy
facility location (Nemhauser, Wolsey & Fisher 1978: at least 1 − 1/e of the best). Knows products only; asks nothing about a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from regulars.recommend.catalogue import Catalogue, Item, named, reference
from regulars.recommend.dataset import Float32, Int32
from regulars.recommend.model import Model
from regulars.recommend.service import Serving
from regulars.recommend.sources.popular import PopularSource
from regulars.recommend.sources.text import TextSource
from regulars.schema import EventType

TAPS = 3
SHOWN = 6
LEAST = 2 * SHOWN  # a shop with fewer products is seen whole at one look
POOL = 300  # products that may be shown: of each kind the most popular, kinds taking turns
SHARPNESS = 8.0
NONE = 0.2  # "none of these" is likelier than a product that resembles the taste less than this


@dataclass(frozen=True, slots=True)
class Answer:
    """picked: a product's id; None for "none of these". shown: ids of what stood there."""

    picked: int | None
    shown: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Taste:
    """Where somebody is. tap: from 1, None when there is nothing (more) to ask. items: of this tap. last: the number of the
    newest event behind it. refused: no personal lists are wanted, so nothing is asked.
    """

    tap: int | None
    items: tuple[Item, ...] = ()
    answers: tuple[Answer, ...] = ()
    last: int = 0
    refused: bool = False

    @property
    def picked(self) -> tuple[int, ...]:
        return tuple(answer.picked for answer in self.answers if answer.picked is not None)


def taste_of(serving: Serving, rows: Iterable[Mapping[str, Any]], *, refused: bool = False) -> Taste:
    """rows: type, product_id, properties, event_id of a person's answers, oldest first (store.taste). refused: nothing is asked of
    who doesn't want personal lists.
    """
    if refused:
        return Taste(None, refused=True)
    answers, last = [], 0
    for row in rows:
        last = max(last, row["event_id"])
        if row["type"] != EventType.TASTE:
            continue
        given = (row["properties"] or {}).get("shown")
        names = [str(name) for name in given[: 2 * SHOWN]] if isinstance(given, list) else []
        found = (named(serving.catalogue, name) for name in names)
        answers.append(Answer(row["product_id"], tuple(item.product_id for item in found if item is not None)))
    if len(answers) >= TAPS:
        return Taste(None, (), tuple(answers), last)
    items = next_items(serving, answers)
    return Taste(len(answers) + 1 if items else None, items, tuple(answers), last)


def next_items(serving: Serving, answers: Sequence[Answer]) -> tuple[Item, ...]:
    """What the next tap shows; nothing in a shop that is too small to need it. Deterministic."""
    catalogue = serving.catalogue
    pool = _pool_of(serving)
    if len(pool.places) < LEAST:
        return ()
    weights = pool.prior.copy()
    gone = np.zeros(len(pool.places), np.bool_)
    for answer in answers:
        seen = pool.rows([*answer.shown, *([answer.picked] if answer.picked is not None else [])], catalogue)
        if not seen:
            continue
        gone[seen] = True
        odds = np.exp(SHARPNESS * pool.similar[:, seen])
        nothing = np.exp(np.float32(SHARPNESS * NONE))
        chosen = pool.rows([answer.picked], catalogue) if answer.picked is not None else []
        picked = odds[:, seen.index(chosen[0])] if chosen else nothing
        weights = weights * picked / (odds.sum(axis=1) + nothing)
        weights /= max(float(weights.sum()), 1e-30)
    barred = serving.filters.everybody[pool.places]
    best = np.zeros(len(pool.places), np.float32)
    shown: list[int] = []
    for _ in range(SHOWN):
        gain = weights @ np.maximum(pool.similar, best[:, None])
        gain[gone | barred] = -1.0
        gain[shown] = -1.0
        row = int(gain.argmax())
        if gain[row] < 0:
            break
        shown.append(row)
        best = np.maximum(best, pool.similar[:, row])
    found = (catalogue.items[pool.places[row]] for row in shown)
    return tuple(item for item in found if item is not None)


@dataclass(frozen=True, slots=True)
class _Pool:
    """places: (m,) in the catalogue. prior: (m,) popularity, sums to 1. similar: (m, m) in [0, 1]."""

    model: Model | None
    places: Int32
    prior: Float32
    similar: Float32

    def rows(self, product_ids: Sequence[int], catalogue: Catalogue) -> list[int]:
        found = []
        for one in product_ids:
            at = np.flatnonzero(self.places == catalogue.place[one]) if one in catalogue.place else self.places[:0]
            if len(at) and int(at[0]) not in found:
                found.append(int(at[0]))
        return found


_made: WeakKeyDictionary[Catalogue, _Pool] = WeakKeyDictionary()


def _pool_of(serving: Serving) -> _Pool:
    """Made once per catalogue and model."""
    found = _made.get(serving.catalogue)
    if found is None or found.model is not serving.model:
        found = _made[serving.catalogue] = _pool(serving)
    return found


def _pool(serving: Serving) -> _Pool:
    catalogue, model = serving.catalogue, serving.model
    popular = model.sources.get("popular") if model is not None else None
    shares = popular.shares if isinstance(popular, PopularSource) else np.zeros(len(catalogue), np.float32)
    free = np.array(
        [
            item is not None and bool(item.names) and not barred
            for item, barred in zip(catalogue.items, serving.filters.everybody, strict=True)
        ],
        np.bool_,
    )
    pictured = free & np.array([item is not None and bool(item.pictures) for item in catalogue.items], np.bool_)
    if 2 * np.count_nonzero(pictured) >= np.count_nonzero(free):
        free = pictured  # one looks at pictures; a letter between them says nothing
    order = np.flatnonzero(free)
    order = order[np.lexsort((-catalogue.created[order], -shares[order]))]
    turns: dict[int, int] = {}
    ranked = []
    for rank, place in enumerate(order.tolist()):
        kind = int(catalogue.kinds[place])
        turns[kind] = turns.get(kind, 0) + 1
        ranked.append((turns[kind], rank, place))
    places = np.array([place for *_, place in sorted(ranked)[:POOL]], np.int32)
    prior = (np.sqrt(np.maximum(shares[places], 0)) + 0.2).astype(np.float32)
    return _Pool(model, places, prior / prior.sum() if len(prior) else prior, _similar(catalogue, model, places))


def _similar(catalogue: Catalogue, model: Model | None, places: Int32) -> Float32:
    """Half by words, half by how much of the category path they share."""
    text = model.sources.get("text") if model is not None else None
    words = np.zeros((len(places), len(places)), np.float32)
    if isinstance(text, TextSource):
        rows = text.rows[places]
        words = np.asarray((rows @ rows.T).todense(), np.float32)
    paths = [item.category if (item := catalogue.items[place]) is not None else () for place in places.tolist()]
    kinds: dict[tuple[str, ...], int] = {}
    numbers = [kinds.setdefault(path, len(kinds)) for path in paths]
    of_kinds = np.array([[_shared(one, other) for other in kinds] for one in kinds], np.float32)
    tree = of_kinds[np.ix_(numbers, numbers)] if numbers else words
    similar: Float32 = np.clip(np.nan_to_num(0.5 * words + 0.5 * tree), 0, 1).astype(np.float32)
    np.fill_diagonal(similar, 1)
    return similar


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    same = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        same += 1
    return same / max(len(one), len(other), 1)


def event(
    taste: Taste, picked: Item | None, shown: Sequence[Item], customer: Any, visitor: str | None, whose: str
) -> dict[str, Any]:
    """The answer to `taste.tap`, as an event. The same tap answered twice, from two tabs, is one event: its id says whose,
    which tap, and after which event it was asked.
    """
    fields: dict[str, Any] = {
        "type": EventType.TASTE,
        "customer": customer,
        "visitor": visitor,
        "message_id": f"taste:{whose}:{taste.last}:{taste.tap}",
        "properties": {"tap": taste.tap, "shown": [reference(item) for item in shown], "none": picked is None},
    }
    if picked is not None:
        fields["product"] = picked.names[0]
    return fields
