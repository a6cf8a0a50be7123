"""A product's sheet: all that may be said of it, as details with labels and values in both languages, and what speaks against itself.

Made from the record alone: attributes, options, title, brand, the clean sentences of its description, and what reviews count up to.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from regulars.content import supplier
from regulars.content.lexicon import THEMES, Glossary, Role, role_of, words_of
from regulars.content.rules import matches
from regulars.language.grounding.quantities import quantities
from regulars.language.grounding.texts import CJK, sentences
from regulars.schema.conversations import Fact, Frame, Passage

LOCALES = ("en", "zh")
MIN_REVIEWS = 3
"""Fewer reviews than this say too little to be told as a mean."""
MAX_VALUE = 160
_YES = frozenset(("true", "yes", "y", "是", "有", "可以", "支持"))
_NO = frozenset(("false", "no", "n", "否", "无", "没有", "不支持", "不可以"))
_UNIT_IN_LABEL = re.compile(
    r"^(.*?)[\s_]*[(（\[]\s*(mm|cm|m|km|g|kg|mg|ml|l|w|v|mah|h|in|inch|oz|lb|°c|毫米|厘米|米|克|千克|毫升|升|瓦)\s*[)）\]]$",
    re.I,
)
_PLURALS = frozenset(("scissors", "jeans", "trousers", "shorts", "glasses", "lights", "gloves", "leggings", "tights", "pyjamas", "headphones", "earphones", "binoculars", "tongs"))  # fmt: skip
_TOOLS = re.compile(
    r"\b(?:run|runs|cutter|cleaner|polish|stain|conditioner|care|glue|paint|varnish|filler|opener|saw|drill|brush|spray|remover|balm|screw|clippers|shears|cloth)\b",
    re.I,
)
"""After a material's name these are for it, not of it: a marble run, a glass cutter."""
_CITRUS = re.compile(r"\borange\s+(?:blossom|peel|juice|scent|zest|flower)", re.I)


@dataclass(frozen=True, slots=True)
class Price:
    """Minor units."""

    amount: int
    before: int | None
    currency: str
    exponent: int


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody wrote of a product. stars: 1 to 5, None where they gave none."""

    stars: float | None
    text: str
    locale: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """A product as the shop has it. options: name → its variants' values in order. rating: (mean, how many). reviews: the newest
    first."""

    product_id: int
    name: str
    titles: Mapping[str, str]
    descriptions: Mapping[str, str] = field(default_factory=dict)
    brand: str | None = None
    category: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    prices: tuple[Price, ...] = ()
    rating: tuple[float, int] | None = None
    pictures: tuple[Mapping[str, str], ...] = ()
    reviews: tuple[Said, ...] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that may be said. values: as the record has them. said: by language, for who can say all of them. yes: of a
    feature that the product has or hasn't. source: "attribute", "option" or "description"."""

    name: str
    role: Role | None
    label: Mapping[str, str]
    values: tuple[str, ...]
    said: Mapping[str, tuple[str, ...]]
    source: str
    yes: bool | None = None

    @property
    def theme(self) -> str:
        return self.role.theme if self.role else "other"

    def shown(self, locale: str) -> str:
        """Its values, or "yes" or "no", for a reader of `locale` who can be told them."""
        if self.yes is not None:
            return "yes" if self.yes else "no"
        return ", ".join(self.said[locale])

    def tellable(self, locale: str) -> bool:
        return locale in self.label and (self.yes is not None or locale in self.said)


