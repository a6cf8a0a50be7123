"""The studio: texts written for products of a store, reviewed, published. Every surface (HTTP, console, command line) stands on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from regulars.content import records, service
from regulars.content.choice import WriterChoice
from regulars.content.gate import Judgement, judge
from regulars.content.introductions import BRANDS, category_title
from regulars.content.introductions import KIND as CATEGORY
from regulars.content.links import linked
from regulars.content.realiser import ALL_KINDS, WRITTEN
from regulars.content.service import Written
from regulars.content.sheet import LOCALES, Sheet
from regulars.content.variety import Seen
from regulars.content.writers import read
from regulars.errors import Conflict, InvalidInput, NotFound, RegularsError
from regulars.language.chat_models import ChatModel
from regulars.schema.content import KINDS, Brief, Fields, Voice
from regulars.store import categories
from regulars.store import texts as table
from regulars.store.database import Connection, Database, Row

AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Ran:
    """A writing after a run. state: "done", or "paused" when it was stopped; it goes on from there."""

    writing_id: UUID
    state: str
    done: int
    failed: int
    waiting: int
    left: int


class Studio:
    """Texts of one shop. model: a chat model, or None. models: where a tuned writer is looked for, or None: neither leaves the
    realiser alone."""

    def __init__(self, database: Database, model: ChatModel | None = None, models: Path | None = None) -> None:
        self.database = database
        self.models = models
        self.writers = WriterChoice(model, models)

    def sheet(self, connection: Connection, product_id: int, voice: Voice | None = None) -> Sheet:
        """Raises: NotFound."""
        found = records.sheets(connection, [product_id], voice or records.voice_of(connection))
        if product_id not in found:
            raise NotFound(f"There is no product {product_id}.", hint="It may have been deleted meanwhile.")
        return found[product_id]

    def preview(
        self,
        connection: Connection,
        product_id: int,
        kind: str,
        locale: str,
        variant: int = 0,
        *,
        by_model: bool = True,
    ) -> tuple[Sheet, Written]:
        """A text that isn't kept. Raises: NotFound, InvalidInput."""
        checked(kind, locale, product_id)
        voice = records.voice_of(connection)
        sheet = self.sheet(connection, product_id, voice)
        foreign = foreign_brands(connection, sheet)
        self.writers.refresh(connection)
        brief = Brief(kind, locale, voice, variant)
        written = service.write(sheet, brief, self.writers.of(brief) if by_model else None, foreign)
        return sheet, written

    def write(
        self,
        connection: Connection,
        product_id: int,
        kind: str,
        locale: str,
        variant: int = 0,
        *,
        by_model: bool = True,
    ) -> UUID:
        """A text that is kept as a draft, or waits for a person; published at once where the shop lets the kind go out by itself.

        Raises: NotFound, InvalidInput.
        """
        sheet, written = self.preview(connection, product_id, kind, locale, variant, by_model=by_model)
        return self._keep(connection, sheet, written, kind, locale, variant, records.voice_of(connection))

    def _keep(
        self,
        connection: Connection,
        sheet: Sheet,
        written: Written,
        kind: str,
        locale: str,
        variant: int,
        voice: Voice,
        writing_id: UUID | None = None,
    ) -> UUID:
        text_id = table.insert(
            connection,
            {
                "product_id": sheet.record.product_id, "kind": kind, "locale": locale, "variant": variant, "state": written.state,
                "fields": records.packed(written.fields), "flags": records.flags_packed(written.judgement.flags), "writer": written.writer,
                "trace": [{"writer": one.writer, "why": one.why, "flags": records.flags_packed(one.flags)} for one in written.tries],
                "sheet": records.digest(sheet), "writing_id": writing_id,
            },
        )  # fmt: skip
        if written.state == "draft" and kind in voice.publish:
            table.move(connection, text_id, 1, "published")
        return text_id

    # Reviewing.

    def edit(self, connection: Connection, text_id: UUID, version: int, given: Mapping[str, str]) -> tuple[int, Row]:
        """A person's words in the place of a writer's; judged anew, kept as a preference. Returns (version, the text).

        Raises: NotFound, Conflict, InvalidInput.
        """
        row = table.read(connection, text_id, lock=True)
        if row["state"] == "gone":
            raise Conflict(
                "The product of this text is gone.", hint="The text is kept, but it can't be changed any more."
            )
        sheet = self.sheet(connection, row["product_id"])
        fields = fields_of(given, row["kind"], sheet, row["locale"])
        judgement = self._judged(connection, sheet, row["kind"], row["locale"], fields)
        state = (
            row["state"]
            if row["state"] == "published" and judgement.passed
            else ("draft" if judgement.passed else "waiting")
        )
        packed = records.packed(fields)
        new = table.edit(
            connection,
            text_id,
            version,
            packed,
            records.flags_packed(judgement.flags),
            state,
            "person",
            records.digest(sheet),
        )
        if row["writer"] != "person" and packed != row["fields"]:
            table.prefer(connection, row, packed)
        return new, table.read(connection, text_id)

    def judged(
        self, connection: Connection, product_id: int, kind: str, locale: str, given: Mapping[str, str]
    ) -> Judgement:
        """What the gate says of words that aren't kept: for who types them. Raises: NotFound, InvalidInput."""
        checked(kind, locale, product_id)
        sheet = self.sheet(connection, product_id)
        return self._judged(connection, sheet, kind, locale, fields_of(given, kind, sheet, locale))

    def _judged(self, connection: Connection, sheet: Sheet, kind: str, locale: str, fields: Fields) -> Judgement:
        brief = Brief(kind, locale, records.voice_of(connection))
        return judge(fields, sheet, brief, foreign_brands(connection, sheet))

    def publish(
        self,
        connection: Connection,
        text_id: UUID,
        version: int,
        at: datetime | None = None,
        *,
        anyway: bool = False,
        beside: bool = False,
    ) -> None:
        """Publishes a text, now or at a time. anyway: a person answers for what the gate holds back. beside: it takes nobody's
        place; readers are shown one of them by chance, and the results tell which did better.

        Raises: NotFound, Conflict when it changed meanwhile, is held back, or its product is gone or changed since.
        """
        row = table.read(connection, text_id, lock=True)
        if row["state"] == "gone" or not row["product_known"]:
            raise Conflict(
                "The product of this text is gone.", hint="The text is kept, but there is nothing to publish it on."
            )
        table.check_version(connection, row, version)
        sheet = self.sheet(connection, row["product_id"])
        judgement = self._judged(connection, sheet, row["kind"], row["locale"], records.unpacked(row["fields"]))
        if not judgement.passed and not anyway:
            first = next(one for one in judgement.flags if not one.warning)
            raise Conflict(
                f"The gate holds it back: “{first.said[:80]}”. {first.reason}",
                hint="Change the text, or the product's record, or publish it on your own word.",
            )
        if beside:
            table.set_beside(connection, text_id)
        table.move(connection, text_id, version, "published" if at is None else "scheduled", at)

    def reject(self, connection: Connection, text_id: UUID, version: int, reason: str | None = None) -> None:
        """Raises: NotFound, Conflict."""
        row = table.read(connection, text_id, lock=True)
        table.move(connection, text_id, version, "rejected")
        if row["writer"] != "person":
            table.prefer(connection, row, None, reason)

    def restore(self, connection: Connection, text_id: UUID, version: int, back_to: int) -> int:
        """An older version again, as a new one. Raises: NotFound, Conflict."""
        row = table.read(connection, text_id, lock=True)
        old = next((one for one in table.versions(connection, text_id) if one["version"] == back_to), None)
        if old is None:
            raise NotFound(f"There is no version {back_to} of this text.")
        sheet = self.sheet(connection, row["product_id"])
        judgement = self._judged(connection, sheet, row["kind"], row["locale"], records.unpacked(old["fields"]))
        state = "draft" if judgement.passed else "waiting"
        note = f"version {back_to} again"
        return table.edit(
            connection,
            text_id,
            version,
            old["fields"],
            records.flags_packed(judgement.flags),
            state,
            old["writer"],
            records.digest(sheet),
            note,
        )

    # Many at once.

    def begin(
        self,
        connection: Connection,
        kinds: Sequence[str],
        locales: Sequence[str],
        category: str | None = None,
        brand: str | None = None,
        only_without: bool = True,
        budget: int | None = None,
        products: Sequence[int] | None = None,
        own_languages: bool = False,
    ) -> tuple[UUID, int]:
        """An order for many texts: (its id, how many texts). own_languages: a product's texts only in those in which it has a
        title. Raises: InvalidInput, NotFound when no product fits."""
        for kind in kinds:
            for locale in locales:
                checked(kind, locale)
        if budget is not None and budget < 0:
            raise InvalidInput("A budget is 0 or more texts.", field="budget")
        own = [kind for kind in kinds if kind != CATEGORY]
        if CATEGORY in kinds and not own and (brand is not None or products is not None):
            raise InvalidInput("Introductions are written of categories, not of a brand or of products.", field="brand")
        found = (
            list(products)
            if products is not None
            else table.find_products(connection, category, brand, only_without, own)
            if own
            else []
        )
        inside = [] if CATEGORY not in kinds else categories.find(connection, category, only_without, [CATEGORY])
        if not found and not inside:
            raise NotFound(
                "No product fits." if own else "No category fits.",
                hint="Check category and brand; with only products without a text, all may have one already.",
            )
        title = " · ".join(part for part in (category, brand) if part)
        also = [CATEGORY] if CATEGORY in kinds else []
        writing_id = table.begin_writing(connection, found, own, locales, budget, title, own_languages, also)
        voice = records.voice_of(connection)
        for locale in locales:
            said = [path for path in inside if not own_languages or category_title(path, locale, voice)]
            ids = [categories.id_of(connection, path) for path in said]
            table.add_items(connection, writing_id, ids, [CATEGORY], [locale])
        return writing_id, int(table.writing(connection, writing_id)["open"])

    def run(
        self, writing_id: UUID, progress: Callable[[int, int | None], None] | None = None, by_model: bool = True
    ) -> Ran:
        """Writes what is open of an order, twenty texts a transaction: killed, it goes on from there, and none is written twice.

        Raises: NotFound.
        """
        with self.database.connect() as connection:
            row = table.writing(connection, writing_id)
            if row["state"] == "done" and not row["open"]:
                return self._ran(connection, writing_id)
            table.set_writing(connection, writing_id, "running")
            voice = records.voice_of(connection)
            brands = table.brands(connection)
            self.writers.refresh(connection)
        total = row["open"] + row["done"] + row["failed"]
        seen: dict[tuple[str, str], Seen] = {}
        while True:
            with self.database.connect() as connection:
                now = table.writing(connection, writing_id)
                if now["state"] == "paused":
                    break
                # A chat model takes seconds a text: what it wrote shouldn't be lost with nineteen others.
                items = table.next_items(connection, writing_id, 1 if by_model and self.writers.any else AT_ONCE)
                if not items:
                    if not now["open"]:
                        table.set_writing(connection, writing_id, "done")
                    break  # done, or another process holds the rest
                left = None if now["budget"] is None else max(0, now["budget"] - now["spent"])
                asked = self._write_items(connection, writing_id, items, voice, brands, seen, left if by_model else 0)
                table.spend(connection, writing_id, asked)
            if progress is not None:
                progress(total - now["open"] + len(items), total)
        with self.database.connect() as connection:
            return self._ran(connection, writing_id)

    def _write_items(
        self,
        connection: Connection,
        writing_id: UUID,
        items: Sequence[Row],
        voice: Voice,
        brands: Sequence[str],
        seen: dict[tuple[str, str], Seen],
        left: int | None,
    ) -> int:
        found = records.sheets(connection, sorted({one["product_id"] for one in items}), voice)
        asked = 0
        for item in items:
            sheet = found.get(item["product_id"])
            if sheet is None:
                table.close_item(connection, writing_id, item, "The product is gone.")
                continue
            foreign = strangers(brands, sheet)
            brief = Brief(item["kind"], item["locale"], voice)
            writer = self.writers.of(brief) if left is None or asked < left else None
            kept = seen.setdefault((item["kind"], item["locale"]), Seen())
            try:
                written = service.write(sheet, brief, writer, foreign, kept)
            except RegularsError as error:
                table.close_item(connection, writing_id, item, error.detail)
                continue
            asked += written.asked
            self._keep(connection, sheet, written, item["kind"], item["locale"], 0, voice, writing_id)
            table.close_item(connection, writing_id, item)
        return asked

    def _ran(self, connection: Connection, writing_id: UUID) -> Ran:
        row = table.writing(connection, writing_id)
        waiting = connection.execute(
            "SELECT count(*) AS many FROM texts WHERE writing_id = %s AND state = 'waiting'", (writing_id,)
        ).fetchone()
        return Ran(writing_id, row["state"], row["done"], row["failed"], waiting["many"] if waiting else 0, row["open"])


