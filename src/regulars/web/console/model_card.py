"""The console's page of one model version: its card in the reader's language, and how its training went."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from regulars.desk import charts, parts
from regulars.desk.frame import title
from regulars.desk.markup import Markup, coded, joined, tag
from regulars.desk.visit import Visit
from regulars.errors import DamagedModel, NotFound
from regulars.recommend import card_words
from regulars.recommend.words import source_words
from regulars.store.database import Row
from regulars.web.console.context import Context

PATH = "/models/version"


def mount(context: Context) -> None:
    """Hangs the page into the console."""

    @context.desk.page(PATH + "/{version}")
    async def version_page(visit: Visit) -> None:
        version = visit.path.removeprefix(PATH + "/")
        row, card, damaged = await asyncio.to_thread(_read, context, version)
        _heading(visit, row)
        parts.html(tag("p", tag("a", visit.say("All versions"), href=visit.link("/models"))))
        if damaged is not None:
            parts.html(tag("p", damaged.detail, " ", damaged.hint or "", class_="attention", role="alert"))
        if card is None:
            parts.html(_older(visit, row))
        else:
            for shown in _card(visit, card):
                parts.html(shown)
        _curves(visit, row["metrics"].get("sequence") or [])
        _judge_curves(visit, row["metrics"])
        if card is not None:
            parts.html(parts.section(visit.say("The way back"), tag("p", coded(card_words.way_back(visit.say, card)))))


def _read(context: Context, version: str) -> tuple[Row, dict[str, Any] | None, DamagedModel | None]:
    shop = context.shop_of()
    row = next((one for one in shop.models() if one["version"] == version), None)
    if row is None:
        raise NotFound(f"There is no model version {version[:80]!r}.")
    try:
        return row, shop.model_card(version), None
    except DamagedModel as error:
        return row, None, error


def _heading(visit: Visit, row: Row) -> None:
    say, version = visit.say, str(row["version"])
    words = {
        "candidate": say("{version} was not promoted", version=version),
        "rejected": say("{version} was rejected", version=version),
        "damaged": say("{version} is damaged", version=version),
    }
    sentence = words.get(row["status"], say("{version} served before", version=version))
    if row["serving"]:
        sentence = say("{version} makes the lists", version=version)
    title(
        visit,
        sentence,
        say("Made {time}. Verdict: {verdict}", time=visit.when(row["created_at"]), verdict=row["note"] or "–"),
    )


def _card(visit: Visit, card: Mapping[str, Any]) -> list[Markup]:
    say, held = visit.say, card["held_out"]
    limits = tag("ul", *(tag("li", card_words.limit(say, one)) for one in card["limits"]))
    note = say(
        "{count} held-out choices, one a person, that it hadn't learned from. In brackets the 95 % interval (bootstrap over"
        " people).",
        count=visit.number(held["choices"]),
    )
    shown = [parts.section(say("Limits"), limits)]
    figures = card_words.figure_rows(say, card)
    if figures:
        heads = [say("Part"), "NDCG@10", "recall@10", say("Weight")]
        table = parts.table(heads, figures, numbers=[1, 2, 3], caption=say("How well it foresees"))
        shown.append(parts.section(say("How well it foresees"), table, note=note))
    slices = [row for row in card_words.slice_rows(say, card) if row[1] != "0"]
    if slices:
        heads = [say("For whom, for what"), say("Choices"), "NDCG@10", say("Popular list"), say("Difference")]
        table = parts.table(heads, slices, numbers=[1, 2, 3, 4], caption=say("For whom"))
        shown.append(parts.section(say("For whom"), table))
    shown.append(parts.section(say("What it learned from"), parts.rows_of(card_words.data_rows(say, card))))
    shown.append(parts.section(say("What it is for"), *(tag("p", one) for one in card_words.purpose(say))))
    shown.append(parts.section(say("Settings"), _settings(visit, card)))
    called = card_words.seconds_words(say)
    spent = [(called.get(step, step), visit.number(seconds, 1)) for step, seconds in card["seconds"].items()]
    shown.append(parts.section(say("Time"), parts.rows_of(spent), note=say("In seconds.")))
    return shown


def _settings(visit: Visit, card: Mapping[str, Any]) -> Markup:
    say, changed = visit.say, card_words.setting_rows(card)
    seed = parts.rows_of([(say("Seed"), str(card["settings"]["seed"]))])
    if not changed:
        return joined([seed, tag("p", say("All settings are the defaults."))])
    heads = [say("Setting"), say("Value"), say("Default")]
    return joined([seed, parts.table(heads, changed, numbers=[1, 2], caption=say("Settings"))])


def _older(visit: Visit, row: Row) -> Markup:
    """What is known of a version without a card."""
    say, metrics = visit.say, row["metrics"]
    called, whole = source_words(say), metrics.get("validation") or {}
    rows = [
        [say("all together"), visit.number(whole.get("ndcg_at_10"), 4), visit.number(whole.get("recall_at_10"), 4), ""]
    ]
    for name, figures in (metrics.get("validation_by_source") or {}).items():
        cells = [visit.number(figures.get("ndcg_at_10"), 4), visit.number(figures.get("recall_at_10"), 4)]
        rows.append([called.get(name, name), *cells, visit.number(metrics.get("weights", {}).get(name), 2)])
    facts = [
        (say("Actions"), visit.number(metrics.get("interactions"))),
        (say("People"), visit.number(metrics.get("people"))),
        (say("Products"), visit.number(metrics.get("items"))),
        (say("Held-out choices"), visit.number(metrics.get("cases"))),
        (say("Took"), visit.span(float((metrics.get("seconds") or {}).get("total", 1)))),
    ]
    heads = [say("Source"), "NDCG@10", "recall@10", say("Weight")]
    return joined(
        [
            tag("p", say("This version has no card: it is older than cards, or its files are damaged."), class_="soft"),
            parts.rows_of(facts),
            parts.table(heads, rows, numbers=[1, 2, 3], caption=say("How well it foresees")),
        ]
    )


def _curves(visit: Visit, networks: Sequence[Mapping[str, Any]]) -> None:
    """Loss and NDCG@10 after each epoch, a network a line."""
    histories = [one["history"] for one in networks if one.get("history")]
    if not histories:
        return
    say = visit.say
    epochs = [str(number + 1) for number in range(max(len(one) for one in histories))]
    with parts.box("section"):
        parts.html(tag("h2", say("How the sequence network learned")))
        for name, words in (
            ("ndcg_at_10", say("NDCG@10 on held-out choices, by epoch")),
            ("loss", say("Loss, by epoch")),
        ):
            series = [
                charts.Series(say("network {number}", number=number + 1), [entry.get(name) for entry in one])
                for number, one in enumerate(histories)
            ]
            if all(value is None for one in series for value in one.values):
                continue
            ends = [value for value in series[0].values if value is not None]
            told = say(
                "{what}: {first} after the first, {last} after the last of {count}.",
                what=words, first=visit.number(ends[0], 4), last=visit.number(ends[-1], 4), count=len(epochs),
            )  # fmt: skip
            charts.over_time(words, epochs, series, says=told, from_zero=name != "loss")
        kept = ", ".join(str(one.get("epochs")) for one in networks)
        parts.html(tag("p", say("Kept after epoch {kept}.", kept=kept), class_="soft"))


def _judge_curves(visit: Visit, metrics: Mapping[str, Any]) -> None:
    """AUC, accuracy and loss of the judge of interest at each check, and of the teacher where there was one; else why there are none."""
    say, judge = visit.say, metrics.get("judge") or {}
    with parts.box("section"):
        parts.html(tag("h2", say("How the judge of interest learned")))
        if not judge.get("history"):
            words = say("This version has no judge of interest. `regulars train --judge frozen` adds one.")
            if metrics.get("judge_skipped"):
                words = say("It was left out: {reason}", reason=str(metrics["judge_skipped"]))
            parts.html(tag("p", coded(words), class_="soft"))
            return
        _checks(visit, "", judge["history"])
        ends = {
            "epochs": say("It stopped after all its passes."),
            "patience": say("It stopped since no check was better any more."),
            "time": say("It stopped when its time was over."),
        }
        told = (
            say("Method {method}, {learned} numbers learned in {seconds} s.",
                method=judge.get("method"), learned=visit.number(judge.get("learned")), seconds=visit.number(judge.get("seconds"), 0)),
            say("The check with the best AUC is kept; the first is from before learning."),
            ends.get(str(judge.get("stopped")), ""),
        )  # fmt: skip
        parts.html(tag("p", " ".join(one for one in told if one), class_="soft"))
        teacher = judge.get("teacher") or {}
        if teacher.get("history"):
            parts.html(tag("h3", say("Its teacher, a cross-encoder")))
            _checks(visit, say("teacher"), teacher["history"])


def _checks(visit: Visit, whose: str, history: Sequence[Mapping[str, Any]]) -> None:
    """A chart a measure, over the steps at which was checked."""
    say = visit.say
    steps = [visit.number(entry.get("step")) for entry in history]
    with parts.box("div", "charts"):
        for name, words in (
            ("auc", say("AUC on people held out, by step")),
            ("accuracy", say("Accuracy on people held out, by step")),
            ("loss", say("Loss, by step")),
        ):
            # Before learning there is no loss: its line begins at the first check after it.
            known = [
                (step, entry[name]) for step, entry in zip(steps, history, strict=True) if entry.get(name) is not None
            ]
            if not known:
                continue
            told = say(
                "{what}: {first} at the first check, {last} at the last of {count}.",
                what=words, first=visit.number(known[0][1], 4), last=visit.number(known[-1][1], 4), count=len(known),
            )  # fmt: skip
            values = [value for _, value in known]
            charts.over_time(
                words, [step for step, _ in known], [charts.Series(whose, values)], says=told, from_zero=False
            )
