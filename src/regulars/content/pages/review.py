"""The console's page of texts that wait for a person: facts beside the text, accept, edit, reject, one after the other, by keyboard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from nicegui import ui

from regulars.content import records
from regulars.content.gate import texts
from regulars.content.pages import context
from regulars.content.pages.context import Room
from regulars.content.sheet import LOCALES, Sheet
from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.errors import InvalidInput, NotFound
from regulars.schema.content import KINDS
from regulars.store import texts as table
from regulars.store.database import Connection, Row

MOST = 500
STATES = ("waiting", "draft", "scheduled", "published", "rejected", "replaced", "gone")


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(context.REVIEW)
    async def review_page(visit: Visit) -> None:
        await _Page(room, visit).build()


class _Page:
    """One open page. Editing shows a form in the text's place; what is typed isn't lost when somebody else was quicker."""

    def __init__(self, room: Room, visit: Visit) -> None:
        self.room, self.visit = room, visit
        asked = visit.asked("state")
        self.states = [asked] if asked in STATES else ["waiting", "draft"]
        self.kind = visit.asked("kind") if visit.asked("kind") in context.kind_words(visit.say) else None
        self.locale = visit.asked("locale") if visit.asked("locale") in LOCALES else None
        self.at = 0
        self.queue: list[UUID] = []
        self.row: Row | None = None

    async def build(self) -> None:
        self.heading = parts.box()
        context.sections(self.visit)
        self.filters = parts.box()
        self.body = parts.box()
        await self._load()

    async def _load(self) -> None:
        def read(connection: Connection) -> tuple[list[UUID], dict[str, int]]:
            table.note_gone(connection)
            rows = table.listed(connection, self.states, self.kind, self.locale, None, MOST)
            # What is held back comes first: nobody else will see to it.
            rows.sort(key=lambda one: (one["state"] != "waiting", one["text_id"]))
            return [one["text_id"] for one in rows], table.counts(connection)

        self.queue, self.counts = await self.room.read(read)
        wanted = self.visit.asked("text")
        self.at = next(
            (at for at, one in enumerate(self.queue) if str(one) == wanted), min(self.at, max(0, len(self.queue) - 1))
        )
        self._draw_heading()
        await self._show()

    def _draw_heading(self) -> None:
        visit, say = self.visit, self.visit.say
        waits = self.counts.get("waiting", 0) + self.counts.get("draft", 0)
        self.heading.clear()
        with self.heading:
            sentence = (
                visit.many("One text waits for you", "{count} texts wait for you", waits)
                if waits
                else say("No text waits for you")
            )
            held = self.counts.get("waiting", 0)
            below = (
                visit.many("One is held back by the gate.", "{count} are held back by the gate.", held)
                if held
                else None
            )
            title(visit, sentence, below)
        self.filters.clear()
        words = context.state_words(say)
        with self.filters:
            options = [(say("To review"), visit.link(context.REVIEW), self.states == ["waiting", "draft"])]
            options += [
                (
                    f"{words[one]} {visit.number(self.counts[one])}",
                    visit.link(context.REVIEW, state=one),
                    self.states == [one],
                )
                for one in STATES
                if self.counts.get(one)
            ]
            parts.html(parts.switch(say("State"), options))
            kinds = [("", say("All kinds")), *context.kind_words(say).items()]
            languages = [("", say("Both languages")), *context.language_words(say).items()]
            fields = joined(
                [
                    parts.choice("kind", say("Kind"), kinds, self.kind or ""),
                    parts.choice("locale", say("Language"), languages, self.locale or ""),
                ]
            )

            def chosen(given: dict[str, list[str]]) -> None:
                state = self.states[0] if len(self.states) == 1 else None
                ui.navigate.to(
                    visit.link(context.REVIEW, state=state, kind=given["kind"][0], locale=given["locale"][0])
                )

            parts.form(fields, say("Show"), chosen, "plain", "line")

    async def _show(self) -> None:
        visit, say = self.visit, self.visit.say
        self.body.clear()
        if not self.queue:
            with self.body:
                text = say(
                    "Write texts in the Studio, one product at a time, or many at once. Nothing is published without a person, unless the shop switches that on for a kind."
                )
                link = tag("a", say("Write many at once"), href=visit.link(context.MANY), class_="first act")
                parts.html(parts.empty(say("Nothing to review"), text, link))
            return

        def read(connection: Connection) -> tuple[Row, Sheet | None]:
            row = table.read(connection, self.queue[self.at])
            try:
                return row, self.room.studio_of().sheet(connection, row["product_id"])
            except NotFound:
                return row, None

        row, sheet = await self.room.read(read)
        self.row = row
        with self.body:
            self._draw(row, sheet)

    def _draw(self, row: Row, sheet: Sheet | None) -> None:
        visit, say = self.visit, self.visit.say
        flags = records.flags_unpacked(row["flags"])
        fields = records.unpacked(row["fields"])
        kind, state = context.kind_words(say)[row["kind"]], context.state_words(say)[row["state"]]
        name = sheet.title(row["locale"]) if sheet else row["product"] or str(row["product_id"])
        place = say("{at} of {all}", at=self.at + 1, all=len(self.queue))
        badge = tag(
            "span",
            state,
            class_="badge bad"
            if row["state"] == "waiting"
            else "badge good"
            if row["state"] == "published"
            else "badge",
        )
        link = tag("a", name, href=visit.link(context.STUDIO, product=row["product"] or "")) if row["product"] else name
        told = [
            kind,
            context.language_words(say)[row["locale"]],
            say("by {writer}", writer=context.writer_word(say, row["writer"])),
            say("version {number}", number=row["version"]),
            place,
        ]
        line = joined([badge, " ", " · ".join(told)])
        facts, numbers = (
            context.facts_shown(visit, sheet, row["locale"])
            if sheet
            else (tag("p", say("The product is gone; its text is kept."), class_="attention"), {})
        )
        with parts.box("div", "columns conversation"):
            with parts.box("section"):
                parts.html(joined([tag("h2", link), tag("p", line, class_="soft")]))
                self.text = parts.box()
                with self.text:
                    parts.html(context.text_shown(visit, fields, row["locale"], row["kind"], flags, numbers))
                shown = context.flags_shown(visit, flags)
                if shown:
                    parts.html(shown)
                self.acting = parts.box("div", "actions")
                with self.acting:
                    self._buttons(row, flags)
                parts.html(parts.details(say("How it came to be"), self._account(row)))
                self.versions = parts.box()
                with self.versions:
                    parts.button(say("Versions"), self._versions, "quiet")
            with parts.box("section"):
                parts.html(joined([tag("h2", say("What the record says")), facts]))

    def _account(self, row: Row) -> Markup:
        say = self.visit.say
        why = {"": say("taken"), "gate": say("held back by the gate"), "thin": say("left too much out")}
        lines = []
        for one in row["trace"]:
            said = ", ".join(f"“{flag['said'][:60]}”" for flag in one["flags"][:5] if flag["said"])
            lines.append(tag("li", f"{one['writer']}: {why.get(one['why'], one['why'])} {said}".strip()))
        return tag("ol", *lines)

    def _buttons(self, row: Row, flags: Any) -> None:
        say = self.visit.say
        held = any(not one.warning for one in flags)
        if row["state"] in ("draft", "waiting", "scheduled", "rejected", "replaced"):
            if held:
                opens = parts.confirm(
                    self.visit,
                    say("Publish it on your own word?"),
                    say(
                        "The gate found things in it that the record doesn't hold, or that a rule forbids. Who publishes it answers for it."
                    ),
                    say("Publish it anyway"),
                    lambda: self._publish(anyway=True),
                )
                parts.button(say("Publish anyway"), opens, "plain").props["data-key"] = "a"
            else:
                parts.button(say("Publish"), self._publish, "first").props["data-key"] = "a"
            if not held and row["live"]:
                parts.button(say("Publish beside"), lambda: self._publish(beside=True), "plain")
        if row["state"] != "gone":
            parts.button(say("Edit"), self._edit).props["data-key"] = "e"
        if row["state"] in ("draft", "waiting", "scheduled"):
            parts.button(say("Reject"), self._reject).props["data-key"] = "r"
        if not held and row["state"] in ("draft", "waiting"):
            parts.button(say("Schedule"), self._schedule, "quiet")
        if len(self.queue) > 1:
            parts.button(say("Next"), lambda: self._step(1), "quiet").props["data-key"] = "j"
            parts.button(say("Previous"), lambda: self._step(-1), "quiet").props["data-key"] = "k"
        parts.html(tag("small", say("Keys: a publish, e edit, r reject, j next, k previous")))

    async def _step(self, by: int) -> None:
        self.at = (self.at + by) % len(self.queue)
        await self._show()

    async def _publish(self, *, anyway: bool = False, at: datetime | None = None, beside: bool = False) -> None:
        row = self._shown()
        studio = self.room.studio_of()
        await self.room.read(
            lambda connection: studio.publish(
                connection, row["text_id"], row["version"], at, anyway=anyway, beside=beside
            )
        )
        parts.say_note(self.visit.say("Published.") if at is None else self.visit.say("Scheduled."))
        await self._load()

    async def _reject(self) -> None:
        row = self._shown()
        studio = self.room.studio_of()
        await self.room.read(lambda connection: studio.reject(connection, row["text_id"], row["version"]))
        parts.say_note(self.visit.say("Rejected. It stays under Rejected, and the writers learn from it."))
        await self._load()

    def _shown(self) -> Row:
        assert self.row is not None
        return self.row

    def _schedule(self) -> None:
        visit, say = self.visit, self.visit.say
        self.acting.clear()

        async def save(given: dict[str, list[str]]) -> None:
            try:
                when = datetime.fromisoformat(given["at"][0]).replace(tzinfo=ZoneInfo(visit.settings.zone))
            except ValueError:
                raise InvalidInput(say("Choose a day and a time."), field="at") from None
            if when <= datetime.now(UTC):
                raise InvalidInput(say("That is in the past."), field="at")
            await self._publish(at=when)

        with self.acting:
            parts.form(
                parts.field(
                    "at", say("Publish on ({zone})", zone=visit.settings.zone), kind="datetime-local", required=True
                ),
                say("Schedule it"),
                save,
                "first",
                "line",
            )
            parts.button(say("Leave it"), self._show, "quiet")

    def _edit(self) -> None:
        row, say = self._shown(), self.visit.say
        words = context.place_words(say)
        said = texts(records.unpacked(row["fields"]), row["locale"])
        fields = joined(
            parts.area(place.name, words[place.name], said.get(place.name, ""), rows=9 if place.limit > 1_000 else 2)
            for place in KINDS[row["kind"]]
        )

        async def save(given: dict[str, list[str]]) -> None:
            studio = self.room.studio_of()
            words = {name: values[0] for name, values in given.items()}
            _, after = await self.room.read(
                lambda connection: studio.edit(connection, row["text_id"], row["version"], words)
            )
            held = any(not one["warning"] for one in after["flags"])
            parts.say_note(say("Saved. The gate holds it back.") if held else say("Saved."), bad=held)
            await self._show()

        self.text.clear()
        self.acting.clear()
        with self.text:
            parts.form(fields, say("Save"), save, "first", "wide")
            parts.button(say("Leave it"), self._show, "quiet")
        ui.run_javascript(f"document.getElementById('field-{KINDS[row['kind']][0].name}')?.focus()")

    async def _versions(self) -> None:
        row, visit, say = self._shown(), self.visit, self.visit.say
        found = await self.room.read(lambda connection: table.versions(connection, row["text_id"]))
        self.versions.clear()
        with (
            self.versions,
            parts.acting_table(
                visit, say("Versions"), [say("Version"), say("By"), say("When"), say("What changed")], [0]
            ),
        ):
            for at, one in enumerate(found):
                before = found[at + 1] if at + 1 < len(found) else None
                with parts.box("tr"):
                    parts.cells(
                        [one["version"], one["writer"], visit.when(one["at"]), _difference(one, before, row["locale"])],
                        [0],
                    )
                    with parts.box("td"):
                        if at:
                            self._restore_button(one["version"])

    def _restore_button(self, number: int) -> None:
        say = self.visit.say
        label = say("Put version {number} back", number=number)
        parts.button(say("Put it back"), lambda: self._restore(number), "quiet", label)

    async def _restore(self, number: int) -> None:
        row = self._shown()
        studio = self.room.studio_of()
        await self.room.read(lambda connection: studio.restore(connection, row["text_id"], row["version"], number))
        parts.say_note(self.visit.say("Version {number} is back, as a new one.", number=number))
        await self._show()


def _difference(now: Row, before: Row | None, locale: str) -> Markup:
    """What a version took away and brought, word by word."""
    import difflib

    new = "\n".join(texts(records.unpacked(now["fields"]), locale).values())
    if before is None:
        return tag("span", new[:160] + ("…" if len(new) > 160 else ""))
    old = "\n".join(texts(records.unpacked(before["fields"]), locale).values())
    cut = list if locale == "zh" else str.split
    ours, theirs = cut(new), cut(old)
    gap = "" if locale == "zh" else " "
    pieces: list[Markup | str] = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes():
        if what == "equal":
            same = gap.join(theirs[a:b])
            pieces.append(same if len(same) < 40 else f"{same[:16]} … {same[-16:]}")
        else:
            pieces += [
                tag("del", gap.join(theirs[a:b])) if b > a else "",
                gap,
                tag("ins", gap.join(ours[c:d])) if d > c else "",
            ]
        pieces.append(gap)
    return joined(pieces)
