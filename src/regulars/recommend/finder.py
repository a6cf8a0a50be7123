"""Search as it serves: words and meaning together, prices out of the query, the person's own leaning, facets, and a way on where nothing fits.

Words find what is named, meaning finds what is meant; a product's place comes from a weighed sum of both. The weights were fitted on the
development half of the judged queries (benchmarks/steering/queries.json, docs/experiments.md).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import structlog

from regulars.language.sentence_vectors import sentence_encoder
from regulars.recommend import query as reading
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.items import Item
from regulars.recommend.search import SearchIndex, index_of
from regulars.recommend.semantic import MOST, SemanticIndex, VectorStore
from regulars.recommend.thesaurus import Thesaurus

Float32 = npt.NDArray[np.float32]
WEIGHTS: Mapping[str, float] = {"words": 0.8, "held": 0.1, "whole": 0.1, "title": 0.3, "kind": 0.9, "together": 1.6}
LEANING = 0.05  # what it counts that a product is of a kind that the person likes
TELLING = 0.36  # nearness in meaning from which a product without any of the words is an answer; nonsense comes to .33
ANSWERS = 0.4  # of the best score: what is further off isn't shown beside it
MOST_FOUND = 2_000  # results of a query; nobody leafs further, and rules look at each of them
FACET_VALUES = 12
FACETS = 8
log = structlog.get_logger("regulars.recommend")


@dataclass(frozen=True, slots=True)
class Results:
    """items: best first. taken: words that were read as others. held: the share of the words that occur in the first; whole: all do. asked: the query as it was read.

    by: "words", "meaning" or "both", of each item. semantic: whether meaning took part.
    """

    items: list[Item]
    taken: dict[str, str]
    asked: reading.Asked
    by: list[str]
    semantic: bool
    held: float = 1.0

    @property
    def whole(self) -> bool:
        return self.held == 1


@dataclass(frozen=True, slots=True)
class Facet:
    """What found products can be narrowed by. values: with how many of them have each, the commonest first."""

    name: str
    values: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Leaning:
    """What a person likes, as far as a search may know: shares of their history by category number. Empty of a stranger."""

    kinds: Mapping[int, float] = field(default_factory=dict)


class Finder:
    """Finds products of one catalogue, to which it keeps no way back: it lives as long as the catalogue does. Threads share it."""

    def __init__(self, catalogue: Catalogue, index: SearchIndex, semantic: SemanticIndex | None) -> None:
        self.index = index
        self.semantic = semantic
        self.items = index.items
        places = [catalogue.place[item.product_id] for item in self.items]
        self._price = catalogue.price[places] if places else np.zeros(0)
        self._stock = catalogue.in_stock[places] if places else np.zeros(0, np.bool_)
        self._kinds = catalogue.kinds[places] if places else np.zeros(0, np.int32)

    def find(
        self,
        query: str,
        leaning: Leaning | None = None,
        thesaurus: Thesaurus | None = None,
        weights: Mapping[str, float] = WEIGHTS,
    ) -> Results:
        """What answers the query, best first; what is sold out after the rest. Empty for a query that says nothing."""
        asked = reading.read(query)
        n = len(self.items)
        said = any(letter.isalnum() for letter in asked.words)
        if not n or (not said and asked.most is None and asked.least is None):
            return Results([], {}, asked, [], self.semantic is not None)
        matched = self.index.match(asked.words, thesaurus)
        words = matched.score / np.float32(matched.best)
        held = matched.held / np.float32(max(matched.asked, 1))
        score = np.float32(weights["words"]) * words + np.float32(weights["held"]) * held
        score = score + np.float32(weights["whole"]) * (held >= 1)
        meant = np.zeros(n, np.bool_)
        if self.semantic is not None and said:
            near = self.semantic.near(self._spoken(asked.words, matched.taken))
            kind = np.maximum(near.kind, 0)
            score = (
                score + np.float32(weights["title"]) * np.maximum(near.title, 0) + np.float32(weights["kind"]) * kind
            )
            # That it is of the kind meant and has the words besides says more than both apart.
            score = score + np.float32(weights["together"]) * words * kind
            meant = np.maximum(near.title, near.kind) >= TELLING
        if leaning is not None and leaning.kinds:
            liked = np.zeros(int(self._kinds.max(initial=-1)) + 2, np.float32)
            for number, share in leaning.kinds.items():
                if 0 <= number < len(liked) - 1:
                    liked[number] = share
            score = score + np.float32(LEANING) * liked[self._kinds]  # −1, of no kind, is the last: 0
        fits = np.ones(n, np.bool_)
        for limit, sign in ((asked.most, 1), (asked.least, -1)):
            if limit is not None:
                fits &= sign * np.nan_to_num(self._price, nan=sign * np.inf) <= sign * limit
        hit = matched.held > 0
        answers = (hit | meant | ~np.bool_(said)) & fits
        if answers.any():
            answers &= score >= np.float32(ANSWERS) * score[answers].max()
        good = np.flatnonzero(answers)
        order = good[np.lexsort((good, -score[good], ~self._stock[good]))][:MOST_FOUND]
        by = ["both" if hit[place] and meant[place] else "words" if hit[place] else "meaning" for place in order]
        share = int(matched.held[order[0]]) / matched.asked if matched.asked and len(order) else 0.0
        return Results(
            [self.items[place] for place in order],
            matched.taken,
            asked,
            by,
            self.semantic is not None,
            share,
        )

    @staticmethod
    def _spoken(words: str, taken: Mapping[str, str]) -> str:
        """The query with its misspelt words put right: an encoder makes little of "cofee"."""
        for wrong, right in taken.items():
            words = words.replace(wrong, right)
        return words

    def facets(self, items: Sequence[Item]) -> list[Facet]:
        """What these products differ in: categories, brands, and the attributes that most of them have."""
        categories = Counter(item.category[-1] for item in items if item.category)
        brands = Counter(item.brand for item in items if item.brand)
        values: dict[str, Counter[str]] = {}
        for item in items:
            for name, value in item.attributes.items():
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, (str, int, float)) and str(one).strip() and len(str(one)) <= 60:
                        values.setdefault(name, Counter())[str(one)] += 1
        found = [
            Facet("category", categories.most_common(FACET_VALUES)),
            Facet("brand", brands.most_common(FACET_VALUES)),
        ]
        common = sorted(values, key=lambda name: -sum(values[name].values()))
        found += [
            Facet(name, values[name].most_common(FACET_VALUES))
            for name in common
            if 1 < len(values[name]) <= 60 and sum(values[name].values()) * 2 >= len(items)
        ]
        return [facet for facet in found if len(facet.values) > 1][:FACETS]


def narrowed(items: Sequence[Item], wanted: Mapping[str, str]) -> list[Item]:
    """Those that have all of these values, by facet."""

    def has(item: Item, name: str, value: str) -> bool:
        if name == "category":
            return value in item.category
        if name == "brand":
            return item.brand == value
        own: Any = item.attributes.get(name)
        return value in [str(one) for one in own] if isinstance(own, list) else str(own) == value

    return [item for item in items if all(has(item, name, value) for name, value in wanted.items())]


_made: WeakKeyDictionary[Catalogue, Finder] = WeakKeyDictionary()
_stores: dict[str, VectorStore] = {}
_making = threading.Lock()


def store_of(path: Path | None) -> VectorStore:
    """The vectors kept in this file; read once a process."""
    key = str(path)
    if key not in _stores:
        _stores[key] = VectorStore(sentence_encoder(), path)
    return _stores[key]


def finder_of(catalogue: Catalogue, path: Path | None = None, *, wait: bool = False, pause: float = 0.0) -> Finder:
    """The catalogue's finder. Until its vectors are made, beside everything else, it finds by words alone; wait: not until then.

    pause: of VectorStore, for who answers others meanwhile. path: where vectors are kept from one start to the next.
    """
    with _making:
        found = _made.get(catalogue)
        if found is None:
            found = _made[catalogue] = Finder(catalogue, index_of(catalogue), None)
    if wait and found.semantic is None:
        semantic = _meaning(catalogue, path, pause)
        if semantic is not None:
            with _making:
                found = _made[catalogue] = Finder(catalogue, found.index, semantic)
    return found


def _meaning(catalogue: Catalogue, path: Path | None, pause: float) -> SemanticIndex | None:
    items = index_of(catalogue).items
    if not items or len(items) > MOST:
        return None
    try:
        store = store_of(path)
        store.pause = pause
        return SemanticIndex(items, store)
    except Exception as error:  # the encoder is a part that may fail; words go on finding
        log.error("search_without_meaning", error=repr(error))
        return None
