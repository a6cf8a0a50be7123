"""The demo's products, put together from the tables: titles, texts, prices, variants, in both languages. The same for every world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from regulars.demo.kinds import BRANDS, CATEGORIES, COLLECTIONS, KINDS, NAMES, WORDING, Collection, Facet, Kind

SEED = 20
REDUCED = 45
NEWEST_DAYS = 14
OLDEST_DAYS = 420
AUTHORS = (
    "Mara Lindqvist",
    "Tom Okafor",
    "Yan Shu",
    "Elif Aksoy",
    "Peter Vance",
    "Noor Haddad",
    "Ruth Calloway",
    "Li Qing",
)

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """A variant. option: what it is called in English, "" where a product has one only."""

    sku: str
    option: str
    price: float
    stock: int


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A product. place: the how manieth of its kind. quality: hidden, about 0; what reviews tell of. age: days since it came."""

    number: int
    kind: Kind
    collection: Collection
    facet: Facet
    place: int
    title: dict[str, str]
    brand: str
    price: float
    reduced: bool
    choices: tuple[Choice, ...]
    quality: float
    age: int

    @property
    def id(self) -> str:
        return f"{self.kind.key}-{self.collection.key}"

    def record(self, today: datetime, *, in_stock: bool = True) -> Record:
        """The product as a shop would write it down."""
        kind, collection, (facet, _, _) = self.kind, self.collection, self.facet
        attributes = {"collection": collection.en, kind.facet: facet.lstrip("="), "colour": collection.colour[0]}
        if kind.titles:
            attributes = {"author": AUTHORS[self.number % len(AUTHORS)], kind.facet: facet}
        record: Record = {
            "id": self.id,
            "title": self.title,
            "description": {
                "en": kind.about_en if kind.titles else f"{kind.about_en} {collection.about_en}",
                "zh": kind.about_zh if kind.titles else kind.about_zh + collection.about_zh,
            },
            "brand": self.brand,
            "category": [kind.category, _sentence(kind.en)],
            "attributes": attributes,
            "pictures": [{"url": f"/demo/pictures/{self.id}.svg", "alt": self.title["en"]}],
            "created_at": (today - timedelta(days=self.age)).isoformat(),
        }
        if kind.choices is None:
            return record | self._offer(self.choices[0], in_stock)
        name = kind.choices[0]
        return record | {
            "variants": [{"options": {name: one.option}, **self._offer(one, in_stock)} for one in self.choices]
        }

    def _offer(self, choice: Choice, in_stock: bool) -> Record:
        return {
            "sku": choice.sku,
            "price": f"{choice.price:.2f}",
            "compare_at_price": f"{_price(choice.price * 1.25):.2f}" if self.reduced else None,
            "cost": self._cost(choice),
            "stock": choice.stock if in_stock else 0,
        }

    def _cost(self, choice: Choice) -> str | None:
        """What the shop pays: mostly 40 to 75 % of the price; of some it isn't known, and a few are sold at a loss."""
        if self.number % 29 == 3:
            return None
        share = 1.08 if self.number % 101 == 50 else 0.40 + 0.05 * (self.number * 7 % 8)
        return f"{choice.price * share:.2f}"


@cache
def items() -> tuple[Item, ...]:
    """All products, in an order that doesn't change."""
    generator = np.random.default_rng(SEED)
    made: list[Item] = []
    for kind in KINDS:
        looks = generator.permutation(len(COLLECTIONS))
        for place in range(len(kind.titles) or kind.count):
            made.append(_item(len(made), kind, COLLECTIONS[looks[place]], place, generator))
    return tuple(made)


@cache
def by_id() -> dict[str, Item]:
    return {item.id: item for item in items()}


@cache
def numbers_by_kind() -> dict[str, tuple[int, ...]]:
    return {kind.key: tuple(item.number for item in items() if item.kind is kind) for kind in KINDS}


def products(today: datetime, sold_out: frozenset[int] = frozenset()) -> Iterator[Record]:
    """Product records. sold_out: numbers of the items that are out of stock."""
    for item in items():
        yield item.record(today, in_stock=item.number not in sold_out)


