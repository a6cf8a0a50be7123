"""The console's page of one product's texts: all kinds, written at a click, judged while somebody types, kept as drafts or published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import events, ui

from regulars.content import looks, records
from regulars.content.gate import Judgement, texts
from regulars.content.pages import context
from regulars.content.pages.context import Room
from regulars.content.realiser import WRITTEN
from regulars.content.service import Written
from regulars.content.sheet import LOCALES
from regulars.content.studio import fields_of
from regulars.content.told import mismatches_told
from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import joined, tag
from regulars.desk.visit import Visit
from regulars.errors import InvalidInput, NotFound
from regulars.schema.content import KINDS
from regulars.store import texts as table
from regulars.store.database import Connection, Row, sql

MOST_SHOWN = 50
SEARCH = """
SELECT p.product_id, p.texts, x.value AS name FROM products p
JOIN external_ids x ON x.id = p.product_id AND x.kind = 'product' AND x.namespace = 'shop'
WHERE p.known AND p.status = 'active' AND (%(text)s = '' OR x.value ILIKE %(like)s OR p.texts::text ILIKE %(like)s)
ORDER BY x.value <> %(text)s, x.value LIMIT 12
"""
_GIVEN = "(e) => { const given = {}; for (const [name, value] of new FormData(e.currentTarget)) given[name] = String(value); emit(given); }"


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(context.STUDIO)
    async def studio_page(visit: Visit) -> None:
        await _Page(room, visit).build()


class _Page:
    """One open page."""

    def __init__(self, room: Room, visit: Visit) -> None:
        self.room, self.visit = room, visit
        self.kind = visit.asked("kind") if visit.asked("kind") in WRITTEN else "description"
        asked = visit.asked("locale")
        self.locale = asked if asked in LOCALES else ("zh" if visit.locale == "zh" else "en")
        self.product = visit.asked("product")
        self.variant = 0
        self.text_id: Any = None

    async def build(self) -> None:
        visit, say = self.visit, self.visit.say
        found = await self.room.read(self._find)
        chosen = next(
            (row for row in found if row["name"] == self.product), found[0] if self.product and found else None
        )
        if chosen is None:
            title(visit, say("Which product shall be written about?"), say("By its title or its id."))
            context.sections(visit)
            self._search(found)
            if not found:
                text = (
                    say("No product is called so.") if self.product else say("Bring your products in on the page Data.")
                )
                parts.html(tag("p", text, class_="empty"))
            await self._draw_pictures()
            return
        self.product_id = int(chosen["product_id"])
        sheet = await self.room.read(lambda connection: self.room.studio_of().sheet(connection, self.product_id))
        title(visit, sheet.title(self.locale), say("What the shop says of it, true to its record."))
        context.sections(visit)
        self._search([])
        self._choices(chosen["name"])
        self.sheet = sheet
        facts, self.numbers = context.facts_shown(visit, sheet, self.locale)
        with parts.box("div", "columns conversation"):
            with parts.box("section"):
                self.written = parts.box("div", "", aria_live="polite")
                self.verdict = parts.box("div", "", aria_live="polite")
                self.editing = parts.box("div", "apart")
                self.kept = parts.box()
            with parts.box("section"):
                parts.html(joined([tag("h2", say("What the record says")), facts]))
        await self._draw_kept()
        await self._write()

    async def _draw_pictures(self) -> None:
        """Products whose picture looks like another category than theirs."""
        visit, say = self.visit, self.visit.say
        found, compared = await self.room.read(looks.read)
        if not compared:
            return
        told = await self.room.read(lambda connection: mismatches_told(connection, found[:MOST_SHOWN]))
        rows: list[list[Any]] = [
            [
                tag("a", one["product"], href=visit.link(context.STUDIO, product=one["product"])),
                one["filed"],
                one["looks"],
                visit.percent(one["share"], 0),
            ]
            for one in told
            if one["product"]
        ]
        with parts.box("section"):
            parts.html(tag("h2", say("Pictures beside the record")))
            heads = [
                say("Product"),
                say("Filed under"),
                say("Its picture looks like"),
                say("Nearest pictures that agree"),
            ]
            nothing = visit.many(
                "One picture was compared; it looks like what it is filed under.",
                "{count} pictures were compared; all look like what they are filed under.",
                compared,
            )
            parts.html(parts.table(heads, rows, numbers=[3], caption=say("Pictures beside the record"), empty=nothing))

    def _find(self, connection: Connection) -> list[Row]:
        text = self.product
        values = {"text": text, "like": f"%{text}%"}
        return connection.execute(sql(SEARCH), values).fetchall()

    def _search(self, found: list[Row]) -> None:
        visit, say = self.visit, self.visit.say

        def go(given: dict[str, list[str]]) -> None:
            ui.navigate.to(visit.link(context.STUDIO, product=given["product"][0], kind=self.kind, locale=self.locale))

        parts.form(
            parts.field("product", say("Product"), self.product, kind="search", maxlength=200),
            say("Open"),
            go,
            "plain",
            "line",
        )
        if found:
            links = [
                tag(
                    "li",
                    tag(
                        "a",
                        _title(row, visit.locale),
                        href=visit.link(context.STUDIO, product=row["name"]),
                        class_="act",
                    ),
                )
                for row in found
            ]
            parts.html(tag("ul", *links, class_="people"))

    def _choices(self, name: str) -> None:
        visit, say = self.visit, self.visit.say
        kinds = [
            (words, visit.link(context.STUDIO, product=name, kind=kind, locale=self.locale), kind == self.kind)
            for kind, words in context.kind_words(say).items()
            if kind in WRITTEN
        ]
        parts.html(parts.switch(say("Kind"), kinds))
        languages = [
            (words, visit.link(context.STUDIO, product=name, kind=self.kind, locale=locale), locale == self.locale)
            for locale, words in context.language_words(say).items()
        ]
        parts.html(parts.switch(say("Language"), languages))

    async def _write(self) -> None:
        """Writes a text that isn't kept yet."""
        say = self.visit.say
        studio = self.room.studio_of()
        if studio.writers.any:
            self.written.clear()
            with self.written:
                parts.html(tag("p", say("The chat model writes…"), class_="soft"))
        _, written = await self.room.read(
            lambda connection: studio.preview(connection, self.product_id, self.kind, self.locale, self.variant)
        )
        self._draw(written)

    def _draw(self, written: Written) -> None:
        visit, say = self.visit, self.visit.say
        words = context.place_words(say)
        self.written.clear()
        self.editing.clear()
        with self.written:
            parts.html(
                context.text_shown(visit, written.fields, self.locale, self.kind, written.judgement.flags, self.numbers)
            )
            by = (
                say("Written by the realiser from the facts.")
                if written.writer == "realiser"
                else say("Written by {writer}; the gate let it through.", writer=written.writer)
            )
            parts.html(tag("p", by, class_="soft"))
        self._verdict(written.judgement)
        said = texts(written.fields, self.locale)
        fields = joined(
            parts.area(place.name, words[place.name], said.get(place.name, ""), rows=8 if place.limit > 1_000 else 2)
            for place in KINDS[self.kind]
        )
        with self.editing:
            with parts.box("div", "actions"):
                parts.button(say("Say it otherwise"), self._otherwise)
            made = parts.form(fields, say("Keep as a draft"), self._keep, "first", "wide")
            made.on("input", self._judge, js_handler=_GIVEN, throttle=0.5, leading_events=False)

    async def _otherwise(self) -> None:
        self.variant += 1
        await self._write()

    async def _judge(self, event: events.GenericEventArguments) -> None:
        """What the gate says of what stands in the form now."""
        given = {str(name): str(text) for name, text in (event.args or {}).items()}
        studio = self.room.studio_of()
        try:
            judgement = await self.room.read(
                lambda connection: studio.judged(connection, self.product_id, self.kind, self.locale, given)
            )
        except (InvalidInput, NotFound) as error:
            parts.say_error(error)
            return
        shown = fields_of(given, self.kind, self.sheet, self.locale)
        self.written.clear()
        with self.written:
            parts.html(context.text_shown(self.visit, shown, self.locale, self.kind, judgement.flags, self.numbers))
        self._verdict(judgement)

    def _verdict(self, judgement: Judgement) -> None:
        visit, say = self.visit, self.visit.say
        self.verdict.clear()
        with self.verdict:
            sentence = (
                say("Everything in it stands in the record.") if judgement.passed else say("The gate holds it back.")
            )
            parts.html(tag("p", sentence, class_="good" if judgement.passed else "attention"))
            shown = context.flags_shown(visit, judgement.flags)
            if shown:
                parts.html(shown)

    async def _keep(self, given: dict[str, list[str]]) -> None:
        words = {name: values[0] for name, values in given.items()}
        studio = self.room.studio_of()

        def keep(connection: Connection) -> Row:
            text_id = studio.write(connection, self.product_id, self.kind, self.locale, self.variant, by_model=False)
            row = table.read(connection, text_id)
            if words != texts(records.unpacked(row["fields"]), self.locale):
                studio.edit(connection, text_id, row["version"], words)
            return table.read(connection, text_id)

        row = await self.room.read(keep)
        parts.say_note(
            self.visit.say("Kept. It waits under Review.")
            if row["state"] != "published"
            else self.visit.say("Published.")
        )
        await self._draw_kept()

    async def _draw_kept(self) -> None:
        visit, say = self.visit, self.visit.say
        states = ["draft", "waiting", "scheduled", "published"]
        rows = await self.room.read(
            lambda connection: table.listed(connection, states, self.kind, self.locale, self.product_id)
        )
        self.kept.clear()
        words = context.state_words(say)
        with self.kept:
            shown = [
                [
                    words[row["state"]],
                    row["writer"],
                    visit.when(row["changed_at"]),
                    tag(
                        "a",
                        say("Open"),
                        href=visit.link(context.REVIEW, state=row["state"], text=row["text_id"]),
                        aria_label=say("Open the text of {when}", when=visit.when(row["changed_at"])),
                    ),
                ]
                for row in rows
            ]
            if shown:
                parts.html(
                    joined(
                        [
                            tag("h2", say("Kept texts")),
                            parts.table(
                                [say("State"), say("By"), say("Changed"), ""], shown, caption=say("Kept texts")
                            ),
                        ]
                    )
                )


def _title(row: Mapping[str, Any], locale: str) -> str:
    told = row["texts"]
    own: Mapping[str, Any] = told.get(locale) or next(iter(told.values()), {})
    return str(own.get("title") or row["name"])
