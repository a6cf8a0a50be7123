"""Lets a scripted customer talk to a shop's assistant, and looks into the database what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from regulars.assist.rehearsal.book import Book
from regulars.assist.rehearsal.customer import Bank, Customer, Heard
from regulars.assist.rehearsal.goals import Ending, Goal
from regulars.assist.rehearsal.line import Line
from regulars.assist.rehearsal.rules import READS, RuledOut, Rules, same_state
from regulars.assist.rehearsal.tables import State, differences


@dataclass(frozen=True, slots=True)
class Intended:
    """What should come of a goal. state: of the customer in the end. along: states that it may stop at, the one before everything first.
    ending: how the rules see it. because: why nothing more may be done, as half a sentence.
    """

    state: State
    along: tuple[State, ...]
    ending: Ending
    because: str = ""


@dataclass(frozen=True, slots=True)
class Played:
    """How a goal ended. good: the database holds what was intended, and what was asked for was told. wrong: it holds something
    that is neither as before nor on the way to what was wanted. unasked: something changed before they had said yes to what was
    shown. why: for a log, "" where it is good.
    """

    goal: Goal
    good: bool
    wrong: bool
    unasked: bool
    why: str
    handed_over: bool
    said: list[tuple[str, str]]
    acts: list[str]
    before: State
    after: State
    intended: Intended


def play(
    line: Line, book: Book, goal: Goal, banks: Mapping[str, Bank], seed: str, rules: Rules, asides: Sequence[str]
) -> Played:
    """One conversation for one goal. asides: names of phrases that a digressing customer asks."""
    customer = Customer(goal, book.customers[goal.customer], banks, Random(f"{seed}/{goal.name}"), asides)
    before = state = line.states([goal.customer])[goal.customer]
    unasked = False
    conversation = line.open(goal.customer if goal.identity == "signed" else None, goal.language)
    said: list[tuple[str, str]] = []
    acts: list[str] = []
    heard = Heard("greet", (), "", "bot")
    messages = customer.first()
    while messages:
        text = messages.pop(0)
        agreed = customer.agreed
        heard = line.say(conversation, text)
        now = line.states([goal.customer])[goal.customer]
        unasked = unasked or not (agreed or same_state(now, state))
        state = now
        said += [("customer", text), (heard.act, heard.text)]
        acts += heard.acts or [heard.act]
        if not messages:
            following = customer.next(heard)
            messages = [] if following is None else [following]
    after = state
    meant = intended(goal, before, rules)
    replies = "\n".join(text for who, text in said if who != "customer")
    same = same_state(after, meant.state)
    told = _told(goal, heard, acts, replies)
    why = "" if same and told else "; ".join(differences(meant.state, after)) or "what was asked wasn't told"
    return Played(
        goal,
        good=same and told and goal.ending == meant.ending,
        wrong=not same and not any(same_state(after, one) for one in meant.along),
        unasked=unasked,
        why=why,
        handed_over=heard.mode == "waiting",
        said=said,
        acts=acts,
        before=before,
        after=after,
        intended=meant,
    )


def intended(goal: Goal, before: State, rules: Rules) -> Intended:
    """What the rules make of a goal, whatever its own ending says."""
    if goal.twist == "declined":
        return Intended(before, (before,), goal.ending, "the customer said no")
    if goal.action == "stranger":
        return Intended(before, (before,), "refused", "the order is somebody else's")
    if goal.action in READS:
        try:
            rules.carried_out(goal.action, goal.given, before, {})
        except RuledOut as barred:
            return Intended(before, (before,), "refused", str(barred))
    if goal.ending not in ("done", "refused"):
        return Intended(before, (before,), goal.ending, "the customer only asked")
    along = [before]
    try:
        along.append(rules.carried_out(goal.action, goal.given, before, {}))
        if goal.again is not None:
            done = {(goal.given["order"], goal.action): 1}
            along.append(rules.carried_out(goal.action, goal.again_given, along[-1], done))
    except RuledOut as barred:
        return Intended(along[-1], tuple(along), "refused", str(barred))
    return Intended(along[-1], tuple(along), "done")


def _told(goal: Goal, heard: Heard, acts: list[str], replies: str) -> bool:
    if goal.ending in ("read", "answered"):
        return not missing(goal, replies)
    if goal.ending == "refused":
        return any(one.startswith("refused") for one in acts)
    if goal.ending == "unanswered":
        return not any(one.startswith(("answer", "confirm", "done")) for one in acts)
    if goal.ending == "handed_over":
        return heard.mode == "waiting"
    return True


def missing(goal: Goal, replies: str) -> list[str]:
    """What should have been shown and wasn't. Amounts may be written with commas between thousands."""
    bare = replies.replace(",", "")
    return [one for one in goal.shown if one not in replies and one not in bare]