@dataclass(frozen=True, slots=True)
class Conflict:
    """The record says two things of one matter: neither is written. told: (where, what) of each."""

    matter: str
    told: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What may be said of a product. titles: without what is contradicted. statements: clean sentences of the description, by
    language. untold: labels that have no words in a language. left: parts of the supplier's text that aren't used."""

    record: Record
    titles: Mapping[str, str]
    nouns: Mapping[str, str]
    details: tuple[Detail, ...]
    statements: Mapping[str, tuple[str, ...]]
    conflicts: tuple[Conflict, ...]
    untold: Mapping[str, tuple[str, ...]]
    left: tuple[supplier.Left, ...]

    def title(self, locale: str) -> str:
        return self.titles.get(locale) or next(iter(self.titles.values()), self.record.name)

    def told(self, locale: str) -> list[Detail]:
        """The details that can be said to a reader of `locale`, in the order in which they are told."""
        return [one for theme in THEMES for one in self.details if one.theme == theme and one.tellable(locale)]

    def frame(self, locale: str) -> Frame:
        """What the gate compares a text with."""
        return Frame("describe", locale, tuple(_facts(self, locale)), tuple(_passages(self, locale)))


def sheet_of(record: Record, glossary: Glossary | None = None, brands: Collection[str] = ()) -> Sheet:
    """Reads a record. brands: all of the shop; another's name in the description is not used. Raises nothing."""
    glossary = glossary or Glossary()
    own = (record.brand or "").casefold()
    title_words = " ".join(record.titles.values()).casefold()
    foreign = [brand for brand in brands if brand.casefold() != own and brand.casefold() not in title_words]
    left: list[supplier.Left] = []
    statements: dict[str, tuple[str, ...]] = {}
    pairs: list[tuple[str, Any, str]] = [(label, value, "attribute") for label, value in record.attributes.items()]
    pairs += [(label, list(values), "option") for label, values in record.options.items()]
    for given, text in record.descriptions.items():
        locale = _locale_of(given, text)
        read = supplier.read(text, locale, foreign)
        statements[locale] = (*statements.get(locale, ()), *read.sentences)
        left += read.left
        pairs += [(label, value, "description") for label, value in read.pairs]
    details, conflicts = _details(pairs, glossary, left)
    details, conflicts, denied = _against_texts(record, details, conflicts, statements)
    titles: dict[str, str] = {}
    for given, text in record.titles.items():
        if text.strip():
            titles.setdefault(_locale_of(given, text), _cleaned(text, denied))
    statements = {
        locale: tuple(one for one in said if not any(_mentions(one, word) for word in denied))
        for locale, said in statements.items()
    }
    statements = {locale: tuple(_without_claims(said, locale, details, left)) for locale, said in statements.items()}
    untold = {
        locale: tuple(one.name for one in details if not one.tellable(locale) and one.source != "description")
        for locale in LOCALES
    }
    return Sheet(
        record, titles, _nouns(record, glossary), tuple(details), statements, tuple(conflicts), untold, tuple(left)
    )


def _without_claims(
    said: Sequence[str], locale: str, details: Sequence[Detail], left: list[supplier.Left]
) -> Iterator[str]:
    """A supplier's sentences that claim nothing which a rule pack forbids."""
    stated = "\n".join(value for one in details for value in (*one.values, *one.label.values())).casefold()
    for one in said:
        wrong = [match for rule, match in matches(one, locale) if not (rule.stated and match[0].casefold() in stated)]
        if wrong:
            left.append(supplier.Left("claim", supplier.short(one)))
        else:
            yield one


def _locale_of(given: str, text: str) -> str:
    """A text's language by its script first: a sheet in Chinese may stand under the shop's first language."""
    if len(CJK.findall(text)) * 3 > len(text):
        return "zh"
    return given.split("-")[0] if given.split("-")[0] in LOCALES else "en"


def _details(
    pairs: Sequence[tuple[str, Any, str]], glossary: Glossary, left: list[supplier.Left]
) -> tuple[list[Detail], list[Conflict]]:
    found: dict[str, Detail] = {}
    against: dict[str, list[tuple[str, str]]] = {}
    for label, value, source in pairs:
        made = _detail(label, value, source, glossary, left)
        if made is None:
            continue
        key = made.role.key if made.role else made.name.casefold()
        before = found.get(key)
        if before is None:
            found[key] = made
        elif _same(before, made):
            continue
        elif source == "option" or (made.role is None and source == before.source) or (made.role and not made.role.one):
            if source == "description":
                continue
            found[f"{key}/{made.name.casefold()}"] = made
        elif before.source == "option":
            found[f"{key}/{made.name.casefold()}"] = made
        else:
            told = against.setdefault(key, [(before.name, ", ".join(before.values) or str(before.yes))])
            told.append((made.name, ", ".join(made.values) or str(made.yes)))
    conflicts = [Conflict(key, tuple(told)) for key, told in against.items()]
    return [one for key, one in found.items() if key not in against], conflicts


