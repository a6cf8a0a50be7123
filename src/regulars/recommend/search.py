"""Search by words: titles, categories, brands, attributes and descriptions, in English and Chinese at once.

Words are weighed by BM25 over fields (Robertson & Zaragoza 2009). A word that no product has is taken for its nearest neighbour in
spelling, for two words that were written as one, or, of Chinese, for what sounds alike; everyday words mean what the thesaurus says.
Knows no person and no meaning; text from outside is only ever compared.
"""

from __future__ import annotations

import bisect
import math
import re
from collections import Counter
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from regulars.language.text_features import normalise
from regulars.recommend.catalogue import Catalogue, Item
from regulars.recommend.query import MAX_QUERY, simplified, sounds
from regulars.recommend.thesaurus import Thesaurus, thesaurus_of

MAX_WORDS = 12
MAX_SPELLINGS = 12  # words that a beginning or a misspelling is taken for
SATURATION = 1.2  # BM25's k1: the tenth mention of a word says less than the second
LENGTH = 0.5  # BM25's b: how much a long text is held against a word
WEIGHTS = {"title": 5.0, "category": 3.0, "brand": 3.0, "attributes": 2.0, "description": 1.0}
BEGINNING = 0.6  # what a match of a word's beginning is worth, beside the whole word
MISSPELT = 0.5
SOUNDS = 0.8  # of Chinese that sounds the same; most mistakes of typing are these
SOUNDED = 6  # Chinese characters up to which a query is a name that may be misspelt; a sentence has pairs that only sound like one
NAMED = 2.5  # the weight from which a word is part of what a product is called
USUAL = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "by",
        "can",
        "do",
        "for",
        "from",
        "have",
        "help",
        "how",
        "i",
        "in",
        "is",
        "it",
        "its",
        "like",
        "me",
        "my",
        "of",
        "on",
        "or",
        "some",
        "someone",
        "something",
        "that",
        "the",
        "their",
        "them",
        "they",
        "this",
        "to",
        "up",
        "want",
        "what",
        "which",
        "who",
        "with",
        "you",
        "your",
        "的",
        "了",
        "我",
        "给",
        "有",
        "吗",
        "哪",
        "些",
        "什么",
        "怎么",
        "请",
        "个",
        "在",
        "和",
        "想",
        "要",
        "能",
    ]
)
"""Words that say nothing about a product; they are asked for only where there are no others."""

Float32 = npt.NDArray[np.float32]
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+(?:[.,]\d+)*")


def terms(text: str, *, single: bool = True) -> list[str]:
    """Words without their plural's ending; of a Chinese run each pair of characters, and each character if `single`.

    >>> terms("Tea cups, 0.5 l")
    ['tea', 'cup', '0.5', 'l']
    >>> terms("绿茶壶", single=False)
    ['绿茶', '茶壶']
    """
    found: list[str] = []
    for run in _RUN.findall(simplified(normalise(text))):
        if re.match(rf"[{_UNSPACED}]", run):
            found += [run[at : at + 2] for at in range(len(run) - 1)]
            if single or len(run) == 1:
                found += list(run)
        else:
            found.append(_stem(run))
    return found


def _stem(word: str) -> str:
    """Without the plural's ending: berries, boxes and cups are berry, box and cup; glass and bus stay."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses", "zes")):
        return word[:-2]
    return word[:-1]


@dataclass(frozen=True, slots=True)
class Found:
    """items: best first. taken: words of the query that were read as others. whole: every word occurs in every item."""

    items: list[Item]
    taken: dict[str, str]
    whole: bool


@dataclass(frozen=True, slots=True)
class Matched:
    """score: (n,) the words' weights. held: (n,) how many of the `asked` words each has. best: what a perfect match could score."""

    score: Float32
    held: npt.NDArray[np.int16]
    asked: int
    best: float
    taken: dict[str, str]


