"""A model card in words: for the command line, for card.md, for the console. Knows codes and figures, measures nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from regulars.language.translations import Say
from regulars.recommend.slices import BASELINE, MODEL
from regulars.recommend.words import source_words

Card = Mapping[str, Any]


def purpose(say: Say) -> list[str]:
    """What such a model is for, and what it isn't."""
    return [
        say("Puts products in order for one visitor: what this person is likely to look at, want or buy next."),
        say(
            "Not for prices, credit, staff or anything that decides about a person. What is out of stock or excluded is taken"
            " out by filters, not by the model."
        ),
    ]


def slice_words(say: Say) -> dict[tuple[str, str], str]:
    """Whose choices, or choices of what, a slice holds."""
    return {
        ("history", "1"): say("people with one event before"),
        ("history", "2-4"): say("people with 2 to 4 events before"),
        ("history", "5+"): say("people with 5 or more events before"),
        ("popularity", "head"): say("popular products (half of all choices)"),
        ("popularity", "tail"): say("less popular products (the other half)"),
        ("popularity", "untouched"): say("products nobody had chosen before"),
        ("price", "low"): say("the cheapest third of products"),
        ("price", "middle"): say("the middle third by price"),
        ("price", "high"): say("the dearest third of products"),
    }


def part_words(say: Say) -> dict[str, str]:
    """The model and its sources."""
    return {MODEL: say("all together"), **source_words(say)}


def seconds_words(say: Say) -> dict[str, str]:
    """The steps of a training."""
    return {
        "text": say("Texts"),
        "pictures": say("Pictures"),
        "counts": say("Counts"),
        "sequence": say("Sequence network"),
        "judge": say("Judge of interest"),
        "blend": say("Weights and measuring"),
        "ranker": say("Ranker"),
        "finish_sequence": say("Sequence network, on everything"),
        "final_counts": say("Counts on everything"),
        "total": say("Total"),
    }


def limit(say: Say, one: Mapping[str, Any]) -> str:
    """A limit's sentence."""
    called = slice_words(say)
    name = called.get((one.get("kind", ""), one.get("slice", "")), "")
    small = [f"{called[row['kind'], row['slice']]} ({row['choices']})" for row in one.get("slices", [])]
    number = {key: f"{one[key]:+.4f}" for key in ("gain", "low", "high") if key in one}
    sentences = {
        "not_measured": say("Nobody's last choice could be held back, so nothing is measured: these figures are missing, not zero."),
        "few_choices": say("Measured on only {choices} choices: look at the intervals, not at the figures."),
        "few_people": say("Learned from only {people} people. More events make it better; train again as they come."),
        "without_sequence": say("Without the sequence network: {reason}"),
        "little_text": say(
            "Only {items} of {of} products have a text. New products are known by their text alone: write some."
        ),
        "stopped_by_time": say("The clock ended the learning, so the same data and seed needn't give the same model."),
        "fitted_on_them": say("The weights of the parts were fitted on the same choices: the figures are a little too high."),
        "source_is_better": say("The part “{source}” alone does better than all together."),
        "slice_worse": say("Worse than the popular list for {name}: NDCG@10 {gain} (95 %: {low} to {high})."),
        "slice_not_better": say("Perhaps worse than the popular list for {name}: NDCG@10 {gain} (95 %: {low} to {high})."),
        "slices_too_small": say("Too few choices to judge by: {small}."),
        "offline_only": say(
            "All figures are about the past: what people chose from the lists of then. Whether they come back only an"
            " experiment says."
        ),
    }  # fmt: skip
    source = part_words(say).get(one.get("source", ""), one.get("source", ""))
    code = str(one["code"])
    return sentences.get(code, code).format(
        **{**one, **number, "name": name, "source": source, "small": say(", ").join(small)}
    )


def way_back(say: Say, card: Card) -> str:
    """How to undo this version."""
    before = card["lineage"]["before"]
    if before:
        return say("`regulars models rollback` lets the version before serve again; when this one was made that was {version}: "
                   "`regulars models promote {version}`.").format(version=before)  # fmt: skip
    return say(
        "It is the first. Without it, lists come from counts and words; a better one replaces it when it is trained."
    )


def estimate(figures: Sequence[float] | None, *, signed: bool = False) -> str:
    """ "0.0712 (0.0650 – 0.0781)"; signed: "+0.0062 (−0.0011 – +0.0130)"."""
    if not figures:
        return "–"
    sign = "+" if signed else ""
    mean, low, high = (f"{figure:{sign}.4f}".replace("-", "−") for figure in figures)
    return f"{mean} ({low} – {high})"