def _detail(label: str, value: Any, source: str, glossary: Glossary, left: list[supplier.Left]) -> Detail | None:
    label = re.sub(r"^(?:是否|能否)", "", " ".join(label.replace("_", " ").split()))
    unit = ""
    if match := _UNIT_IN_LABEL.match(label):
        label, unit = match[1].strip() or label, match[2]
    values = tuple(_texts(value, unit))
    if not label or not values or len(label) > 60:
        return None
    for one in (label, *values):
        why = supplier.unusable(one, "zh" if CJK.search(one) else "en", ())
        if (why and why != "language") or len(one) > MAX_VALUE:
            left.append(supplier.Left(why or "long", supplier.short(f"{label}: {one}")))
            return None
    role = role_of(label)
    labels = _labels(label, role, glossary)
    yes = None
    if isinstance(value, bool) or (len(values) == 1 and values[0].casefold() in _YES | _NO):
        yes = value if isinstance(value, bool) else values[0].casefold() in _YES
        return Detail(label, None, _labels(label, None, glossary), (), {}, source, yes)
    said = {}
    for locale in LOCALES:
        words = [glossary.say(one, locale, role.key if role else label) for one in values]
        if locale == "zh" and CJK.search(label) and (role is None or role.key != "colour"):
            # Who wrote the label in Chinese means the value to be read there: "Tritan", "99% sRGB".
            words = [word if word and CJK.search(one) else one for one, word in zip(values, words, strict=True)]
        if all(words):
            said[locale] = tuple(_worded(word or "", role, locale) for word in words)
    return Detail(label, role, labels, values, said, source)


def _texts(value: Any, unit: str) -> list[str]:
    if isinstance(value, (list, tuple)):
        return list(dict.fromkeys(text for one in value for text in _texts(one, unit)))
    if value is None or (
        isinstance(value, str) and value.strip().casefold() in ("", "-", "n/a", "null", "nan", "/", "不详")
    ):
        return []
    if isinstance(value, float):
        value = f"{value:.10g}"
    text = " ".join(str(value).split())
    return [f"{text} {unit}" if unit and re.fullmatch(r"[\d.,×xX* –-]+", text) else text]


def _labels(label: str, role: Role | None, glossary: Glossary) -> dict[str, str]:
    found = {}
    for locale in LOCALES:
        own = bool(CJK.search(label)) == (locale == "zh")
        said = label if own else (role.label.get(locale) if role else glossary.say(label, locale))
        if said:
            found[locale] = lowered(said) if locale == "en" else said
    return found


def lowered(label: str) -> str:
    """A label as it stands in a sentence: capitals that stand for something stay ("LED light", "W x D x H")."""
    words = label.split()
    kept = [
        word if word.isupper() and (len(word) > 1 or (len(words) > 1 and word not in ("A", "I"))) else word.lower()
        for word in words
    ]
    return " ".join(kept)


def _worded(word: str, role: Role | None, locale: str) -> str:
    """A value as it stands inside a sentence: Chinese colours end in 色."""
    if (
        locale == "zh"
        and role is not None
        and role.key == "colour"
        and re.fullmatch(r"[黑白红蓝绿黄灰粉紫橙棕银金青]", word)
    ):
        return f"{word}色"
    return word


def _same(one: Detail, other: Detail) -> bool:
    if one.yes is not None or other.yes is not None:
        return one.yes == other.yes
    ours, theirs = ({_plain(value) for value in detail.values} for detail in (one, other))
    said = any(
        {_plain(v) for v in one.said.get(place, ())} & {_plain(v) for v in other.said.get(place, ())}
        for place in LOCALES
    )
    return bool(ours & theirs) or said or ours <= theirs or theirs <= ours


