"""Products as the store has them, made into records for sheets; a shop's voice, and what a text looks like in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import orjson

from regulars.content.gate import Flag
from regulars.content.introductions import category_sheet
from regulars.content.lexicon import Glossary
from regulars.content.sheet import Price, Record, Said, Sheet, sheet_of
from regulars.errors import InvalidInput, NotFound
from regulars.schema.content import Fields, Sentence, Voice
from regulars.schema.identity import as_external_id
from regulars.store import categories, identity
from regulars.store import texts as table
from regulars.store.database import Connection, Row


def voice_of(connection: Connection) -> Voice:
    """The shop's voice, or the plain one."""
    row = table.read_voice(connection)
    return Voice() if row is None else Voice.model_validate(row["document"])


def sheets(connection: Connection, product_ids: Sequence[int], voice: Voice) -> dict[int, Sheet]:
    """Sheets by product, or by category for ids below zero; what is gone has none."""
    brands = table.brands(connection)
    glossary = Glossary(voice.glossary)
    found = {
        row["product_id"]: sheet_of(record_of(row), glossary, brands)
        for row in table.read_products(connection, [one for one in product_ids if one > 0])
    }
    for category_id, path in categories.paths(connection, [one for one in product_ids if one < 0]).items():
        inside = table.read_products(connection, categories.members(connection, path))
        if inside:
            of = [sheet_of(record_of(row), glossary, brands) for row in inside]
            found[category_id] = category_sheet(category_id, path, of, glossary)
    return found


def category_id(connection: Connection, given: str) -> int:
    """Of a category by its path ("Kitchen > Teapot") or its last name. Raises: NotFound; InvalidInput where several have that name."""
    parts = tuple(part.strip() for part in given.split(">"))
    folded = tuple(part.casefold() for part in parts)
    fitting = [
        path
        for path in categories.find(connection, parts[-1])
        if tuple(one.casefold() for one in path)[-len(folded) :] == folded
    ]
    missing = f"There is no category {given[:80]!r} of {categories.MIN_PRODUCTS} products or more."
    return categories.id_of(connection, _only(fitting, given, len(parts), missing))


def product_id(connection: Connection, given: Any) -> int:
    """Of a product by its name outside. Raises: NotFound, InvalidInput."""
    try:
        name = as_external_id(given)
    except ValueError as error:
        raise InvalidInput(f"product: {error}.", field="product") from error
    found = identity.id_of(connection, "product", name)
    if found is None:
        raise NotFound(f"There is no product {name.value!r}.", field="product")
    return found


def subject_id(connection: Connection, product: Any, category: str | None, *, writing: bool = False) -> int:
    """Of what a text is about: a product or a category. writing: a category that has no text yet gets an id; else it isn't found.

    Raises: NotFound, InvalidInput when it is neither or both.
    """
    if (product is None) == (category is None):
        raise InvalidInput("A text is about a product or about a category: name one of them.", field="product")
    if category is None:
        return product_id(connection, product)
    if writing:
        return category_id(connection, category)
    parts = tuple(part.strip() for part in category.split(">"))
    ids = {path: number for number, path in categories.known(connection, parts)}
    return ids[_only(list(ids), category, len(parts), f"No text is about a category {category[:80]!r}.")]


def _only(fitting: Sequence[tuple[str, ...]], given: str, depth: int, missing: str) -> tuple[str, ...]:
    """The one path that is meant: a whole path goes before those that only end so. Raises: NotFound saying `missing`, InvalidInput."""
    exact = [path for path in fitting if len(path) == depth] or fitting
    if not exact:
        raise NotFound(missing, field="category")
    if len(exact) > 1:
        raise InvalidInput(
            f"There are several categories {given[:80]!r}.",
            hint=f"Say which: {'; '.join(' > '.join(path) for path in exact[:4])}.",
            field="category",
        )
    return exact[0]


def record_of(row: Row) -> Record:
    """A product's row as a record."""
    options: dict[str, list[str]] = {}
    prices = []
    for variant in row["variants"] or ():
        for name, value in (variant["options"] or {}).items():
            if str(value) not in options.setdefault(name, []):
                options[name].append(str(value))
        if variant["price"] is not None and variant["currency"] is not None:
            before = variant["compare_at"]
            reduced = before if before is not None and before > variant["price"] else None
            prices.append(Price(variant["price"], reduced, variant["currency"].strip(), variant["exponent"] or 0))
    mean, many = row["rating"] or (None, 0)
    texts = row["texts"]
    return Record(
        row["product_id"],
        row["name"] or str(row["product_id"]),
        {locale: told["title"] for locale, told in texts.items() if told.get("title")},
        {locale: told["description"] for locale, told in texts.items() if told.get("description")},
        row["brand"],
        tuple(row["category"]),
        row["attributes"],
        {name: tuple(values) for name, values in options.items()},
        tuple(prices),
        (float(mean), int(many)) if mean is not None else None,
        tuple(row["pictures"] or ()),
        tuple(Said(stars, body, locale) for stars, body, locale in row["reviews"] or ()),
        row["updated_at"],
    )


def digest(sheet: Sheet) -> bytes:
    """Changes when what may be said changes: prices and ratings move too often to make a description stale."""
    told = [
        sorted(sheet.titles.items()),
        sheet.record.brand,
        [(one.name, one.values, one.yes) for one in sheet.details],
        sorted(sheet.statements.items()),
        [(one.matter, one.told) for one in sheet.conflicts],
    ]
    return blake2b(orjson.dumps(told, default=str), digest_size=16).digest()


def packed(fields: Fields) -> dict[str, list[list[Any]]]:
    """Fields as they are kept."""
    return {name: [[one.text, list(one.about)] for one in said] for name, said in fields.items()}


def unpacked(kept: Mapping[str, Any]) -> Fields:
    return {name: tuple(Sentence(text, tuple(about)) for text, about in said) for name, said in kept.items()}


def flags_packed(flags: Sequence[Flag]) -> list[dict[str, Any]]:
    return [
        {"place": one.place, "start": one.start, "end": one.end, "kind": one.kind, "said": one.said[:200], "reason": one.reason, "rule": one.rule, "warning": one.warning}
        for one in flags[:60]
    ]  # fmt: skip


def flags_unpacked(kept: Sequence[Mapping[str, Any]]) -> list[Flag]:
    return [Flag(**one) for one in kept]
