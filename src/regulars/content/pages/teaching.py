"""The part of the voice's page that teaches a writer: what there is to learn from, versions with what they measured, which one writes."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from regulars.content import tuned
from regulars.content.pages.context import Room
from regulars.content.train import METHODS, check
from regulars.desk import parts
from regulars.desk.markup import joined, tag
from regulars.desk.visit import Visit
from regulars.errors import InvalidInput, ModelError
from regulars.store import registry
from regulars.store import texts as table
from regulars.store.database import Connection, Row

LOOK_SECONDS = 1.0
MINUTES, LEAST_MINUTES, MOST_MINUTES = 20, 1, 24 * 60
LOCALE = "en"


class Teaching:
    """The section, in one open page."""

    def __init__(self, room: Room, visit: Visit) -> None:
        self.room, self.visit = room, visit

    async def build(self) -> None:
        self.body = parts.box("section")
        await self._draw()
        over = {work.number for work in self.room.works.all if work.over}

        async def follow() -> None:
            now = {work.number for work in self.room.works.all if work.over}
            if now - over:
                over.update(now)
                await self._draw()

        ui.timer(LOOK_SECONDS, follow)

    async def _draw(self) -> None:
        visit, say = self.visit, self.visit.say

        def read(connection: Connection) -> tuple[int, int, list[Row]]:
            approved, preferred = table.approved(connection, LOCALE), table.preferred(connection, LOCALE)
            return len(approved), len(preferred), registry.versions(connection, tuned.KIND)

        approved, preferred, versions = await self.room.read(read)
        self.body.clear()
        with self.body:
            parts.html(tag("h2", say("A writer of your own")))
            text = say(
                "A small model is taught on the shop's English texts, in a process of its own. It writes once the gate lets more of its drafts"
                " out than of the one before."
            )
            learned = say(
                "There are {approved} published texts and {preferred} choices of people to learn from; the realiser writes the rest.",
                approved=visit.number(approved),
                preferred=visit.number(preferred),
            )
            parts.html(tag("p", text, " ", learned, class_="soft"))
            self._form()
            if versions:
                self._versions(versions)

    def _form(self) -> None:
        say = self.visit.say
        try:
            check("lora", ())
        except ModelError as error:
            parts.html(tag("p", f"{error.detail} {error.hint or ''}", class_="empty"))
            return
        words = {
            "lora": say("Low-rank additions (LoRA)"),
            "adalora": say("Low-rank additions, divided between layers (AdaLoRA)"),
            "adapter": say("Adapters"),
            "full": say("All weights"),
        }
        fields = joined(
            [
                parts.choice("method", say("What is learned"), [(one, words[one]) for one in METHODS], METHODS[0]),
                parts.field("minutes", say("Minutes for learning, at most"), MINUTES, kind="number", min=LEAST_MINUTES, max=MOST_MINUTES),
            ]
        )  # fmt: skip

        def go(given: dict[str, list[str]]) -> None:
            wanted = given["minutes"][0]
            if not wanted.isdigit() or not LEAST_MINUTES <= int(wanted) <= MOST_MINUTES:
                told = say("Minutes are a number from {least} to {most}.", least=LEAST_MINUTES, most=MOST_MINUTES)
                raise InvalidInput(told, field="minutes")
            arguments = ["train", "writer", "--method", given["method"][0], "--max-minutes", wanted, "--json"]
            self.room.works.start("training", say("Teaching a writer"), arguments)

        parts.form(fields, say("Teach it"), go, "first", "line")

    def _versions(self, versions: list[Row]) -> None:
        visit, say = self.visit, self.visit.say
        heads = [say("Version"), say("State"), say("Drafts let out"), say("Of the one before"), say("Perplexity")]
        with parts.acting_table(visit, say("Versions"), heads, numbers=(2, 3, 4)):
            for row in versions:
                self._version(row)

    def _version(self, row: Row) -> None:
        visit, say = self.visit, self.visit.say
        aside = self.room.studio_of().models is None
        state = (
            say("put aside")
            if row["serving"] and aside
            else say("writes")
            if row["serving"]
            else say("not taken")
            if row["status"] == "rejected"
            else say("ready")
        )
        told = {when: _shares(row["metrics"].get(when)) for when in ("before", "after")}

        async def promote() -> None:
            models = self.room.studio_of().models
            assert models is not None
            await self.room.read(
                lambda connection: registry.promote(connection, models, row["version"], "in the console")
            )
            parts.say_note(say("{version} writes from the next text on.", version=row["version"]))
            await self._draw()

        with parts.box("tr"):
            passed = [
                visit.percent(told[when][0], 0) if told[when][0] is not None else "–" for when in ("after", "before")
            ]
            parts.cells([row["version"], state, *passed, told["after"][1]], (2, 3, 4))
            with parts.box("td"):
                if not row["serving"] and self.room.studio_of().models is not None:
                    parts.button(
                        say("Let it write"), promote, "quiet", say("Let {version} write", version=row["version"])
                    )


def _shares(told: Any) -> tuple[float | None, str]:
    """(share of first drafts that went out, perplexity) of a measurement as the registry keeps it."""
    if not told:
        return None, "–"
    return told["passed"]["some"] / max(1, told["texts"]), f"{told['perplexity']:.2f}"