def _plain(text: str) -> str:
    return re.sub(r"[\s,，、-]+", "", text.casefold())


def _against_texts(
    record: Record, details: list[Detail], conflicts: list[Conflict], statements: Mapping[str, Sequence[str]]
) -> tuple[list[Detail], list[Conflict], set[str]]:
    """Colours and materials that the title has otherwise, measures that the description has otherwise. Returns also the title's
    words that are contradicted."""
    denied: set[str] = set()
    kept = []
    for one in details:
        told: list[tuple[str, str]] = []
        if one.role is not None and one.source != "option" and one.role.key in ("colour", "material"):
            elsewhere = " ".join(
                value
                for detail in details
                if detail is not one
                for words in (detail.values, *detail.said.values())
                for value in words
            )
            for title in record.titles.values():
                other = _other_word(title, one)
                if other and not _mentions(elsewhere, other):
                    told.append(("title", other))
                    denied.add(other)
        if one.role is not None and one.role.key == "origin":
            elsewhere_made = _other_origin(one, statements)
            told += [("description", said) for said in elsewhere_made]
            denied.update(elsewhere_made)
        if one.role is not None and one.role.measured:
            told += [("description", other) for other in _other_measures(one, statements)]
            denied.update(other for place, other in told if place == "description")
        if told:
            conflicts.append(
                Conflict(one.role.key if one.role else one.name, ((one.name, ", ".join(one.values)), *told))
            )
        else:
            kept.append(one)
    return kept, conflicts, denied


def _other_word(title: str, detail: Detail) -> str | None:
    """The colour or material in a title, if it is one that the detail has not."""
    kind = "colours" if detail.role is not None and detail.role.key == "colour" else "materials"
    if kind == "colours" and _CITRUS.search(title):
        return None
    words = (*detail.values, *(word for said in detail.said.values() for word in said))
    held = " ".join(words).casefold()
    if any(_mentions(title, word) for word in words):
        return None
    if not any(_mentions(held, word) for pair in words_of(kind) for word in pair):
        return None
    found: set[str] = set()
    taken = title.casefold()
    for english, chinese in sorted(words_of(kind), key=lambda pair: -len(pair[0])):
        for word in (english, chinese):
            if len(word) > 1 and word.isascii() == title.isascii() and _mentions(taken, word):
                found.add(word)
                taken = taken.replace(word.casefold(), " ")
    if kind == "materials" and any(
        _TOOLS.match(title[match.end() :].strip())
        for word in found
        for match in re.finditer(re.escape(word), title, re.I)
    ):
        return None
    if len(found) != 1 or any(_related(word, held) for word in found):
        return None
    return next(iter(found))


def _related(word: str, held: str) -> bool:
    """Whether a word or its translation stands in what is held: "cast iron" holds "iron"."""
    same = {other for kind in ("colours", "materials") for pair in words_of(kind) if word in pair for other in pair}
    stems = {part for one in same | {word} for part in re.split(r"[\s-]", one.casefold())}
    held = re.sub(r"[\d.]+\s*%", " ", held)
    return any(part in held for part in stems if part) or any(
        part and part in word.casefold() for part in re.split(r"[\s,，、-]+", held)
    )


def _other_measures(detail: Detail, statements: Mapping[str, Sequence[str]]) -> list[str]:
    """Sentences of the description that give the same matter another value of the same unit."""
    assert detail.role is not None
    cues = {"weight": r"\bweigh|重", "capacity": r"\bholds?\b|capacity|容量|可装", "height": r"\b(?:tall|high)\b|高", "length": r"\blong\b|长",
            "width": r"\bwide\b|宽", "thickness": r"\bthick\b|厚", "diameter": r"\bacross\b|diameter|直径"}.get(detail.role.key)  # fmt: skip
    own = [one for value in detail.values for one in quantities(value) if one.kind == "measure"]
    if cues is None or not own:
        return []
    found = []
    for said in (one for texts in statements.values() for one in texts):
        for match in re.finditer(cues, said, re.I):
            near = [
                one
                for one in quantities(said)
                if one.kind == "measure" and (0 <= one.start - match.end() <= 12 or 0 <= match.start() - one.end <= 3)
            ]
            if any(one.unit == mine.unit and one.value != mine.value for one in near for mine in own) and not any(
                one.unit == mine.unit and one.value == mine.value for one in near for mine in own
            ):
                found.append(said)
    return list(dict.fromkeys(found))


