"""The console's page of tuning: what is in use, what was tried, what mattered; start, go on, back to the defaults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from nicegui import ui

from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.recommend import settings as saved
from regulars.recommend import tune
from regulars.recommend.words import source_words
from regulars.web.console import minutes
from regulars.web.console.context import Context

PATH = "/models/tuning"
LOOK_SECONDS = 2.0
MINUTES = 30.0  # as `regulars tune`
LEAST_MINUTES, MOST_MINUTES = 0.1, 1_440.0
MOST_ROWS = 40

Study = Mapping[str, Any]


def mount(context: Context) -> None:
    """Hangs the page into the console."""
    folder = context.workspace.tuning

    @context.desk.page(PATH)
    async def tuning_page(visit: Visit) -> None:
        study, document = await asyncio.to_thread(_read, context)
        _heading(visit, study, document)
        parts.html(tag("p", tag("a", visit.say("All versions"), href=visit.link("/models"))))
        shown = parts.box()

        def draw(study: Study | None, document: dict[str, Any] | None) -> None:
            shown.clear()
            with shown:
                _start(context, visit, study)
                _in_use(context, visit, study, document, redraw)
                if study is not None:
                    parts.html(_found(visit, study))
                    for part in study["parts"]:
                        parts.html(_part(visit, part, study["usual"]))

        async def redraw() -> None:
            draw(*await asyncio.to_thread(_read, context))

        draw(study, document)
        last = (study or {}).get("changed"), (study or {}).get("state")

        async def follow() -> None:
            nonlocal last
            found = await asyncio.to_thread(tune.shown, folder)
            now = (found or {}).get("changed"), (found or {}).get("state")
            if now != last:
                last = now
                await redraw()

        ui.timer(LOOK_SECONDS, follow)


def _read(context: Context) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    folder = context.workspace.tuning
    return tune.shown(folder), saved.read_document(folder)


def _runs(study: Study | None) -> bool:
    return study is not None and study["state"] in ("searching", "checking")


def _heading(visit: Visit, study: Study | None, document: dict[str, Any] | None) -> None:
    say = visit.say
    if document is not None:
        sentence = say("Trainings use settings that suit this shop")
    elif _runs(study):
        sentence = say("Tuning looks for settings that suit this shop")
    elif study is not None and study["result"] is not None:
        sentence = say("Nothing surely better than the defaults was found")
    elif study is not None:
        sentence = say("A tuning was stopped before its end")
    else:
        sentence = say("Trainings use the default settings")
    below = say("The defaults are good for most shops; yours may be another. Tuning tries, and checks what it finds.")
    title(visit, sentence, below)


def _start(context: Context, visit: Visit, study: Study | None) -> None:
    say = visit.say
    if _runs(study):
        parts.html(tag("p", say("It is running now; what it has tried appears here as it goes."), class_="attention"))
        return
    stopped = study is not None and study["result"] is None
    words = say("Go on") if stopped else say("Search anew") if study is not None else say("Tune now")
    fields = minutes.field(say("Minutes, at most"), MINUTES, LEAST_MINUTES, MOST_MINUTES)

    def go(given: dict[str, list[str]]) -> None:
        wanted = minutes.given(visit, given, LEAST_MINUTES, MOST_MINUTES)
        arguments = ["tune", "--minutes", f"{wanted:g}", "--json"]
        if study is not None and not stopped:
            arguments.append("--fresh")
        context.works.start("tuning", say("Tuning"), arguments)

    with parts.box("section"):
        text = say(
            "It runs in a process of its own; lists go on being made meanwhile. Stopped, it goes on where it stood."
        )
        parts.html(tag("p", text, class_="soft"))
        parts.form(fields, words, go, "first", "line")


def _in_use(context: Context, visit: Visit, study: Study | None, document: dict[str, Any] | None, redraw: Any) -> None:
    say = visit.say
    if document is None:
        if study is None:
            text = say(
                "After a tuning this page shows what was tried, what mattered and what is better. It needs 100 people with at"
                " least two different products each."
            )
            parts.html(tag("p", text, class_="empty"))
        return
    usual = (study or {}).get("usual", {})
    rows = [
        [path, json.dumps(value), json.dumps(usual[path]) if path in usual else "–"] for path, value in _flat(document)
    ]

    async def forget() -> None:
        await asyncio.to_thread(tune.forget, context.workspace.tuning)
        parts.say_note(say("Trainings use the default settings again."))
        await redraw()

    with parts.box("section"):
        parts.html(tag("h2", say("In use")))
        heads = [say("Setting"), say("Value"), say("Default")]
        parts.html(parts.table(heads, rows, numbers=[1, 2], caption=say("In use"), empty=say("The file says nothing.")))
        question = say(
            "The next training uses the defaults. Versions trained before stay as they are; the trials are kept."
        )
        opens = parts.confirm(visit, say("Back to the defaults?"), question, say("Use the defaults"), forget)
        with parts.box("div", "actions"):
            parts.button(say("Back to the defaults"), opens)


def _flat(document: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in document.items():
        if isinstance(value, dict):
            found += _flat(value, f"{before}{name}.")
        elif before + name != saved.ABOUT:
            found.append((before + name, value))
    return found


def _found(visit: Visit, study: Study) -> Markup:
    """The verdict and where it comes from."""
    say, result = visit.say, study["result"]
    facts = [
        (say("Data"), say("{interactions} actions of {people} people", interactions=visit.number(study["interactions"]), people=visit.number(study["people"]))),
        (say("Seed"), str(study["seed"])),
    ]  # fmt: skip
    if result is None:
        verdict = say("Not checked yet: the winner is compared with the defaults at the end, on choices it never saw.")
    elif result["why"] == "defaults_best":
        verdict = say("No settings did better than the defaults.")
    else:
        verdict = (
            say("Better than the defaults, and not by luck: taken.")
            if result["taken"]
            else say("Better in the search, but not surely on other choices: not taken.")
        )
        mean, low, high = (f"{value:+.4f}" for value in result["gain"])
        facts.insert(
            0, (say("NDCG@10, difference"), say("{mean} (95 %: {low} to {high})", mean=mean, low=low, high=high))
        )
        both = [visit.number(result["ndcg_at_10"][name], 4) for name in ("defaults", "found")]
        facts.insert(1, (say("NDCG@10, defaults and found"), " → ".join(both)))
        facts.insert(2, (say("Choices it never saw"), visit.number(result["choices"])))
    skipped = [tag("p", f"{_called(visit, name)}: {why}", class_="soft") for name, why in study["skipped"].items()]
    return parts.section(say("The outcome"), tag("p", verdict), parts.rows_of(facts), *skipped)


def _called(visit: Visit, name: str) -> str:
    return source_words(visit.say).get(name, name)


def _part(visit: Visit, part: Mapping[str, Any], usual: Mapping[str, Any]) -> Markup:
    say = visit.say
    best = part["best"]["value"] if part["best"] else None
    note = say(
        "{count} trials. NDCG@10 in the search: defaults {defaults}, best {best}.",
        count=visit.number(len(part["trials"])), defaults=visit.number(part["defaults"], 4), best=visit.number(best, 4),
    )  # fmt: skip
    inside: list[Markup] = []
    if part["importance"]:
        mattered = [
            (_short(name), visit.percent(share, 0))
            for name, share in sorted(part["importance"].items(), key=lambda pair: -pair[1])
        ]
        inside += [tag("h3", say("What mattered")), parts.rows_of(mattered)]
    states = {"done": "", "pruned": say("given up early"), "failed": say("broken off")}
    rows = []
    for row in sorted(part["trials"], key=lambda row: (row["value"] is None, -(row["value"] or 0), row["number"])):
        tried = ", ".join(f"{_short(name)} {json.dumps(value)}" for name, value in row["settings"].items())
        value = visit.number(row["value"], 4) if row["state"] == "done" else "–"
        is_usual = all(usual.get(name) == value for name, value in row["settings"].items())
        badge = say("defaults") if is_usual and row["state"] == "done" else states.get(row["state"], row["state"])
        rows.append(
            [
                visit.number(row["number"]),
                value,
                visit.number(row["seconds"], 1),
                badge,
                tag("span", tried, class_="tried"),
            ]
        )
    heads = [say("Trial"), "NDCG@10", say("Seconds"), "", say("Settings")]
    table = parts.table(heads, rows[:MOST_ROWS], numbers=[0, 1, 2], caption=say("Trials, best first"))
    inside.append(parts.details(say("Trials, best first"), table))
    return parts.section(_called(visit, part["name"]), joined(inside), note=note)


def _short(path: str) -> str:
    """A setting's own name."""
    return path.partition(".")[2]
