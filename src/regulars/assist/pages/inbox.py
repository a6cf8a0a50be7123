"""The console's inbox: who waits for a person, what is being said, live."""

from __future__ import annotations

from nicegui import ui

from regulars.assist.pages import context
from regulars.assist.pages.context import Room
from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.store import conversations as table
from regulars.store.database import Connection, Row

LOOK_SECONDS = 2.0
MOST = 100
SHOWN = 140
"""Characters of the last message."""

VIEWS = {
    "open": ["waiting", "human"],
    "bot": ["bot"],
    "closed": ["closed"],
    "all": ["waiting", "human", "bot", "closed"],
}


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page("/inbox")
    async def inbox(visit: Visit) -> None:
        asked = visit.asked("show")
        view = asked if asked in VIEWS else "all"
        text = visit.asked("q")

        def read(connection: Connection) -> tuple[dict[str, int], list[Row]]:
            return table.mode_counts(connection), table.inbox(connection, VIEWS[view], text, MOST)

        counts, rows = await room.read(read)
        heading = parts.box()
        if not counts:
            with heading:
                title(visit, visit.say("Nobody has written yet"))
            parts.html(_teach(visit))
            return
        parts.html(_views(visit, view))
        parts.html(_search(visit, view, text))
        shown = parts.box("div", "", aria_live="polite")

        def draw(counts: dict[str, int], rows: list[Row]) -> None:
            heading.clear()
            with heading:
                title(visit, _sentence(visit, counts), _below(visit, counts))
            shown.clear()
            with shown:
                parts.html(_table(visit, rows, text))

        draw(counts, rows)
        last = _mark(counts, rows)

        async def follow() -> None:
            nonlocal last
            found = await room.read(read)
            if _mark(*found) != last:
                last = _mark(*found)
                draw(*found)

        ui.timer(LOOK_SECONDS, follow)


def _mark(counts: dict[str, int], rows: list[Row]) -> tuple[object, ...]:
    return (*sorted(counts.items()), *((row["conversation_id"], row["changed_at"], row["mode"]) for row in rows))


def _sentence(visit: Visit, counts: dict[str, int]) -> str:
    waiting = counts.get("waiting", 0)
    if not waiting:
        return visit.say("Nobody waits for a person")
    return visit.many("One customer waits for a person", "{count} customers wait for a person", waiting)


def _below(visit: Visit, counts: dict[str, int]) -> str:
    return visit.say(
        "{human} with a person, {bot} with the assistant, {closed} closed.",
        human=visit.number(counts.get("human", 0)),
        bot=visit.number(counts.get("bot", 0)),
        closed=visit.number(counts.get("closed", 0)),
    )


def _views(visit: Visit, view: str) -> Markup:
    say = visit.say
    words = {
        "all": say("All"),
        "open": say("For a person"),
        "bot": say("With the assistant"),
        "closed": say("Closed"),
    }
    options = [(words[one], visit.link("/inbox", show=one, q=visit.asked("q")), one == view) for one in words]
    return parts.switch(say("Which conversations"), options)


def _search(visit: Visit, view: str, text: str) -> Markup:
    say = visit.say
    return tag(
        "form",
        tag("div", parts.field("q", say("Words, a name or an e-mail address"), text, identity="inbox-q"), class_="fields"),
        tag("input", type="hidden", name="show", value=view),
        tag("button", say("Search"), class_="plain"),
        class_="form line",
        action=visit.link("/inbox"),
        role="search",
    )  # fmt: skip


def _table(visit: Visit, rows: list[Row], text: str) -> Markup:
    say = visit.say
    reasons, channels = context.reason_words(say), context.channel_words(say)
    made = []
    for row in rows:
        address = visit.link(f"/inbox/{row['conversation_id']}")
        first = f"{row['last'][:SHOWN]}…" if len(row["last"]) > SHOWN else row["last"]
        reason = reasons.get(row["handover_reason"] or "", row["handover_reason"])
        made.append(
            [
                joined([tag("a", context.who(visit, row), href=address), tag("div", first), tag("small", channels.get(row["channel"], row["channel"]), " · ", context.language_word(say, row["locale"]))]),
                joined([context.mode_badge(say, row["mode"]), *(tag("small", one) for one in (reason, visit.ago(row["changed_at"])) if one)]),
            ]
        )  # fmt: skip
    # Two columns: both are seen at telephone width.
    heads = [say("Who, and the last words"), say("State")]
    nothing = say("Nothing here holds {words}.", words=text[:80]) if text else say("None of these now.")
    return parts.table(heads, made, caption=say("Conversations"), empty=nothing)


def _teach(visit: Visit) -> Markup:
    say = visit.say
    return parts.empty(
        say("Conversations appear here as they are had"),
        say(
            "In the storefront's chat, over the API or in the terminal (regulars chat). The assistant answers from your help"
            " centre and policies, and hands over to you what it can't answer or may not do."
        ),
        tag("a", say("Write the first article"), href=visit.link(context.KNOWLEDGE), class_="act"),
        tag("a", say("Look at the policies"), href=visit.link(context.POLICIES), class_="act"),
    )