_MADE = re.compile(
    r"\b(?i:made|produced|manufactured|woven|sewn|crafted|built) in (?:the )?([A-Z][A-Za-z ]{2,20}?)(?=[.,;!]|$| (?:and|by|from|of|with)\b)|(?:产自|产于|原产|制造于)([\u4e00-\u9fff]{2,6})"
)


def _other_origin(detail: Detail, statements: Mapping[str, Sequence[str]]) -> list[str]:
    """Sentences of the description that name another country than the record. A place inside it ("made in Porto") isn't known to
    be one, and isn't counted."""
    words = (*detail.values, *(word for said in detail.said.values() for word in said))
    held = " ".join(words).casefold()
    countries = {word.casefold() for pair in words_of("origins") for word in pair}
    found = []
    for said in (one for texts in statements.values() for one in texts):
        for match in _MADE.finditer(said):
            named = (match[1] or match[2]).strip().casefold()
            if named in countries and not _mentions(held, named) and not _related_country(named, held):
                found.append(said)
    return list(dict.fromkeys(found))


def _related_country(named: str, held: str) -> bool:
    """Whether the record names the same country in the other language."""
    return any(
        named in (one.casefold() for one in pair) and any(_mentions(held, one) for one in pair)
        for pair in words_of("origins")
    )


def _mentions(text: str, word: str) -> bool:
    if word.isascii():
        return bool(re.search(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])", text, re.I))
    return word in text


def _cleaned(title: str, denied: Collection[str]) -> str:
    """A title as a sentence can hold it: not shouted, and without words that the record contradicts."""
    title = " ".join(title.split())
    for word in denied:
        if len(word) < len(title):
            title = " ".join(re.sub(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])" if word.isascii() else re.escape(word), " ", title, flags=re.I).split())  # fmt: skip
    letters = re.sub(r"[^A-Za-z]", "", title)
    if len(letters) > 3 and letters.isupper():
        title = re.sub(
            r"[A-Za-z][A-Za-z']*", lambda match: match[0] if len(match[0]) < 2 else match[0].capitalize(), title
        )
        title = re.sub(r"(?<=\w )(?:And|Of|The|With|For|In|On|To|A)(?= )", lambda match: match[0].lower(), title)
    title = re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", title) if denied else title
    return title.strip(" ,;:") or title


def _nouns(record: Record, glossary: Glossary) -> dict[str, str]:
    """What kind of thing it is, where the category's last part says it: "Teapot" → "teapot"."""
    found: dict[str, str] = {}
    leaf = record.category[-1].strip() if record.category else ""
    if not leaf or len(leaf) > 40 or re.search(r"[&/,|、]|\band\b|和|与", leaf):
        return found
    for locale in LOCALES:
        said = glossary.say(leaf, locale)
        if said:
            found[locale] = said.lower() if locale == "en" and not said.isupper() else said
    return found


def is_plural(noun: str) -> bool:
    """Whether an English noun takes "are": "running shoes", "scissors"; not "glass" or "tea"."""
    last = noun.lower().split()[-1] if noun.split() else ""
    return last in _PLURALS or (last.endswith("s") and not last.endswith(("ss", "us", "is")) and len(last) > 3)


def money(price: Price, amount: int) -> str:
    """As a reader sees it: £12.50, ¥99."""
    sign = {"EUR": "€", "GBP": "£", "USD": "$", "CNY": "¥", "JPY": "¥"}.get(price.currency)
    major = f"{amount / 10**price.exponent:,.{price.exponent}f}"
    if major.endswith(".00"):
        major = major[:-3]
    return f"{sign}{major}" if sign else f"{major} {price.currency}"


