"""Which facts a sentence stands on, for who reviews it: values, labels and statements of the sheet that occur in it."""

from __future__ import annotations

import re

from regulars.content.sheet import Sheet
from regulars.language.grounding.evidence import numbers
from regulars.schema.content import Fields, Sentence


def linked(fields: Fields, sheet: Sheet, locale: str) -> Fields:
    """Fields whose sentences name what they stand on; what a writer has said itself stays."""
    return {
        name: tuple(one if one.about else Sentence(one.text, about(one.text, sheet, locale)) for one in said)
        for name, said in fields.items()
    }


def about(text: str, sheet: Sheet, locale: str) -> tuple[str, ...]:
    """Names of the facts that a sentence speaks of; "statement" where it is the record's own."""
    found: list[str] = []
    plain = text.casefold()
    if any(title.casefold() in plain for title in sheet.titles.values()):
        found.append("title")
    if sheet.record.brand and sheet.record.brand.casefold() in plain:
        found.append("brand")
    bare = text.strip().rstrip(".。!！").casefold()
    if bare and any(bare in said.casefold() for said in sheet.statements.get(locale, ())):
        found.append("statement")
    for one in sheet.details:
        values = (*one.said.get(locale, ()), *one.values)
        label = one.label.get(locale, "")
        if any(_stands(value, plain) for value in values) or (
            one.yes is not None and label and label.casefold() in plain
        ):
            found.append(one.name)
    rating = sheet.record.rating
    if rating is not None and any(str(one.value) == f"{rating[0]:.1f}" for one in numbers(text)):
        found += ["rating", "reviews"]
    return tuple(dict.fromkeys(found))


def _stands(value: str, text: str) -> bool:
    value = value.casefold()
    if not value:
        return False
    return bool(re.search(rf"(?<![a-z0-9]){re.escape(value)}(?![a-z0-9])", text)) if value.isascii() else value in text
