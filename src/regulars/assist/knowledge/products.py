"""Questions about one product, answered from what is written of it: attributes, options, price, stock, description, reviews.

The shop's own words come first; reviews are only asked where those are silent. A "no" stays a "no", and what nobody wrote is "unstated".
Knows no help centre. Reviews and titles are only text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from regulars.assist.knowledge.contradictions import negated
from regulars.assist.knowledge.passages import language_of, plain, sentences
from regulars.assist.knowledge.words import glossary, stem, terms
from regulars.schema.conversations import Passage

Stated = Literal["yes", "no", "mixed", "stated", "unstated"]

COVERED = 0.5  # share of what was asked that a sentence has to speak of
LINKED = 0.5  # share of a product's title that has to be named
MAX_REVIEWS = 50  # read a product
MAX_SENTENCES = 3
_YES_OR_NO = re.compile(
    r"^\W*(?:is|are|does|do|can|could|will|would|has|have|was|may|should)\b|吗|是否|能不能|可不可以|可否|是不是|有没有|会不会|能否|可以.*么",
    re.IGNORECASE,
)
_NO = frozenset(("no", "none", "not", "false", "never", "without", "否", "无", "不", "不是", "没有", "不可以", "不能"))
_YES = frozenset(("yes", "true", "是", "有", "可以", "能"))
_LABELS = {
    "en": {"price": "Price", "stock": "In stock", "brand": "Brand", "category": "Category", True: "yes", False: "no"},
    "zh": {"price": "价格", "stock": "有货", "brand": "品牌", "category": "类别", True: "是", False: "否"},
}  # fmt: skip
_IT = frozenset(
    ("it", "one", "thing", "product", "item", "model", "really", "actually", "also", "made", "kind", "type")
)


@dataclass(frozen=True, slots=True)
class VariantText:
    """price: in major units with its currency, as it is shown; stock: None if it isn't counted."""

    options: Mapping[str, str] = field(default_factory=dict)
    price: Decimal | None = None
    currency: str | None = None
    stock: int | None = None


@dataclass(frozen=True, slots=True)
class ReviewText:
    id: str
    text: str
    locale: str | None = None
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProductText:
    """All that is written of a product. titles, descriptions: by locale."""

    id: str
    titles: Mapping[str, str]
    descriptions: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    brand: str | None = None
    category: tuple[str, ...] = ()
    variants: tuple[VariantText, ...] = ()
    reviews: tuple[ReviewText, ...] = ()
    updated_at: datetime | None = None

    def title(self, locale: str) -> str:
        return (
            self.titles.get(locale)
            or self.titles.get(locale.split("-")[0])
            or next(iter(self.titles.values()), self.id)
        )


@dataclass(frozen=True, slots=True)
class ProductAnswer:
    """stated: "yes" or "no" to a question that asks so, "mixed" if the sources disagree, "stated" to any other; else "unstated"."""

    passages: tuple[Passage, ...]
    sentences: tuple[str, ...]
    stated: Stated


@dataclass(frozen=True, slots=True)
class _Evidence:
    text: str
    source: str
    locale: str
    when: datetime | None
    own: bool  # the shop's own words
    value: bool | None = None  # of an attribute that is yes or no


def linked(text: str, products: Iterable[ProductText]) -> ProductText | None:
    """The product whose title a text names; None if there is none, or if two fit equally well."""
    asked = set(terms(text))
    best: list[ProductText] = []
    most = 0.0
    for product in products:
        share = max((_share(asked, title) for title in product.titles.values()), default=0.0)
        if share >= LINKED and share >= most:
            best = [product] if share > most else [*best, product]
            most = share
    return best[0] if len(best) == 1 else None


def _share(asked: set[str], title: str) -> float:
    named = set(terms(title))
    # The first word is the product's own name, as a rule: "tent" alone names no tent.
    return len(named & asked) / len(named) if named and terms(title)[0] in asked else 0.0


