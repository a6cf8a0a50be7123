"""The console's page of models: versions with their figures, training, promotion, rolling back."""

from __future__ import annotations

import asyncio
from typing import Any

from nicegui import ui

from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.desk.works import Work
from regulars.recommend.settings import FILE
from regulars.store.database import Row
from regulars.web.console import minutes, model_card, tuning
from regulars.web.console.context import Context

LOOK_SECONDS = 1.0
MINUTES = 7.0  # as `regulars train`
LEAST_MINUTES, MOST_MINUTES = 0.01, 240.0
_READ_PROMOTIONS = "SELECT version, reason, at FROM promotions WHERE kind = %s ORDER BY promotion_id DESC LIMIT 30"


def mount(context: Context) -> None:
    """Hangs the page into the console."""

    @context.desk.page("/models")
    async def models(visit: Visit) -> None:
        read = await asyncio.to_thread(_read, context)
        _heading(visit, *read)
        with parts.box("section"):
            _train(context, visit)
        shown = parts.box()

        def draw(versions: list[Row], promotions: list[Row]) -> None:
            shown.clear()
            with shown:
                _versions(context, visit, versions, promotions, redraw)

        async def redraw() -> None:
            draw(*await asyncio.to_thread(_read, context))

        draw(*read)
        over = {work.number for work in context.works.all if work.over}

        async def follow() -> None:
            now = {work.number for work in context.works.all if work.over}
            if now - over:
                over.update(now)
                await redraw()

        ui.timer(LOOK_SECONDS, follow)


def _read(context: Context) -> tuple[list[Row], list[Row]]:
    shop = context.shop_of()
    with shop.database.connect(autocommit=True) as connection:
        promotions = connection.execute(_READ_PROMOTIONS, ("recommender",)).fetchall()
    return shop.models(), promotions


def _heading(visit: Visit, versions: list[Row], promotions: list[Row]) -> None:
    serving = next((row for row in versions if row["serving"]), None)
    if serving is None:
        below = visit.say("Lists come from counts and words until a model is trained.")
        title(visit, visit.say("No model is trained yet"), below)
        return
    since = promotions[0]["at"] if promotions else serving["created_at"]
    title(
        visit,
        visit.say("{version} makes the lists", version=serving["version"]),
        visit.say("Since {time}", time=visit.when(since)),
    )


def _train(context: Context, visit: Visit) -> None:
    say = visit.say
    parts.html(
        tag(
            "p",
            say("Training takes some minutes in a process of its own; lists go on being made meanwhile."),
            class_="soft",
        )
    )
    tuned = (context.workspace.tuning / FILE).is_file()
    words = say("It uses the tuned settings.") if tuned else say("It uses the default settings.")
    parts.html(tag("p", words, " ", tag("a", say("Tuning"), href=visit.link(tuning.PATH))))
    fields = minutes.field(say("Minutes for learning, at most"), MINUTES, LEAST_MINUTES, MOST_MINUTES)

    def go(given: dict[str, list[str]]) -> None:
        wanted = minutes.given(visit, given, LEAST_MINUTES, MOST_MINUTES)

        def then(_: Work) -> None:
            context.insights_of().forget()

        context.works.start("training", say("Training"), ["train", "--max-minutes", f"{wanted:g}", "--json"], then)

    parts.form(fields, say("Train now"), go, "first", "line")


def _versions(context: Context, visit: Visit, versions: list[Row], promotions: list[Row], redraw: Any) -> None:
    say = visit.say
    if not versions:
        text = say(
            "A version appears here after each training, with what it measured. It needs products, and events or orders."
        )
        parts.html(tag("p", text, class_="empty"))
        return
    earlier = next((row["version"] for row in promotions if row["version"] != promotions[0]["version"]), None)

    async def roll_back() -> None:
        version = await asyncio.to_thread(context.shop_of().roll_back)
        parts.say_note(say("{version} serves again.", version=version))
        await redraw()

    with parts.box("section"):
        parts.html(tag("h2", say("Versions")))
        if earlier:
            question = say("{version} will make the lists again, within seconds.", version=earlier)
            opens = parts.confirm(visit, say("Roll back?"), question, say("Roll back"), roll_back, kind="first")
            with parts.box("div", "actions"):
                parts.button(say("Roll back to the version before"), opens)
        heads = [say("Version"), say("State"), "NDCG@10", "recall@10", say("Learned from"), say("Verdict")]
        with parts.acting_table(visit, say("Versions"), heads, numbers=(2, 3)):
            for row in versions:
                _version(context, visit, row, redraw)
    reasons = {
        "trained": say("trained"),
        "by hand": say("by hand"),
        "rolled back": say("rolled back"),
        "console": say("in the console"),
    }
    history = [[visit.when(row["at"]), row["version"], reasons.get(row["reason"], row["reason"])] for row in promotions]
    shown = parts.table([say("When"), say("Version"), say("Why")], history, caption=say("What served when"))
    parts.html(parts.section(say("What served when"), shown))


def _state(visit: Visit, row: Row) -> Markup:
    say = visit.say
    if row["serving"]:
        return tag("span", say("serves"), class_="badge good")
    words = {
        "candidate": say("not promoted"),
        "rejected": say("rejected"),
        "promoted": say("served before"),
        "retired": say("served before"),
        "damaged": say("damaged"),
    }
    bad = "badge bad" if row["status"] in ("rejected", "damaged") else "badge"
    return tag("span", words.get(row["status"], row["status"]), class_=bad)


def _version(context: Context, visit: Visit, row: Row, redraw: Any) -> None:
    say, metrics = visit.say, row["metrics"]
    validation = metrics.get("validation") or {}
    version = str(row["version"])
    learned = say("{interactions} actions of {people} people")
    learned = learned.format(
        interactions=visit.number(metrics.get("interactions")), people=visit.number(metrics.get("people"))
    )
    with parts.box("tr"):
        measured = [visit.number(validation.get(name), 4) for name in ("ndcg_at_10", "recall_at_10")]
        link = tag("a", version, href=visit.link(f"{model_card.PATH}/{version}"))
        named = joined([link, tag("small", visit.when(row["created_at"]), class_="soft")])
        parts.cells([named, _state(visit, row), *measured, learned, row["note"] or "–"], numbers=(2, 3))
        with parts.box("td"):
            if not row["serving"] and row["status"] != "damaged":

                async def promote() -> None:
                    await asyncio.to_thread(context.shop_of().promote, version, "console")
                    parts.say_note(say("{version} serves.", version=version))
                    await redraw()

                question = say(
                    "{version} will make the lists from now on, within seconds. You can roll back.", version=version
                )
                opens = parts.confirm(
                    visit, say("Let this version serve?"), question, say("Promote"), promote, kind="first"
                )
                parts.button(say("Promote"), opens, "quiet", label=f"{say('Promote')}: {version}")
