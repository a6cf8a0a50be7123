"""What a writer can learn from: texts a shop approved, what people put in the place of a writer's text, and the realiser's own.

A product is either learned from or held out, never both. Where a shop has approved few texts, the realiser writes more about
records whose values are dealt anew among its products: what has to be learned is to say what stands there, not what one product is.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from regulars.content import records
from regulars.content.gate import judge
from regulars.content.lexicon import Glossary
from regulars.content.links import linked
from regulars.content.realiser import realise
from regulars.content.sheet import Record, Sheet, sheet_of
from regulars.content.tuned import TAUGHT, answer, question
from regulars.errors import NotEnoughData, RegularsError
from regulars.schema.content import Brief, Fields, Length, Tone, Voice
from regulars.store import texts as table
from regulars.store.database import Connection

HELD_SHARE = 0.15
MIN_PRODUCTS = 20
"""Products with a title in the language below which there is nothing to hold out."""
PROMPTS = 66
"""Held-out texts that a writer is measured on, at most."""
MOST_PAIRS = 100
"""Held-out answers that perplexity is measured on, at most."""
TONES: tuple[Tone, ...] = ("plain", "warm", "lively")
LENGTHS: tuple[Length, ...] = ("short", "medium", "long")


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question and its answer; refused: an answer that people didn't want. origin: "approved", "edited" or "realised"."""

    sheet: Sheet
    brief: Brief
    fields: Fields
    origin: str
    refused: Fields | None = None

    def words(self) -> tuple[str, str, str, str | None]:
        """(system, user, answer, refused answer)."""
        system, user = question(self.sheet, self.brief)
        refused = None if self.refused is None else answer(self.refused, self.brief)
        return system, user, answer(self.fields, self.brief), refused


@dataclass(frozen=True, slots=True)
class Lessons:
    """learned, held: lessons. prompts: (sheet, brief) of held-out products that writers are measured on. left_out: approved texts that the
    gate holds back now. products: how many are learned from."""

    learned: list[Lesson]
    held: list[Lesson]
    prompts: list[tuple[Sheet, Brief]]
    kinds: tuple[str, ...]
    left_out: int
    products: int
    foreign: Mapping[int, frozenset[str]]

    def origins(self) -> dict[str, int]:
        return dict(Counter(one.origin for one in self.learned))


def read_lessons(
    connection: Connection, kinds: Collection[str] = (), many: int = 2_400, seed: int = 0, locale: str = "en"
) -> Lessons:
    """Lessons of a shop. kinds: all that can be taught, where none is named. many: lessons, made up with the realiser's.

    Raises: NotEnoughData for fewer than MIN_PRODUCTS products with a title in the language.
    """
    voice = records.voice_of(connection)
    rows = table.read_products(connection, table.find_products(connection, None, None, False, []))
    brands = table.brands(connection)
    made = [records.record_of(row) for row in rows]
    maker = _Maker(made, voice, brands, tuple(kinds) or TAUGHT, locale, seed)
    if len(maker.sheets) < MIN_PRODUCTS:
        raise NotEnoughData(
            f"{len(maker.sheets)} products have a title in English; {MIN_PRODUCTS} are needed to tune a writer.",
            hint="Import more products, or use the realiser: it needs none.",
        )
    own, left_out = maker.of_people(table.approved(connection, locale), table.preferred(connection, locale))
    return maker.lessons(own, left_out, many)


def made_lessons(
    made: Sequence[Record], voice: Voice, kinds: Collection[str] = (), many: int = 2_400, seed: int = 0
) -> Lessons:
    """Lessons without a store: the realiser's alone."""
    brands = sorted({one.brand for one in made if one.brand})
    return _Maker(made, voice, brands, tuple(kinds) or TAUGHT, "en", seed).lessons([], 0, many)