def checked(kind: str, locale: str, about: int | None = None) -> None:
    """about: the id of a product, or below zero of a category. Raises: InvalidInput, naming what there is."""
    if kind not in ALL_KINDS:
        raise InvalidInput(
            f"There is no kind of text {kind!r}.", hint=f"Kinds are {', '.join(ALL_KINDS)}.", field="kind"
        )
    if about is not None and (about < 0) != (kind == CATEGORY):
        known = CATEGORY if about < 0 else ", ".join(WRITTEN)
        raise InvalidInput(f"There is no kind {kind!r} of such a text.", hint=f"Kinds are {known}.", field="kind")
    if locale not in LOCALES:
        raise InvalidInput(f"Texts are written in en or zh, not in {locale!r}.", field="locale")


def fields_of(given: Mapping[str, str], kind: str, sheet: Sheet, locale: str) -> Fields:
    """A person's words as fields, each sentence with what it stands on. Raises: InvalidInput for a part that the kind hasn't."""
    places = {place.name for place in KINDS[kind]}
    strange = sorted(set(given) - places)
    if strange:
        raise InvalidInput(
            f"A {kind} has no part {strange[0]!r}.",
            hint=f"Its parts are {', '.join(sorted(places))}.",
            field=strange[0],
        )
    if any(len(text) > 20_000 for text in given.values()):
        raise InvalidInput("A part of a text has at most 20,000 characters.", field="fields")
    fields = read({name: given.get(name, "") for name in places}, Brief(kind, locale))
    return linked(fields, sheet, locale)


def foreign_brands(connection: Connection, sheet: Sheet) -> list[str]:
    """Brands of the shop that aren't the product's own, or none of the category's."""
    return strangers(table.brands(connection), sheet)


def strangers(brands: Sequence[str], sheet: Sheet) -> list[str]:
    """Of these brands those that a text about this thing may not name."""
    own = {sheet.record.brand, *(value for one in sheet.details if one.name == BRANDS for value in one.values)}
    return [brand for brand in brands if brand not in own]
