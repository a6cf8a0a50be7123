"""The console's page of rules: what is in force, writing with completion, what is odd, what would change, history and undo."""

from __future__ import annotations

import asyncio
import functools

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.errors import Conflict, InvalidInput
from regulars.recommend.pages import context
from regulars.recommend.pages.context import Room
from regulars.recommend.rules import checks
from regulars.recommend.rules import service as rules
from regulars.recommend.rules.preview import recent
from regulars.store import rule_books
from regulars.store.rule_books import Book

EXAMPLES = (
    "cap each brand at most 2 on home",
    "boost age < 28 days by 20% on home, email",
    "bury stock < 3 by 50%",
    "exclude price > 200 for newcomers",
)


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(context.RULES)
    async def rules_page(visit: Visit) -> None:
        say = visit.say
        engine = room.engine_of()
        book, history = await engine.in_transaction(lambda c: (rule_books.newest(c), rule_books.history(c, 30)))
        checked = await asyncio.to_thread(rules.check, engine.serving, book.text, book.version)
        live = sum(not rule.off for rule in checked.read.rules)
        if live:
            sentence = visit.many("{count} rule steers the lists", "{count} rules steer the lists", live)
            title(
                visit,
                sentence,
                say(
                    "Version {version}, in force {since}.",
                    version=book.version,
                    since=visit.ago(book.at) if book.at else "",
                ),
            )
        else:
            title(visit, say("No rule steers the lists"), say("They are as the model finds them."))
        context.sections(visit)
        await _Editor(room, visit, book).build()
        _history(room, visit, history, book)
        parts.html(_language(visit))


class _Editor:
    """The text, one line with completion above it, and what is said about it."""

    def __init__(self, room: Room, visit: Visit, book: Book) -> None:
        self.room, self.visit, self.book = room, visit, book

    async def build(self) -> None:
        say = self.visit.say
        with parts.box("section"):
            parts.html(tag("h2", say("Rules")))
            self._line()
            text = tag(
                "textarea", self.book.text, name="text", id="rules-text", rows=max(8, min(30, self.book.text.count("\n") + 4)),
                spellcheck="false", class_="code", aria_describedby="rules-help", maxlength=rules.MAX_TEXT,
            )  # fmt: skip
            fields = joined(
                [
                    tag("div", tag("label", say("All rules, one a line"), for_="rules-text"), text,
                        tag("small", say("Nothing counts before it is put in force. “off” at the beginning of a line keeps a rule without effect."), id="rules-help"), class_="field"),
                    parts.field("note", say("What the change is for"), "", maxlength=500, placeholder=say("e.g. Christmas")),
                    tag(
                        "div",
                        tag("button", say("Check"), type="submit", name="do", value="check"),
                        " ",
                        tag("button", say("Preview"), type="submit", name="do", value="preview"),
                        class_="actions",
                    ),
                ]
            )  # fmt: skip
            parts.form(fields, say("Put in force"), self._sent, "first", "wide")
            self.told = parts.box("div", aria_live="polite")

    def _line(self) -> None:
        """A rule as it is typed: what could stand next is offered by the browser's own list."""
        say = self.visit.say
        with parts.box("div", "rule-line"):
            parts.html(tag("label", say("Write a rule"), for_="rule-line"), "div")
            field = TextElement(tag="input", text="")
            for name, value in {
                "id": "rule-line",
                "list": "rule-options",
                "autocomplete": "off",
                "spellcheck": "false",
                "maxlength": "2000",
                "placeholder": EXAMPLES[0],
            }.items():
                field.props[name] = value
            field.classes("code")
            offered = parts.html(tag("datalist", id="rule-options"), "div")

            async def typed(line: str) -> None:
                found = await asyncio.to_thread(rules.completed, self.room.engine_of().serving, line)
                whole = [line[: found["start"]] + option for option in found["options"]]
                offered.set_content(
                    tag("datalist", joined(tag("option", value=one) for one in whole), id="rule-options")
                )

            field.on(
                "input", lambda event: typed(str(event.args)), throttle=0.15, js_handler="(e) => emit(e.target.value)"
            )
            field.on("focus", lambda event: typed(str(event.args)), js_handler="(e) => emit(e.target.value)")
            add = TextElement(tag="button", text=say("Add the line")).classes("plain")
            add.props["type"] = "button"
            add.on(
                "click",
                js_handler="() => { const line = document.getElementById('rule-line'), text = document.getElementById('rules-text');"
                " if (!line.value.trim()) return; text.value = text.value.replace(/\\n*$/, '') + (text.value.trim() ? '\\n' : '') + line.value.trim() + '\\n';"
                " line.value = ''; line.focus(); text.scrollTop = text.scrollHeight; }",
            )

    async def _sent(self, given: dict[str, list[str]]) -> None:
        say, visit = self.visit.say, self.visit
        text = given.get("text", [""])[0].replace("\r\n", "\n")
        wanted = given.get("do", ["publish"])[0]
        engine = self.room.engine_of()
        serving = engine.serving
        if (why := rules.too_long(text)) is not None:
            raise InvalidInput(why.said(say))
        checked = await asyncio.to_thread(rules.check, serving, text)
        self.told.clear()
        if checked.read.problems:
            with self.told:
                parts.html(_problems(visit, checked))
            raise InvalidInput(
                visit.many("{count} line can't be read.", "{count} lines can't be read.", len(checked.read.problems))
            )
        if wanted == "publish":
            note = given.get("note", [""])[0].strip()
            try:
                book = await engine.in_transaction(lambda c: rules.publish(c, serving, text, note, self.book.version))
            except Conflict as error:
                raise Conflict(say("The rules were changed meanwhile. Look at the new ones and try again.")) from error
            await engine.refresh()
            parts.say_note(say("Version {version} is in force.", version=book.version))
            ui.timer(1.0, lambda: ui.navigate.reload(), once=True)
            return
        pieces = [_findings(visit, checked), _counted(visit, checked)]
        if wanted == "preview":
            asked = await engine.in_transaction(lambda c: recent(c, serving))
            found = await asyncio.to_thread(rules.previewed, serving, text, asked)
            pieces.append(
                parts.section(
                    say("What would change"),
                    context.changes(visit, serving, found, say("Now"), say("With these rules")),
                )
            )
        with self.told:
            parts.html(joined(pieces))