def _facts(sheet: Sheet, locale: str) -> list[Fact]:
    record = sheet.record
    facts = [Fact("title", title, "name", title) for title in sheet.titles.values()]
    if record.brand:
        facts.append(Fact("brand", record.brand, "name", record.brand))
    facts += [Fact("category", part, "text", part) for part in record.category]
    if locale in sheet.nouns:
        facts.append(Fact("kind", sheet.nouns[locale], "text", sheet.nouns[locale]))
    for one in sheet.details:
        label = one.label.get(locale, one.name)
        if one.yes is not None:
            facts.append(Fact(label.replace(" ", "_"), "yes" if one.yes else "no", "text", "yes" if one.yes else "no"))
            continue
        for place, value in enumerate(one.values):
            shown = one.said[locale][place] if locale in one.said else value
            facts.append(Fact(label.replace(" ", "_"), value, "option", shown))
    for price in record.prices[:1]:
        facts.append(Fact("price", str(price.amount), "money", money(price, price.amount)))
        if price.before:
            facts.append(Fact("price_before", str(price.before), "money", money(price, price.before)))
            facts.append(Fact("reduction", _reduction(price), "text", _reduction(price)))
    if record.rating and record.rating[1] >= MIN_REVIEWS:
        facts.append(Fact("rating", f"{record.rating[0]:.1f}", "number", f"{record.rating[0]:.1f}"))
        facts.append(Fact("reviews", record.rating[1], "number", str(record.rating[1])))
        facts.append(Fact("rating_scale", "5", "number", "5"))
        for name, count in (("happy_reviews", happy(record)), ("unhappy_reviews", unhappy(record))):
            facts.append(Fact(name, count, "number", str(count)))
        facts += [Fact("happy_from", "4", "number", "4"), Fact("unhappy_to", "2", "number", "2")]
    return facts


def happy(record: Record) -> int:
    """How many gave four stars or five."""
    return sum(1 for one in record.reviews if one.stars is not None and one.stars >= 4)


def unhappy(record: Record) -> int:
    """How many gave one star or two."""
    return sum(1 for one in record.reviews if one.stars is not None and one.stars <= 2)


def quotable(record: Record, locale: str) -> Iterator[tuple[Said, str]]:
    """Sentences of reviews in a language that may be cited word for word: short, of the matter, without addresses or insults."""
    for one in record.reviews:
        for begin, end in sentences(one.text):
            said = one.text[begin:end].strip()
            script = "zh" if CJK.search(said) else "en"
            if script == locale and 8 <= len(said) <= 90 and supplier.unusable(said, locale, ()) is None:
                yield one, said


def _reduction(price: Price) -> str:
    return f"{round(100 * (1 - price.amount / (price.before or price.amount)))}%"


def _passages(sheet: Sheet, locale: str) -> list[Passage]:
    """One passage: the gate takes the number of passages for a count of things, and there is one product."""
    other = "en" if locale == "zh" else "zh"
    parts = [
        *(_line(one, locale) for one in sheet.told(locale)),
        *sheet.statements.get(locale, ()),
        *sheet.statements.get(other, ()),
    ]
    return (
        [Passage(f"product:{sheet.record.name}", sheet.title(locale), "\n".join(parts), locale, 1.0)] if parts else []
    )


def _line(detail: Detail, locale: str) -> str:
    """A detail as the gate reads it: its label, its role's words and its values. What the product hasn't is denied."""
    label = detail.label[locale]
    if detail.yes is not None:
        if locale == "zh":
            return f"{label}。" if detail.yes else f"不{label}。"
        return f"{label}." if detail.yes else f"not {label}."
    role = detail.role.label.get(locale, "") if detail.role else ""
    called = label if role.casefold() == label.casefold() else f"{label} {role}".strip()
    values = "、".join(detail.said[locale]) if locale == "zh" else ", ".join(detail.said[locale])
    return f"{called}：{values}。" if locale == "zh" else f"{called}: {values}."
