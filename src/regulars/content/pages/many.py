"""The console's page of many texts at once: which products, which kinds, what it takes; progress, pause, going on, failures."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from nicegui import ui

from regulars.content.introductions import KIND as CATEGORY
from regulars.content.pages import context
from regulars.content.pages.context import Room
from regulars.content.studio import checked
from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import joined, tag
from regulars.desk.visit import Visit
from regulars.errors import InvalidInput
from regulars.store import categories
from regulars.store import texts as table
from regulars.store.database import Connection, Row, sql

LOOK_SECONDS = 1.0
REALISED_A_SECOND = 60
"""Texts by the realiser with the gate, on one slow core."""
MODEL_SECONDS = 6.0
"""A text by a chat model, with its second try now and then."""
PLACES = """
SELECT coalesce(array_agg(DISTINCT category[1]) FILTER (WHERE category[1] IS NOT NULL), '{}') AS categories,
       coalesce(array_agg(DISTINCT brand) FILTER (WHERE brand IS NOT NULL), '{}') AS brands
FROM products WHERE known AND status = 'active'
"""


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(context.MANY)
    async def many_page(visit: Visit) -> None:
        await _Page(room, visit).build()


class _Page:
    """One open page."""

    def __init__(self, room: Room, visit: Visit) -> None:
        self.room, self.visit = room, visit
        self.drawn: Any = None

    async def build(self) -> None:
        self.heading = parts.box()
        context.sections(self.visit)
        found = await self.room.read(lambda connection: connection.execute(sql(PLACES)).fetchone())
        assert found is not None
        self._form(found)
        self.asked = parts.box("section", "", aria_live="polite")
        self.runs = parts.box("section")
        await self._draw()
        ui.timer(LOOK_SECONDS, self._draw)

    def _form(self, found: Row) -> None:
        say = self.visit.say
        kinds = parts.checks(
            "kind",
            say("Kinds"),
            [(kind, words, kind == "description") for kind, words in context.kind_words(say).items()],
        )
        languages = parts.checks(
            "locale", say("Languages"), [(locale, words, True) for locale, words in context.language_words(say).items()]
        )
        whole = [("", say("All"))]
        fields = joined(
            [
                kinds,
                languages,
                parts.choice("category", say("Category"), whole + [(one, one) for one in found["categories"]]),
                parts.choice("brand", say("Brand"), whole + [(one, one) for one in found["brands"]]),
                tag("label", tag("input", type="checkbox", name="without", value="1", checked=True), " ", say("Only products that have no such text yet"), class_="check"),
                parts.field("budget", say("At most so many texts by the chat model"), kind="number", min=0, help=say("Left empty: as many as there are. 0: all by the realiser, at no cost.")) if self.room.studio_of().writers.any else None,
            ]
        )  # fmt: skip
        with parts.box("section"):
            parts.html(tag("h2", say("Write many")))
            parts.form(fields, say("See what it takes"), self._estimate, "plain", "wide")

    async def _estimate(self, given: dict[str, list[str]]) -> None:
        visit, say = self.visit, self.visit.say
        kinds, locales = given.get("kind", []), given.get("locale", [])
        if not kinds or not locales:
            raise InvalidInput(say("Choose at least one kind and one language."), field="kind")
        for kind in kinds:
            for locale in locales:
                checked(kind, locale)
        category, brand = given["category"][0] or None, given["brand"][0] or None
        without = "without" in given
        budget = int(given["budget"][0]) if given.get("budget", [""])[0].isdigit() else None
        own = [kind for kind in kinds if kind != CATEGORY]

        def count(connection: Connection) -> int:
            products = table.find_products(connection, category, brand, without, own) if own else []
            inside = categories.find(connection, category, without, [CATEGORY]) if CATEGORY in kinds else []
            return len(products) * len(own) + len(inside)

        texts = await self.room.read(count) * len(locales)
        by_model = 0 if not self.room.studio_of().writers.any else texts if budget is None else min(budget, texts)
        seconds = by_model * MODEL_SECONDS + (texts - by_model) / REALISED_A_SECOND
        self.asked.clear()
        with self.asked:
            if not texts:
                parts.html(tag("p", say("No product fits: all of these have such texts already."), class_="empty"))
                return
            sentence = visit.many(
                "One text at most, in about {time}.",
                "{count} texts at most, in about {time}.",
                texts,
                time=visit.span(max(1.0, seconds)),
            )
            cost = (
                visit.many(
                    "The chat model is asked for one of them.", "The chat model is asked for {count} of them.", by_model
                )
                if by_model
                else say("The realiser writes them on this machine; it costs nothing.")
            )
            parts.html(tag("p", f"{sentence} {cost}"))

            async def start() -> None:
                studio = self.room.studio_of()
                writing_id, _ = await self.room.read(
                    lambda connection: studio.begin(
                        connection, kinds, locales, category, brand, without, budget, own_languages=True
                    )
                )
                self._start(writing_id)
                self.asked.clear()
                await self._draw()

            parts.button(say("Write them"), start, "first")

    def _start(self, writing_id: UUID, *, retry: bool = False) -> None:
        extra = ["--retry"] if retry else []
        self.room.works.start(
            "writing", self.visit.say("Writing texts"), ["write", "--go-on", str(writing_id), "--json", *extra]
        )

    async def _draw(self) -> None:
        visit, say = self.visit, self.visit.say

        def read(connection: Connection) -> tuple[list[Row], dict[str, int]]:
            return table.writings(connection), table.counts(connection)

        rows, counts = await self.room.read(read)
        mark = (
            [(row["writing_id"], row["state"], row["open"], row["done"], row["failed"]) for row in rows],
            counts,
            len(self.room.works.running("writing")),
        )
        if mark == self.drawn:
            return
        self.drawn = mark
        self.heading.clear()
        with self.heading:
            written = sum(counts.values())
            title(
                visit,
                visit.many("One text was written", "{count} texts were written", written)
                if written
                else say("Nothing was written yet"),
                say("Stopped or killed, a writing goes on where it was; no text is written twice."),
            )
        self.runs.clear()
        with self.runs:
            parts.html(tag("h2", say("Writings")))
            if not rows:
                parts.html(tag("p", say("None yet."), class_="empty"))
                return
            kinds = context.kind_words(say)
            with parts.acting_table(
                visit, say("Writings"), [say("Begun"), say("What"), say("State"), say("Done"), say("Failed")], [3, 4]
            ):
                for row in rows:
                    self._run(row, kinds)

    def _run(self, row: Row, kinds: dict[str, str]) -> None:
        visit, say = self.visit, self.visit.say
        total = row["open"] + row["done"] + row["failed"]
        running = row["state"] == "running" and bool(self.room.works.running("writing"))
        states = {
            "done": say("Done"),
            "paused": say("Paused"),
            "running": say("Running") if running else say("Stopped"),
        }
        what = ", ".join(kinds.get(one, one) for one in row["kinds"]) + (f" · {row['title']}" if row["title"] else "")
        writing_id = row["writing_id"]
        with parts.box("tr"):
            progress = (
                tag("progress", value=row["done"] + row["failed"], max=max(1, total), aria_label=say("Progress"))
                if row["open"]
                else None
            )
            parts.cells(
                [
                    visit.when(row["created_at"]),
                    what,
                    joined([states[row["state"]], progress]),
                    f"{visit.number(row['done'])} / {visit.number(total)}",
                    visit.number(row["failed"]),
                ],
                [3, 4],
            )
            with parts.box("td"):
                if row["open"] and running:
                    parts.button(say("Pause"), lambda: self._pause(writing_id), "quiet")
                elif row["open"]:
                    parts.button(say("Go on"), lambda: self._start(writing_id), "quiet")
                if row["failed"] and not running:
                    parts.button(say("Try what failed again"), lambda: self._start(writing_id, retry=True), "quiet")

    async def _pause(self, writing_id: UUID) -> None:
        await self.room.read(lambda connection: table.set_writing(connection, writing_id, "paused"))
        parts.say_note(self.visit.say("It pauses after the texts it is at."))