class _Maker:
    def __init__(
        self,
        made: Sequence[Record],
        voice: Voice,
        brands: Sequence[str],
        kinds: tuple[str, ...],
        locale: str,
        seed: int,
    ) -> None:
        self.voice, self.brands, self.kinds, self.locale, self.seed = voice, brands, kinds, locale, seed
        self.glossary = Glossary(voice.glossary)
        self.dice = random.Random(f"lessons/{seed}")
        sheets = ((one, sheet_of(one, self.glossary, brands)) for one in made)
        found = [(one, sheet) for one, sheet in sheets if locale in sheet.titles]
        self.sheets = {one.product_id: sheet for one, sheet in found}
        self.held = {one.product_id for one, _ in found if _share(one.product_id) < HELD_SHARE}
        if not self.held and found:
            self.held = {found[-1][0].product_id}
        self.taught = [one for one, _ in found if one.product_id not in self.held]
        self.pool: dict[tuple[str, str], list[Any]] = {}
        for one in self.taught:
            for label, value in one.attributes.items():
                self.pool.setdefault((_leaf(one), label), []).append(value)

    def foreign(self, sheet: Sheet) -> frozenset[str]:
        own = sheet.record.brand
        return frozenset(one for one in self.brands if one != own)

    def of_people(
        self, approved: Sequence[Mapping[str, Any]], preferred: Sequence[Mapping[str, Any]]
    ) -> tuple[list[Lesson], int]:
        """(what people approved or wrote themselves, how much of it the gate holds back now)."""
        made: dict[tuple[int, str, int], Lesson] = {}
        out: dict[tuple[int, str], Fields] = {}
        left_out = 0
        for row in approved:
            lesson = self._lesson(row, row["fields"], "approved")
            if lesson is None:
                left_out += row["product_id"] in self.sheets and row["kind"] in self.kinds
                continue
            made[(row["product_id"], row["kind"], row["variant"])] = lesson
            out[(row["product_id"], row["kind"])] = lesson.fields
        edited = []
        for row in preferred:
            given = row["chosen"]
            refused = records.unpacked(row["refused"])
            better = records.unpacked(given) if given else out.get((row["product_id"], row["kind"]))
            if better is None or better == refused:
                continue
            lesson = self._lesson(row, records.packed(better), "edited")
            if lesson is not None:
                edited.append(replace(lesson, refused=refused))
        return [*made.values(), *edited], left_out

    def _lesson(self, row: Mapping[str, Any], packed: Mapping[str, Any], origin: str) -> Lesson | None:
        sheet = self.sheets.get(row["product_id"])
        if sheet is None or row["kind"] not in self.kinds:
            return None
        brief = Brief(row["kind"], self.locale, self.voice)
        fields = records.unpacked(packed)
        if not judge(fields, sheet, brief, self.foreign(sheet)).passed:
            return None
        return Lesson(sheet, brief, fields, origin)

    def lessons(self, own: Sequence[Lesson], left_out: int, many: int) -> Lessons:
        learned = [one for one in own if one.sheet.record.product_id not in self.held]
        held = [one for one in own if one.sheet.record.product_id in self.held]
        made = self._realised(self.taught, dealt=True)
        while len(learned) < many and (one := next(made, None)) is not None:
            learned.append(one)
        told = {(one.sheet.record.product_id, one.brief.kind) for one in held}
        prompts: list[tuple[Sheet, Brief]] = []
        ids = sorted(self.held)
        self.dice.shuffle(ids)
        for place, product_id in enumerate(ids * len(self.kinds)):
            kind = self.kinds[(place % len(ids) + place // len(ids)) % len(self.kinds)]
            sheet, brief = self.sheets[product_id], Brief(kind, self.locale, self.voice)
            lesson = self._realise(sheet, brief)
            if lesson is None:
                continue
            if len(prompts) < PROMPTS:
                prompts.append((sheet, brief))
            if (product_id, kind) not in told and len(held) < MOST_PAIRS:
                told.add((product_id, kind))
                held.append(lesson)
        foreign = {product_id: self.foreign(self.sheets[product_id]) for product_id in self.held}
        return Lessons(learned, held[:MOST_PAIRS], prompts, self.kinds, left_out, len(self.taught), foreign)

    def _realised(self, made: Sequence[Record], *, dealt: bool) -> Iterator[Lesson]:
        """Without end, as long as one in a hundred comes out."""
        misses = 0
        while made and misses < 100:
            record = self.dice.choice(made)
            sheet = (
                sheet_of(self._dealt(record), self.glossary, self.brands) if dealt else self.sheets[record.product_id]
            )
            voice = self.voice
            if self.dice.random() < 0.3:
                voice = voice.model_copy(update={"tone": self.dice.choice(TONES), "length": self.dice.choice(LENGTHS)})
            brief = Brief(self.dice.choice(self.kinds), self.locale, voice, self.dice.randrange(1_000))
            lesson = self._realise(sheet, brief)
            misses = 0 if lesson else misses + 1
            if lesson:
                yield replace(lesson, brief=replace(brief, variant=0))

    def _realise(self, sheet: Sheet, brief: Brief) -> Lesson | None:
        try:
            fields = linked(realise(sheet, brief), sheet, self.locale)
        except RegularsError:
            return None
        if not judge(fields, sheet, brief, self.foreign(sheet)).passed:
            return None
        return Lesson(sheet, brief, fields, "realised")

    def _dealt(self, record: Record) -> Record:
        """The record with some values taken from its neighbours, some left out, and some numbers of its own."""
        dice = self.dice
        attributes: dict[str, Any] = {}
        for label, value in record.attributes.items():
            if dice.random() < 0.12:
                continue
            if dice.random() < 0.5:
                value = dice.choice(self.pool.get((_leaf(record), label), [value]))
            attributes[label] = _other_number(value, dice) if dice.random() < 0.4 else value
        brand = dice.choice(self.brands) if self.brands and dice.random() < 0.5 else record.brand
        if record.brand and any(record.brand.casefold() in title.casefold() for title in record.titles.values()):
            brand = record.brand
        prices = tuple(
            replace(one, amount=max(1, one.amount + dice.randrange(-one.amount // 3, one.amount // 3 + 1)), before=None)
            for one in record.prices
        )
        options = {
            name: tuple(one for one in values if dice.random() < 0.8) or values[:1]
            for name, values in record.options.items()
        }
        rating = (round(dice.uniform(2.8, 4.9), 1), dice.randrange(3, 140)) if dice.random() < 0.3 else None
        return replace(record, attributes=attributes, brand=brand, prices=prices, options=options, rating=rating)


def _other_number(value: Any, dice: random.Random) -> Any:
    """The same value with other digits: a figure has to be copied, not remembered.

    >>> _other_number("340 g", random.Random(1))
    '320 g'
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    changed = "".join(str(dice.randrange(1, 10)) if sign.isdigit() and sign != "0" else sign for sign in str(value))
    return changed if isinstance(value, str) else type(value)(float(changed))


def _leaf(record: Record) -> str:
    return record.category[-1] if record.category else ""


def _share(product_id: int) -> float:
    """A number from 0 to 1 that stays a product's own, whatever the seed: what one version learned, none is measured on."""
    return int.from_bytes(blake2b(f"held/{product_id}".encode(), digest_size=4).digest()) / 2**32