def _problems(visit: Visit, checked: rules.Checked) -> Markup:
    lines = checked.text.splitlines()
    say = visit.say
    shown = [
        tag(
            "li",
            tag("b", say("Line {line}, character {column}", line=one.line, column=one.column)),
            ": ", message, " ", hint,
            tag("pre", lines[one.line - 1][: one.column - 1], tag("mark", lines[one.line - 1][one.column - 1 : one.column - 1 + one.length] or " "), lines[one.line - 1][one.column - 1 + one.length :]),
        )
        for one in checked.read.problems[:20]
        for message, hint in (one.said(say),)
    ]  # fmt: skip
    return parts.section(say("What can't be read"), tag("ul", *shown))


def _findings(visit: Visit, checked: rules.Checked) -> Markup:
    say = visit.say
    if not checked.findings:
        return tag("p", say("Nothing is odd about them."), class_="soft")
    shown = [
        tag("li", tag("span", say("Contradiction") if one.level == "contradiction" else say("Hint"), class_="badge bad" if one.level == "contradiction" else "badge"), " ", checks.sentence(say, one))
        for one in checked.findings
    ]  # fmt: skip
    return parts.section(say("What is odd"), tag("ul", *shown, class_="plain"))


def _counted(visit: Visit, checked: rules.Checked) -> Markup:
    say = visit.say
    told = checked.told(visit.locale)["rules"]
    rows = [
        [one["line"], tag("code", one["text"]), "–" if one["off"] else visit.number(one["products"])] for one in told
    ]
    heads = [say("Line"), say("Rule"), say("Products")]
    about = say("What each rule is about")
    return parts.section(
        about, parts.table(heads, rows, numbers=[0, 2], caption=about, empty=say("There are no rules."))
    )


def _history(room: Room, visit: Visit, history: list[Book], book: Book) -> None:
    say = visit.say
    with parts.box("section"):
        parts.html(tag("h2", say("History")))
        if not history:
            parts.html(tag("p", say("Each change will stand here, and can be taken back."), class_="empty"))
            return

        async def back(version: int | None) -> None:
            engine = room.engine_of()
            made = await engine.in_transaction(lambda c: rule_books.restore(c, version))
            await engine.refresh()
            parts.say_note(say("Version {version} is in force.", version=made.version))
            ui.timer(1.0, lambda: ui.navigate.reload(), once=True)

        with parts.box("div", "actions"):
            parts.button(say("Undo the last change"), lambda: back(None))
        heads = [say("Version"), say("When"), say("Rules"), say("For")]
        with parts.acting_table(visit, say("History"), heads, [0, 2]):
            for one in history:
                count = sum(1 for line in one.text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
                with parts.box("tr"):
                    parts.cells(
                        [
                            visit.number(one.version),
                            visit.when(one.at),
                            visit.number(count),
                            parts.details(one.note or say("Its text"), tag("pre", one.text or say("No rules."))),
                        ],
                        [0, 2],
                    )
                    with parts.box("td"):
                        if one.version != book.version:
                            parts.button(
                                say("Put in force again"),
                                functools.partial(back, one.version),
                                "quiet",
                                label=f"{say('Put in force again')}: {one.version}",
                            )


def _language(visit: Visit) -> Markup:
    say = visit.say
    rows = [
        [tag("code", "exclude"), say("Never in a list."), tag("code", "exclude stock < 3 on email")],
        [tag("code", "boost"), say("Further up, by so much more odds."), tag("code", "boost brand is North by 20%")],
        [tag("code", "bury"), say("Further down."), tag("code", "bury margin < 10 by 50%")],
        [tag("code", "cap"), say("At most so many in a list."), tag("code", "cap each brand at most 2 on home")],
        [tag("code", "pin"), say("At a place of its own."), tag("code", 'pin product is "A1" at 1 on home')],
    ]
    told = parts.table([say("Word"), say("What it does"), say("Example")], rows, caption=say("What rules can say"))
    more = say(
        "Conditions: product, category, brand, price, stock, age, margin, discount, any attribute; joined by “and”. Then: on where, for whom (newcomers, visitors, customers, buyers, regulars), from and until a day, within days of buying something, unless compatible."
    )
    return parts.details(say("What rules can say"), told, tag("p", more))