def data_rows(say: Say, card: Card) -> list[tuple[str, str]]:
    """What it learned from."""
    data = card["data"]
    share = data["items_with_text"] / data["items"] if data["items"] else 0.0
    rows = [
        (say("People"), f"{data['people']:,}"),
        (say("Products"), f"{data['items']:,}"),
        (say("Of them ever chosen"), f"{data['items_touched']:,}"),
        (say("Of them with a text"), f"{data['items_with_text']:,} ({share:.0%})"),
        (say("Actions"), f"{data['interactions']:,}"),
        (say("Left out: people who refused personalisation"), f"{data['refused']:,}"),
    ]
    if data["from"]:
        rows.insert(0, (say("Period"), f"{data['from'][:10]} – {data['to'][:10]}"))
    return rows


def figure_rows(say: Say, card: Card) -> list[list[str]]:
    """Part, NDCG@10, recall@10, weight."""
    called = part_words(say)
    rows = []
    for name, figures in card["held_out"]["sources"].items():
        weight = card["parts"]["weights"].get(name)
        cells = [estimate(figures["ndcg_at_10"]), estimate(figures["recall_at_10"])]
        rows.append([called.get(name, name), *cells, "" if weight is None else f"{weight:.2f}"])
    return rows


def slice_rows(say: Say, card: Card) -> list[list[str]]:
    """Slice, choices, NDCG@10 of the model, of the popular list, the difference."""
    called = slice_words(say)
    rows = []
    for row in card["held_out"]["slices"]:
        name = called.get((row["kind"], row["slice"]), row["slice"])
        if row["kind"] == "price":
            name += _bounds(row["slice"], card)
        cells = [estimate(row[one]["ndcg_at_10"]) if one in row else "–" for one in (MODEL, BASELINE)]
        rows.append([name, f"{row['choices']:,}", *cells, estimate(row.get("gain"), signed=True)])
    return rows


def _bounds(which: str, card: Card) -> str:
    bounds = card["held_out"].get("price_bounds") or []
    if len(bounds) != 2:
        return ""
    unit = f" {card['currency']}" if card.get("currency") else ""
    low, high = (f"{value:,.2f}" for value in bounds)
    return {"low": f" (≤ {low}{unit})", "middle": f" ({low} – {high}{unit})", "high": f" (> {high}{unit})"}[which]


def setting_rows(card: Card) -> list[list[str]]:
    """Setting, value, default; a dash where a rule chooses the value by the data."""
    return [
        [path, *("–" if one[part] is None else str(one[part]) for part in ("value", "default"))]
        for path, one in card["settings"]["changed"].items()
    ]


def markdown(card: Card, say: Say) -> str:
    """The whole card as a page."""
    held = card["held_out"]
    lines = [
        f"# {card['version']}",
        "",
        say("Made {time} (UTC), seed {seed}.").format(time=card["made_at"][:16].replace("T", " "), seed=card["settings"]["seed"]),
    ]  # fmt: skip
    parent = card["lineage"]["parent"]
    if parent:
        lines.append(say("Goes on from {version}.").format(version=parent))
    lines += _part(say("What it is for"), purpose(say))
    lines += _part(say("What it learned from"), _table(["", ""], data_rows(say, card)))
    lines += _part(say("How well it foresees"), [
        say("{count} held-out choices, one a person, that it hadn't learned from. In brackets the 95 % interval (bootstrap over"
            " people).").format(count=f"{held['choices']:,}"),
        "",
        *_table([say("Part"), "NDCG@10", "recall@10", say("Weight")], figure_rows(say, card)),
    ])  # fmt: skip
    if held["slices"]:
        heads = [say("For whom, for what"), say("Choices"), "NDCG@10", say("Popular list"), say("Difference")]
        lines += _part(say("For whom"), _table(heads, slice_rows(say, card)))
    lines += _part(say("Limits"), [f"- {limit(say, one)}" for one in card["limits"]])
    changed = setting_rows(card)
    none = [say("All settings are the defaults.")]
    heads = [say("Setting"), say("Value"), say("Default")]
    lines += _part(say("Settings"), _table(heads, changed) if changed else none)
    called = seconds_words(say)
    spent = [[called.get(step, step), f"{seconds:,.1f}"] for step, seconds in card["seconds"].items()]
    if spent:
        lines += _part(say("Time"), _table([say("Step"), say("Seconds")], spent))
    lines += _part(say("The way back"), [way_back(say, card)])
    return "\n".join(lines) + "\n"


def _part(title: str, inside: Iterable[str]) -> list[str]:
    return ["", f"## {title}", "", *inside]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(heads) + " |",
        "|" + "---|" * len(heads),
        *("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows),
    ]