class SearchIndex:
    """The words of all that is for sale. Immutable; made once per catalogue."""

    def __init__(
        self,
        catalogue: Catalogue,
        known: dict[int, tuple[Item, dict[str, float]]] | None = None,
    ) -> None:
        """known: weighed words of products by their id, as kept from an index before; brought up to date."""
        known = {} if known is None else known
        self.items = [item for item in catalogue.items if item is not None and item.for_sale and item.names]
        postings: dict[str, tuple[list[int], list[float]]] = {}
        for place, item in enumerate(self.items):
            kept = known.get(item.product_id)
            if kept is None or (kept[0] is not item and _words_of(kept[0]) != _words_of(item)):
                kept = (item, _weighed(item))
            known[item.product_id] = (item, kept[1])
            for term, weight in kept[1].items():
                entry = postings.setdefault(term, ([], []))
                entry[0].append(place)
                entry[1].append(weight)
        self._postings = {
            term: (np.array(places, np.int32), np.array(weights, np.float32))
            for term, (places, weights) in postings.items()
        }
        self._sounding: dict[
            str, list[str]
        ] = {}  # Chinese pairs by how they sound, and longer runs as they are typed in Latin letters
        for term in self._postings:
            if not term.isascii() and len(term) == 2:
                self._sounding.setdefault(" ".join(sounds(term)), []).append(term)
        self._names: dict[str, bool] = {}  # phrases of the thesaurus: is anything called that?
        self._in_stock = np.array([item.in_stock for item in self.items], np.bool_)
        self._spellings: dict[str, list[str]] = {}  # by each pair of letters, for the nearest spelling
        self._sorted: list[str] = sorted(term for term in self._postings if term.isascii())
        for term in self._sorted:
            for pair in _pairs(term):
                self._spellings.setdefault(pair, []).append(term)

    def find(self, query: str, least: float = 0.5) -> Found:
        """Products that hold every word of the query; where there are none, those that hold most of them, `least` of them at least."""
        found = self.match(query)
        most = int(found.held.max()) if len(found.held) else 0
        if not found.asked or most == 0:
            return Found([], found.taken, not found.asked)
        # Half of the words is the least that still answers a question; a whole sentence holds more words than a product's name.
        whole = most == found.asked
        good = np.flatnonzero(found.held >= max(1, most if whole else math.ceil(found.asked * least)))
        order = np.lexsort((good, -found.score[good], ~self._in_stock[good], -found.held[good]))
        return Found([self.items[place] for place in good[order]], found.taken, whole)

    def match(self, query: str, thesaurus: Thesaurus | None = None) -> Matched:
        """How well each product's words fit the query's. thesaurus: other words for the same; the bundled one where none is given."""
        n = len(self.items)
        asked = self._asked(query, thesaurus or thesaurus_of())
        score, held = np.zeros(n, np.float32), np.zeros(n, np.int16)
        taken: dict[str, str] = {}
        best = 0.0
        if not n:
            asked = []
        named = sum(not letter.isascii() for letter in query) <= SOUNDED
        for place, term in enumerate(asked):
            gain = np.zeros(n, np.float32)
            own = self._rarity(term) if term in self._postings else math.inf
            most = 0.0
            for spelling, worth in self._readings(term, place == len(asked) - 1, taken, sounded=named):
                places, weights = self._postings[spelling]
                # "tears" is rarer than "tea", but who asks for tea isn't told more by it.
                rarity = min(own, self._rarity(spelling))
                most = max(most, rarity)
                gain[places] = np.maximum(gain[places], worth * rarity * weights / (weights + SATURATION))
            score += gain
            held += gain > 0
            best += most if most > 0 else math.log(1 + n)
        return Matched(score, held, len(asked), max(best, 1e-6), taken)

    def _asked(self, query: str, thesaurus: Thesaurus) -> list[str]:
        """The words to look for: those that say something, in order; everyday words for the same in one of the catalogue's."""
        text = thesaurus.known(simplified(normalise(query[:MAX_QUERY])), self._called)
        found = list(dict.fromkeys(terms(text, single=False)))
        telling = [term for term in found if term not in USUAL]
        return (telling or found)[:MAX_WORDS]

    def _called(self, phrase: str) -> bool:
        """Whether some product is called that: has all the words in its title or category."""
        known = self._names.get(phrase)
        if known is None:
            there: npt.NDArray[np.int32] | None = None
            for term in terms(phrase, single=False):
                places, weights = self._postings.get(term, (np.zeros(0, np.int32), np.zeros(0, np.float32)))
                own = places[weights >= NAMED]
                there = own if there is None else np.intersect1d(there, own, assume_unique=True)
            known = self._names[phrase] = there is not None and len(there) > 0
        return known

    def _rarity(self, term: str) -> float:
        """Inverse document frequency, as in BM25."""
        n, held = len(self.items), len(self._postings[term][0])
        return math.log(1 + (n - held + 0.5) / (held + 0.5))

    def _readings(self, term: str, last: bool, taken: dict[str, str], *, sounded: bool) -> list[tuple[str, float]]:
        """The words of the catalogue that this one may mean, with what each is worth."""
        found = [(term, 1.0)] if term in self._postings else []
        if not term.isascii():
            if not found and len(term) == 2:
                alike = self._sounding.get(" ".join(sounds(term)), []) if sounded else []
                found = [(one, SOUNDS) for one in alike]
                if alike:
                    taken[term] = alike[0]
                else:
                    found = [(one, MISSPELT) for one in term if one in self._postings]
            return found
        if last and len(term) >= 2:
            # What is still being typed: "teap" is the teapot's beginning.
            found += [(one, BEGINNING) for one in self._beginning(term) if one != term]
        if not found and len(term) >= 4:
            parts = self._halves(term) or self._spelt_out(term)
            if parts:
                taken[term] = (
                    " ".join(parts) if parts[0].isascii() else "".join([parts[0], *(one[-1] for one in parts[1:])])
                )
                return [(one, SOUNDS) for one in parts]
            near = self._nearest(term)
            if near:
                taken[term] = near[0]
            found = [(one, MISSPELT) for one in near]
        return found

    def _halves(self, term: str) -> list[str]:
        """Two known words that were written as one: woodencar. The halves that most products hold."""
        found = [
            (len(self._postings[first][0]) + len(self._postings[second][0]), first, second)
            for at in range(2, len(term) - 1)
            if (first := _stem(term[:at])) in self._postings
            and (second := _stem(term[at:])) in self._postings
            and len(second) > 2
        ]
        return list(max(found)[1:]) if found else []

    def _spelt_out(self, term: str) -> list[str]:
        """Chinese pairs that are typed as they sound: chahu is 茶壶."""
        typed = term.replace("ü", "v")
        for sound, pairs in self._sounding.items():
            if typed in _as_typed(sound):
                return pairs[:1]
        for sound, pairs in self._sounding.items():
            for first in _as_typed(sound):
                if len(first) < 3 or not typed.startswith(first):
                    continue
                rest, tail = typed[len(first) :], sound.split()[-1]
                for other, more in self._sounding.items():
                    start, _, end = other.partition(" ")
                    if start == tail and rest in _as_typed(end):
                        both = [(one, two) for one in pairs for two in more if one[-1] == two[0]]
                        if both:
                            return list(both[0])
        return []

    def _beginning(self, term: str) -> list[str]:
        start = bisect.bisect_left(self._sorted, term)
        out = []
        for word in self._sorted[start : start + MAX_SPELLINGS]:
            if not word.startswith(term):
                break
            out.append(word)
        return out

    def _nearest(self, term: str) -> list[str]:
        """Words one letter away (two from eight letters on), the nearest first; of those the ones most products have."""
        if any(letter.isdigit() for letter in term):
            return []  # 500 ml isn't 600 ml misspelt
        allowed = 1 if len(term) < 8 else 2
        shared: Counter[str] = Counter()
        for pair in set(_pairs(term)):
            shared.update(self._spellings.get(pair, ()))
        near = []
        for word, _ in shared.most_common(200):
            if abs(len(word) - len(term)) <= allowed:
                away = distance(term, word, allowed)
                if away <= allowed:
                    near.append((away, -len(self._postings[word][0]), word))
        near.sort()
        return [word for away, _, word in near if away == near[0][0]][:3]