def _item(number: int, kind: Kind, collection: Collection, place: int, generator: np.random.Generator) -> Item:
    facet = kind.facets[place % len(kind.facets)]
    if facet[0].lower() == collection.key:  # no "Rose rose soap"
        facet = kind.facets[(place + 1) % len(kind.facets)]
    price = _price(kind.price * facet[2] * float(generator.uniform(0.85, 1.25)))
    choices = []
    options = kind.choices[1] if kind.choices else (("", "", 1.0),)
    for position, (option, _, factor) in enumerate(options):
        sku = f"KT-{number + 1001}" + (f"-{position + 1}" if option else "")
        choices.append(Choice(sku, option, _price(price * factor), int(generator.integers(3, 60))))
    return Item(
        number,
        kind,
        collection,
        facet,
        place,
        _title(kind, collection, facet, place),
        BRANDS[kind.category][int(generator.integers(3))],
        price,
        bool(generator.random() < REDUCED / 600),
        tuple(choices),
        float(generator.normal()),
        int(generator.integers(NEWEST_DAYS if generator.random() < 0.85 else 0, OLDEST_DAYS)),
    )


def _title(kind: Kind, collection: Collection, facet: Facet, place: int) -> dict[str, str]:
    if kind.titles:
        en, zh = kind.titles[place]
        return {"en": en, "zh": f"《{zh}》"}
    whole = facet[0].startswith("=")
    words_en = {
        "collection": collection.en,
        "facet": "" if whole else facet[0],
        "noun": facet[0][1:] if whole else kind.en,
    }
    words_zh = {
        "collection": collection.zh,
        "facet": "" if whole else facet[1],
        "noun": facet[1][1:] if whole else kind.zh,
    }
    en, zh = WORDING.get(kind.key, ("{collection} {facet} {noun}", "{collection}{facet}{noun}"))
    return {"en": _sentence(" ".join(en.format(**words_en).split())), "zh": _spaced(zh.format(**words_zh))}


def _spaced(text: str) -> str:
    """A Chinese title whose digits keep their distance: 薄荷 500 片拼图."""
    out = ""
    for character in text:
        if out and (character.isdigit() and not out[-1].isdigit() and out[-1] != " "):
            out += " "
        out += character
    return out


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _price(about: float) -> float:
    """As shops write them: 4.95, 12.50, 68.00."""
    if about < 10:
        return round(about) - 0.05
    return round(about * 2) / 2 if about < 40 else float(round(about))


@cache
def _in_chinese() -> dict[str, str]:
    words = dict(CATEGORIES) | NAMES | {"author": "作者"}
    for kind in KINDS:
        words[_sentence(kind.en)] = kind.zh
        words |= {en.lstrip("="): zh.lstrip("=") for en, zh, _ in kind.facets}
        if kind.choices:
            words |= {en: zh for en, zh, _ in kind.choices[1]}
    for collection in COLLECTIONS:
        words[collection.en] = collection.zh
        words[collection.colour[0]] = collection.colour[1]
    return words


def label(text: str, locale: str) -> str:
    """A category, attribute or value of this shop in a language; what isn't one as it is."""
    return _in_chinese().get(text, text) if locale == "zh" else text


@cache
def glossary() -> dict[str, str]:
    """The shop's own words in both languages, as content wants them: "colour: oat" is another word than "collection: Oat"."""
    words = NAMES | CATEGORIES | {"author": "作者"}
    for kind in KINDS:
        words[_sentence(kind.en)] = kind.zh
        words |= {f"{kind.facet}: {en.lstrip('=')}": zh.lstrip("=") for en, zh, _ in kind.facets}
        if kind.choices:
            words |= {f"{kind.choices[0]}: {en}": zh for en, zh, _ in kind.choices[1] if en != zh}
    for collection in COLLECTIONS:
        words[f"collection: {collection.en}"] = collection.zh
        words[f"colour: {collection.colour[0]}"] = collection.colour[1]
    return words
