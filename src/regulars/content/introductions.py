"""Introductions to categories: what the products in one have in common, as a sheet, and how it is said in both languages.

Told is what stays true while products come and go: brands, kinds, materials, colours. Not how many there are, and not what they cost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from regulars.content.dice import Dice
from regulars.content.lexicon import Glossary
from regulars.content.sheet import LOCALES, Detail, Record, Sheet, is_plural, lowered
from regulars.language.grounding.texts import CJK
from regulars.schema.content import Brief, Fields, Sentence, Voice

KIND = "category"
MOST = 6
"""Values that are named of one thing; of more it says so."""
SHARE = 0.3
"""Of the products a detail has to be known of, to be told of the category."""
SENTENCES: Mapping[str, int] = {"short": 2, "medium": 4, "long": 6}
BRANDS, KINDS_INSIDE = "brands", "kinds"
_LABELS = {BRANDS: {"en": "brands", "zh": "品牌"}, KINDS_INSIDE: {"en": "kinds", "zh": "种类"}}


def category_title(path: Sequence[str], locale: str, voice: Voice) -> str | None:
    """A category's name for a reader of `locale`; None where nobody knows it."""
    return Glossary(voice.glossary).say(path[-1], locale)


def category_sheet(category_id: int, path: Sequence[str], sheets: Sequence[Sheet], glossary: Glossary) -> Sheet:
    """What may be said of a category. sheets: of products in it."""
    titles = {}
    for locale in LOCALES:
        name = glossary.say(path[-1], locale)
        if name:
            titles[locale] = name
    brands = Counter(one.record.brand for one in sheets if one.record.brand)
    details = [_named(BRANDS, [name for name, _ in brands.most_common()])] if brands else []
    inside = Counter(one.record.category[len(path)] for one in sheets if len(one.record.category) > len(path))
    if len(inside) > 1:
        kinds = [name for name, _ in inside.most_common()]
        told = {locale: [glossary.say(name, locale) for name in kinds] for locale in LOCALES}
        said = {
            locale: tuple(_small(one or "", locale) for one in told[locale]) for locale in LOCALES if all(told[locale])
        }
        details.append(Detail(KINDS_INSIDE, None, _LABELS[KINDS_INSIDE], tuple(kinds), said, "attribute"))
    details += _shared(sheets)
    untold = {locale: tuple(one.name for one in details if not one.tellable(locale)) for locale in LOCALES}
    record = Record(category_id, " > ".join(path), titles, category=tuple(path))
    return Sheet(record, titles, {}, tuple(details), {}, (), untold, ())


def _named(name: str, values: Sequence[str]) -> Detail:
    """Names read the same in every language."""
    return Detail(name, None, _LABELS[name], tuple(values), dict.fromkeys(LOCALES, tuple(values)), "attribute")


def _shared(sheets: Sequence[Sheet]) -> list[Detail]:
    """Materials, colours and the like that enough products have, each with its values, the most frequent first."""
    of: dict[str, list[Detail]] = {}
    for sheet in sheets:
        for one in sheet.details:
            if (
                one.role is not None
                and one.role.theme in ("look", "make")
                and one.yes is None
                and not one.role.measured
            ):
                of.setdefault(one.role.key, []).append(one)
    made = []
    for several in of.values():
        first = several[0]
        if (
            first.role is None
            or len(several) < max(2, SHARE * len(sheets))
            or first.role.key in ("care", "size", "model")
        ):
            continue
        counted: Counter[str] = Counter()
        words: dict[str, dict[str, str]] = {}
        for one in several:
            for place, value in enumerate(one.values):
                counted[value] += 1
                words.setdefault(value, {}).update(
                    {locale: said[place] for locale, said in one.said.items() if place < len(said)}
                )
        values = [value for value, _ in counted.most_common() if len(value) <= 30]
        said = {
            locale: tuple(dict.fromkeys(words[value][locale] for value in values))
            for locale in LOCALES
            if values and all(locale in words[value] for value in values)
        }
        label = {
            **first.role.label,
            **{locale: first.label[locale] for locale in first.label if locale not in first.role.label},
        }
        if len(values) > 1 and not is_plural(label.get("en", "s")):
            label["en"] = _plural(label["en"])
        made.append(Detail(first.role.key, first.role, label, tuple(values), said, "attribute"))
    return made