def _as_typed(sound: str) -> tuple[str, ...]:
    """How people type a sound: without the space, ü as v or as u."""
    plain = sound.replace(" ", "")
    return (plain, plain.replace("v", "u")) if "v" in plain else (plain,)


def distance(one: str, other: str, limit: int) -> int:
    """Letters to change, add, drop or swap with their neighbour (Damerau 1964, optimal string alignment); past the limit,
    limit + 1.

    >>> distance("teapto", "teapot", 2), distance("tea", "coffee", 2)
    (1, 3)
    """
    older: list[int] = []
    previous: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, previous, row = previous, row, [i]
        for j, against in enumerate(other, 1):
            best = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                best = min(best, older[j - 2] + 1)
            row.append(best)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


def _pairs(word: str) -> list[str]:
    padded = f" {word} "
    return [padded[at : at + 2] for at in range(len(padded) - 1)]


def _words_of(item: Item) -> tuple[object, ...]:
    return item.texts, item.category, item.brand, item.attributes


def _weighed(item: Item) -> dict[str, float]:
    """Each term with its weight: mentions by field, long fields held back."""
    fields: dict[str, list[str]] = {
        "title": [text.get("title", "") for text in item.texts.values()],
        "category": list(item.category),
        "brand": [item.brand or ""],
        "attributes": [str(value) for value in item.attributes.values() if isinstance(value, (str, int, float, list))],
        "description": [text.get("description", "") for text in item.texts.values()],
    }
    usual = {"title": 8, "category": 4, "brand": 2, "attributes": 8, "description": 60}  # terms of a usual field
    weights: dict[str, float] = {}
    for field, texts in fields.items():
        found = [term for text in texts if text for term in terms(text)]
        held = WEIGHTS[field] / (1 - LENGTH + LENGTH * max(1.0, len(found) / usual[field]))
        for term, count in Counter(found).items():
            weights[term] = weights.get(term, 0.0) + held * count
    return weights


_made: WeakKeyDictionary[Catalogue, SearchIndex] = WeakKeyDictionary()
_words: dict[int, tuple[Item, dict[str, float]]] = {}


def index_of(catalogue: Catalogue) -> SearchIndex:
    """The catalogue's index, made at first use. Of products that didn't change the words are known from the one before."""
    found = _made.get(catalogue)
    if found is None:
        found = _made[catalogue] = SearchIndex(catalogue, _words)
        for gone in _words.keys() - {item.product_id for item in found.items}:
            _words.pop(gone, None)
    return found
