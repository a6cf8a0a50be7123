"""What scripted customers came to, in a terminal: counts, wrong acts in full, the first goals that were missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from regulars.terminal import out, progress_bar, say

if TYPE_CHECKING:
    from regulars.shop import Shop

GOALS = 60
MISSED_SHOWN, LINES_SHOWN, WIDE = 3, 8, 160
"""Of the goals that were missed: how many are shown, with how many lines of how many characters. Wrong acts are shown whole."""

ACTIONS = {
    "track_order": "where an order is", "refund_status": "where a refund is", "invoice": "an invoice", "store_credit": "what is on a gift card",
    "question": "a question that an article answers", "nonsense": "nothing for a shop", "handover": "a person, please",
    "stranger": "somebody else's order", "cancel_order": "cancel an order", "change_address": "another delivery address",
    "change_items": "other items before it is sent", "change_payment": "another way to pay", "return_items": "send something back",
    "exchange_items": "exchange something", "stock_alert": "be told when it is back", "update_profile_address": "another address of their own",
}  # fmt: skip
LANGUAGES = {"en": "English", "zh": "Chinese"}


def play(shop: Shop, goals: int | None, seed: int, as_json: bool) -> dict[str, Any]:
    """goals: None for the usual number."""
    with progress_bar("scripted customers", as_json) as bar:
        return shop.rehearse_assistant(
            goals=GOALS if goals is None else goals, seed=seed, progress=bar.rows if bar else None
        )


def show(told: dict[str, Any], chat: bool = False) -> None:
    """The report, for people. chat: whether the shop has a chat model, which isn't played."""
    low, high = told["reached_interval"]
    say(
        f"Scripted customers: {told['reached']:,} of {_goals(told['goals'])} reached"
        f" ({told['reached'] / told['goals']:.0%}; 95% interval {low:.0%} to {high:.0%}), {_acts(told['wrong'])},"
        f" {told['handed_over']:,} went to a person ({told['asked_for_a_person']:,} had asked for one)."
    )
    _stood_on(told)
    if chat:
        say("Your chat model was left out: it decides nothing, and would have taken long.")
    table = Table(box=None, pad_edge=False, header_style="")
    for heading in ("", "goals", "reached", "to a person", "wrong acts"):
        table.add_column(heading, justify="right" if heading else "left")
    for title, counts, words in (
        ("what they wanted", told["by_action"], ACTIONS),
        ("language", told["by_language"], LANGUAGES),
        ("how they behave", told["by_behaviour"], {}),
    ):
        table.add_row()
        table.add_row(title)
        for name, one in counts.items():
            cells = (one["goals"], one["reached"], one["handed_over"], one["wrong"])
            table.add_row(f"  {words.get(name, name)}", *(f"{cell:,}" for cell in cells))
    out.print(table)
    if told["turn_ms"]:
        say("")
        say(f"A turn took {told['turn_ms']['p50']:.0f} ms; one of twenty more than {told['turn_ms']['p95']:.0f} ms.")
    _wrong_acts(told["wrong_acts"])
    _missed(told["missed_goals"])
    say("")
    if told["wrong"]:
        say("Next: leave to a person what goes wrong, on the console's page Policies, until it is mended; and please report it.")  # fmt: skip
    else:
        say(f"Others come with --seed {told['seed'] + 1}, more with --goals {told['goals'] * 2}.")


def _stood_on(told: dict[str, Any]) -> None:
    """What was the shop's own, and what it lacks."""
    model = "the bundled intents" if told["version"] == "bundled" else told["version"]
    policy = f"your policy (version {told['policy']})" if told["policy"] else "the policy that comes with Regulars"
    articles = f"your {told['articles']:,} articles" if told["articles"] else "no articles"
    say(
        f"They met {model}, {policy} and {articles}. Products, customers and orders were made up; your shop's own weren't touched."
    )
    if not told["policy"]:
        say(
            "You haven't written a policy yet: its careful rules were played. Yours is written on the console's page Policies."
        )
    if not told["articles"]:
        say("You have no help articles yet, so nobody asked what they answer: regulars import articles FILE, or the console's page Knowledge.")  # fmt: skip
    elif "question" not in told["by_action"]:
        say("None of your articles is in a language that they speak, or too few came: nobody asked what they answer.")
    say(f"They spoke {' and '.join(LANGUAGES[one] for one in told['languages'])}.")


def _wrong_acts(found: list[dict[str, Any]]) -> None:
    if not found:
        return
    say("")
    say(
        f"Wrong acts ({len(found):,}): what the database holds then is neither as before nor what they wanted and your policy allows."
    )
    for number, one in enumerate(found, 1):
        say("")
        say(f"{number}. They came to {one['wanted']} ({_how(one)}).")
        for line in one["changed"]:
            say(f"   changed:  {line}")
        say(f"   wrong:    {one['because']}.")
        for line in one["transcript"]:
            _line(line, None)


def _missed(found: list[dict[str, Any]]) -> None:
    if not found:
        return
    say("")
    shown = f"; the first {MISSED_SHOWN}" if len(found) > MISSED_SHOWN else ""
    say(f"Goals missed ({len(found):,}{shown}): nothing wrong was done, but they didn't get what they came for.")
    for number, one in enumerate(found[:MISSED_SHOWN], 1):
        say("")
        say(f"{number}. They came to {one['wanted']} ({_how(one)}).")
        say(f"   should be: {one['should']}.")
        say(f"   missed:    {one['because']}.")
        lines = one["transcript"]
        for line in lines[:LINES_SHOWN]:
            _line(line, WIDE)
        if len(lines) > LINES_SHOWN:
            say(f"   … {len(lines) - LINES_SHOWN} lines more")
    if len(found) > MISSED_SHOWN:
        say("")
        say("All of them, whole: --json, under scripted.missed_goals.")


def _line(line: dict[str, str], wide: int | None) -> None:
    text = line["text"].replace("\n", "\n              ")
    if wide is not None:
        text = " ".join(line["text"].split())
        text = text if len(text) <= wide else text[: wide - 1] + "…"
    say(f"   {line['who']:>9}: {text}")


def _how(one: dict[str, Any]) -> str:
    return ", ".join((LANGUAGES[one["language"]], one["behaviour"], {"signed": "signed in", "email": "known by e-mail", "name": "known by name and postcode"}[one["identity"]]))  # fmt: skip


def _goals(many: int) -> str:
    return "one goal" if many == 1 else f"{many:,} goals"


def _acts(many: int) -> str:
    return "one wrong act" if many == 1 else f"{many:,} wrong acts" if many else "no wrong act"