def answer_about(product: ProductText, question: str, locale: str) -> ProductAnswer:
    """What is written of the product to this question."""
    language = locale.split("-")[0]
    named = {word for title in product.titles.values() for word in (*terms(title), *glossary().written(title))}
    named_concepts = {one for title in product.titles.values() for one in glossary().concepts(title)}
    asked = [
        (unit, concepts)
        for unit, concepts in glossary().units(question)
        if unit not in _IT and not set(unit.split()) <= named and not (concepts and concepts <= named_concepts)
    ]
    if not asked:
        return ProductAnswer((), (), "unstated")
    # Nothing is translated, and Chinese isn't quoted to a reader of English.
    evidence = [one for one in _evidence(product, language) if language == "zh" or one.locale != "zh"]
    fits = [(one, share) for one in evidence if (share := _covered(asked, one.text)) >= COVERED]
    found = [pair for pair in fits if pair[0].own] or fits
    if not found:
        return ProductAnswer((), (), "unstated")
    most = max(share for _, share in found)
    # The best ones; in the reader's language if there are any, since the others say the same again.
    best = [one for one, share in found if share == most]
    best = [one for one in best if one.locale == language] or best
    said = best[:MAX_SENTENCES]
    stated: Stated = "stated"
    if _YES_OR_NO.search(question.strip()):
        verdicts = {_verdict(asked, one) for one in best} - {None}
        stated = (
            "mixed" if len(verdicts) > 1 else "yes" if True in verdicts else "no" if False in verdicts else "stated"
        )
        if stated == "mixed":
            yes, no = (next(one for one in best if _verdict(asked, one) is verdict) for verdict in (True, False))
            said = [yes, no]
    title = product.title(language)
    passages = tuple(Passage(one.source, title, one.text, one.locale, round(most, 4), one.when) for one in said)
    return ProductAnswer(passages, tuple(one.text for one in said), stated)


def _evidence(product: ProductText, language: str) -> Iterable[_Evidence]:
    """Facts first, then the description, then reviews."""
    source = f"product:{product.id}"
    label = _LABELS["zh" if language == "zh" else "en"]
    colon = "：" if language == "zh" else ": "

    def fact(name: str, value: str, truth: bool | None = None) -> _Evidence:
        return _Evidence(f"{name}{colon}{value}", source, language, product.updated_at, True, truth)

    for name, value in product.attributes.items():
        said = _shown(value, label)
        if said:
            word = said.casefold()
            truth = value if isinstance(value, bool) else False if word in _NO else True if word in _YES else None
            yield fact(str(name).replace("_", " "), said, truth)
    if product.brand:
        yield fact(label["brand"], product.brand)
    if product.variants:
        options: dict[str, dict[str, bool]] = {}
        for variant in product.variants:
            there = variant.stock is None or variant.stock > 0
            for name, value in variant.options.items():
                options.setdefault(name, {})[value] = options.get(name, {}).get(value, False) or there
        for name, values in options.items():
            yield fact(name, ("、" if language == "zh" else ", ").join(values))
        prices = sorted(
            {(variant.price, variant.currency or "") for variant in product.variants if variant.price is not None}
        )
        if prices:
            shown = [f"{price} {currency}".strip() for price, currency in (prices[0], prices[-1])]
            yield fact(label["price"], " – ".join(dict.fromkeys(shown)))
        here = any(variant.stock is None or variant.stock > 0 for variant in product.variants)
        yield fact(label["stock"], label[here], here)
    for locale, text in product.descriptions.items():
        for sentence in sentences(plain(text)):
            yield _Evidence(sentence, source, language_of(text, locale or None), product.updated_at, True)
    for review in product.reviews[:MAX_REVIEWS]:
        for sentence in sentences(review.text):
            yield _Evidence(
                sentence, f"review:{review.id}", language_of(review.text, review.locale), review.written_at, False
            )


def _shown(value: Any, label: Mapping[Any, str]) -> str:
    if isinstance(value, bool):
        return label[value]
    if isinstance(value, list):
        return ", ".join(_shown(one, label) for one in value)
    return "" if value is None else str(value).strip()


def _covered(asked: Sequence[tuple[str, frozenset[int]]], text: str) -> float:
    held, named = set(terms(text)) | {stem(word) for word in glossary().written(text)}, set(glossary().concepts(text))
    hits = sum(bool(concepts & named) or set(unit.split()) <= held for unit, concepts in asked)
    return hits / len(asked)


def _verdict(asked: Sequence[tuple[str, frozenset[int]]], one: _Evidence) -> bool | None:
    """Yes or no, read from the clause that speaks of what was asked."""
    if one.value is not None:
        return one.value
    clauses = [
        clause for clause in re.split(r"[,;:，；：、]|\bbut\b|但是?|不过", one.text) if _covered(asked, clause) > 0
    ]
    if not clauses or one.text.rstrip().endswith(("?", "？")):
        return None
    return not negated(max(clauses, key=lambda clause: _covered(asked, clause)))