def introduction(sheet: Sheet, brief: Brief, dice: Dice) -> Fields:
    """The text: a sentence a fact, the first with the category's name."""
    told = sheet.told(brief.locale)
    by_name = {one.name: one for one in told}
    many = SENTENCES[brief.voice.length]
    first = by_name.get(BRANDS) or by_name.get(KINDS_INSIDE)
    order = [one for name in (KINDS_INSIDE,) if (one := by_name.get(name)) is not None and one is not first]
    order += dice.shuffled([one for one in told if one.name not in (BRANDS, KINDS_INSIDE)])
    say = _chinese if brief.locale == "zh" else _english
    title = sheet.title(brief.locale)
    body = [say(title, first, dice)]
    body += [say("", one, dice) for one in order[: many - 1]]
    return {"body": tuple(body)}


def _english(title: str, detail: Detail | None, dice: Dice) -> Sentence:
    start = title[:1].upper() + title[1:]
    if detail is None:
        return Sentence(f"{start}.", ("title",))
    named = _listed(detail.said["en"], "and")
    about = (detail.name,)
    if title:
        forms: tuple[str, ...] = (f"{start} by {named}.", f"{start} from {named}.", f"{start}, by {named}.")
        if detail.name == KINDS_INSIDE:
            forms = (f"{start}: {named}.", f"{start}, from {detail.said['en'][0]} to {detail.said['en'][-1]}.")
        return Sentence(dice.one(forms), ("title", *about))
    if detail.name == KINDS_INSIDE:
        return Sentence(dice.one((f"Kinds: {named}.", f"Choose among {named}.")), about)
    label = detail.label["en"]
    labelled = f"{label[:1].upper()}{label[1:]}: {named}."
    if detail.name == "material":
        either = _listed(detail.said["en"], "or")
        return Sentence(dice.one((f"Made of {either}.", labelled)), about)
    if detail.name == "colour":
        return Sentence(dice.one((f"In {named}.", labelled)), about)
    return Sentence(labelled, about)


def _plural(label: str) -> str:
    """ "collections", "finishes", "varieties"."""
    if label.endswith("y") and label[-2:-1] not in "aeiou":
        return f"{label[:-1]}ies"
    return f"{label}es" if label.endswith(("s", "sh", "ch", "x")) else f"{label}s"


def _chinese(title: str, detail: Detail | None, dice: Dice) -> Sentence:
    if detail is None:
        return Sentence(f"{title}。", ("title",))
    values = detail.said["zh"]
    named = "、".join(values[:MOST]) + ("等" if len(values) > MOST else "")
    about = (detail.name,)
    if title:
        forms: tuple[str, ...] = (
            (f"{title}，来自{named}。", f"{title}，品牌有{named}。", f"这里有{named}的{title}。")
            if detail.name == BRANDS
            else (f"{title}：{named}。", f"{title}，有{named}。")
        )
        return Sentence(dice.one(forms), ("title", *about))
    if detail.name == KINDS_INSIDE:
        return Sentence(dice.one((f"其中有{named}。", f"有{named}可选。")), about)
    label = detail.label["zh"]
    return Sentence(dice.one((f"{label}有{named}。", f"{label}：{named}。")), about)


def _listed(values: Sequence[str], last: str) -> str:
    """ "clay, steel and oak"; of many the first, and that there are more."""
    if len(values) > MOST:
        return f"{', '.join(values[:MOST])} {'and more' if last == 'and' else 'or others'}"
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} {last} {values[-1]}"


def _small(said: str, locale: str) -> str:
    return lowered(said) if locale == "en" and not CJK.search(said) else said
