"""Product sheets to write about: made-up goods of many kinds in both languages, the demo shop's, and Online Retail's terse titles."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from regulars.content.lexicon import Glossary
from regulars.content.sheet import Price, Record, Sheet, sheet_of
from regulars.demo import catalogue
from regulars.demo.kinds import BRANDS

GOODS = Path(__file__).with_name("goods.json")


def made_up(many: int, seed: int) -> list[tuple[Sheet, str]]:
    """(sheet, language) of goods whose attributes are drawn from the tables in goods.json."""
    tables: dict[str, list[dict[str, Any]]] = json.loads(GOODS.read_text(encoding="utf-8"))
    dice = random.Random(seed)
    found = []
    for number in range(many):
        locale = "en" if number % 2 == 0 else "zh"
        kind = dice.choice(tables[locale])
        names = [name for name in kind["attributes"] if dice.random() < 0.8]
        attributes = {name: dice.choice(kind["attributes"][name]) for name in names}
        brand = dice.choice(kind["brand"])
        title = dice.choice(kind["things"])
        title = title[:1].upper() + title[1:]
        price = Price(dice.randrange(500, 30_000), None, "GBP" if locale == "en" else "CNY", 2)
        rating = (round(dice.uniform(3.2, 4.9), 1), dice.randrange(3, 90)) if dice.random() < 0.4 else None
        record = Record(
            number,
            f"made-{number}",
            {locale: title},
            {},
            brand,
            tuple(kind["category"]),
            attributes,
            prices=(price,),
            rating=rating,
        )
        found.append((sheet_of(record), locale))
    return found


def of_demo() -> list[tuple[Sheet, str]]:
    """The demo shop's products in both languages."""
    words = Glossary(catalogue.glossary())
    brands = [brand for several in BRANDS.values() for brand in several]
    found = []
    for item in catalogue.items():
        told = item.record(datetime(2026, 1, 1, tzinfo=UTC))
        options: dict[str, list[str]] = {}
        for variant in told.get("variants", ()):
            for name, value in variant["options"].items():
                options.setdefault(name, []).append(value)
        price = Price(round(item.price * 100), None, "GBP", 2)
        record = Record(
            item.number, item.id, told["title"], told["description"], told["brand"], tuple(told["category"]), told["attributes"],
            {name: tuple(values) for name, values in options.items()}, (price,),
        )  # fmt: skip
        sheet = sheet_of(record, words, brands)
        found += [(sheet, "en"), (sheet, "zh")]
    return found


def of_online_retail(folder: Path, many: int) -> list[tuple[Sheet, str]]:
    """The titles that were sold most: nothing but a title and a price is known of them."""
    import duckdb

    rows = duckdb.execute(
        "SELECT upper(trim(Description)) AS title, median(UnitPrice) AS price, count(*) AS sold FROM read_parquet(?)"
        " WHERE Description IS NOT NULL AND UnitPrice > 0.1 AND length(trim(Description)) > 8 AND trim(Description) = upper(trim(Description))"
        " GROUP BY 1 ORDER BY sold DESC LIMIT ?",
        [str(folder / "online-retail" / "online_retail.parquet"), many],
    ).fetchall()
    return [
        (
            sheet_of(
                Record(number, f"or-{number}", {"en": title}, prices=(Price(round(price * 100), None, "GBP", 2),))
            ),
            "en",
        )
        for number, (title, price, _) in enumerate(rows)
    ]


def values_of(sheet: Sheet) -> Mapping[str, Any]:
    """The record's own attributes and options: what a text has to hold, before anything read them."""
    return {**sheet.record.attributes, **sheet.record.options}
