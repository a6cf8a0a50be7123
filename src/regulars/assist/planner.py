"""The planner that needs no language model: an intent classifier, names found by rules, and where the conversation stands.

It turns a message into commands; it never acts. Whatever is said inside an order's title, an article or a message can only
become one of these commands, and the executor checks each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from regulars.assist import assent, reading, wishes
from regulars.assist.commands import (
    ACTION_FLOWS,
    CHATTER,
    FLOWS,
    PRODUCT_FLOWS,
    Ask,
    CancelFlow,
    ChitChat,
    Clarify,
    Command,
    Confirm,
    Deny,
    HandOver,
    Read,
    SetSlot,
    StartFlow,
)
from regulars.assist.spelling import mended
from regulars.assist.state import State
from regulars.assist.texts import MOST_READ, plain
from regulars.store.order_book import Method, OrderView

SURE = 0.5
"""Below this probability an intent alone starts nothing while another flow is open."""

LIKELY, NAMED = 0.4, 0.08
"""From this probability a sentence may say what a message is about; from this a flow may be meant that is called by its name."""

GENERAL, SURELY = 0.1, 0.9
"""A question in general ("how much is delivery?") is put to the help centre first when it may be one this likely, and the flow isn't
this sure.
"""

CLARIFIED = 0.3
"""Two flows that are both likelier than this are asked about."""

SAID = ("change_items", "exchange_items", "return_items", "stock_alert")
"""Flows that find what is meant in the words themselves: lines, options, products."""

TO_AN_ADDRESS = ("change_address", "update_profile_address")
SENTENCE = re.compile(r"(?<=[.!?。！？;；\n])\s*|(?<=[】\]）)])\s*")
MOST_SENTENCES = 6

NEEDS = {
    "track_order": ("order",), "cancel_order": ("order",), "change_address": ("order", "address"),
    "change_items": ("order", "items", "new"), "change_payment": ("order", "method"), "return_items": ("order", "items"),
    "exchange_items": ("order", "items", "new"), "refund_status": ("order",), "invoice": ("order",), "store_credit": (),
    "stock_alert": ("product",), "update_profile_address": ("address",), "find_product": (), "recommend": (),
}  # fmt: skip
"""What each flow must be told, in the order in which it is asked for."""


ABOUT_AN_ORDER = tuple(name for name, slots in NEEDS.items() if "order" in slots)


class Guess(Protocol):
    """What an intent model says of one text."""

    @property
    def intent(self) -> str: ...
    @property
    def probability(self) -> float: ...
    @property
    def in_scope(self) -> bool: ...
    @property
    def ranking(self) -> Sequence[tuple[str, float]]: ...


class Understands(Protocol):
    def predict(self, texts: Sequence[str]) -> Sequence[Guess]: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What the planner may look at: who asks (None = not known yet), their orders and ways to pay."""

    known: bool
    orders: tuple[OrderView, ...] = ()
    methods: tuple[Method, ...] = ()


class Planner(Protocol):
    """Turns a message into commands. name: for traces."""

    name: str

    def plan(self, text: str, locale: str, state: State, context: Context) -> list[Command]: ...


class RulePlanner:
    """The default planner."""

    name = "rules"

    def __init__(self, intents: Understands) -> None:
        self.intents = intents

    def plan(self, text: str, locale: str, state: State, context: Context) -> list[Command]:  # noqa: ARG002
        """Commands in the order in which they are to be carried out; none where what was asked wasn't answered."""
        if reading.wants_person(text) and not (state.flow and assent.is_yes(text)):
            return [HandOver("asked")]
        if state.articles and (chosen := _of_the_named(text, state.articles)) is not None:
            return [chosen]
        if state.token is not None:
            if assent.is_yes(text):
                return [Confirm()]
            if assent.is_no(text, bare=True) or assent.is_leave(text):
                return [Deny()]
        elif state.last_act == "offer_handover" and assent.is_yes(text):
            return [HandOver("no_evidence")]
        elif state.flow is not None and (assent.is_leave(text) or (state.asked and assent.is_no(text, bare=True))):
            return [CancelFlow()]
        elif state.flow is None and state.token is None and assent.is_leave(text):
            return [ChitChat("thanks")]
        asked = "address" if state.token is not None and state.flow in TO_AN_ADDRESS else state.asked
        found = reading.find(text, context.orders, context.methods, asked)
        slots = self._slots(text, found, state, context)
        if state.token is not None and assent.is_no(text):
            # "No, I meant the blue one": a no to what was shown, and perhaps what is meant instead.
            return [*slots, SetSlot("said", text[:MOST_READ]), Deny(instead=True)]
        guess, asking = self._guess(text)
        start = self._start(text, guess, state, bool(slots), found, asking)
        if isinstance(start, StartFlow) and start.flow in ACTION_FLOWS and context.known and not context.orders and not slots and (_asks(text) or _how(text)):  # fmt: skip
            # They have no order that it could be about: it is asked in general.
            start = Ask(asking, otherwise=start.flow)
        commands: list[Command] = []
        if isinstance(start, StartFlow | Ask | ChitChat | HandOver | Clarify):
            commands.append(start)
        commands += slots
        flow = start.flow if isinstance(start, StartFlow) else state.flow
        if flow in SAID:
            commands.append(SetSlot("said", text[:MOST_READ]))
        if flow in ("cancel_order", "return_items") and state.asked == "reason":
            commands.append(SetSlot("reason", text[:200]))
        # An answer that can't be read is no question: what was asked is asked again.
        return commands or ([] if state.flow is not None and (state.asked or state.token) else [Ask(text)])

    def _guess(self, text: str) -> tuple[Guess, str]:
        """What the message wants, and where it says so: of one that says nothing plain as a whole, its plainest sentence."""
        whole = self.intents.predict([mended(text[:MOST_READ])])[0]
        sentences = [one for one in SENTENCE.split(text[:MOST_READ]) if len(one.strip()) >= 4][:MOST_SENTENCES]
        if whole.in_scope and whole.probability >= SURE:
            asking = [one for one in sentences if _asks(one) or _how(one)]
            return whole, "".join(asking) if len(asking) < len(sentences) and len(asking) == 1 else text
        if len(sentences) < 2:
            return whole, text
        wanting = [
            (guess, sentence)
            for guess, sentence in zip(self.intents.predict([mended(one) for one in sentences]), sentences, strict=True)
            if _meant(guess, sentence) and guess.intent not in CHATTER and guess.probability >= LIKELY
        ]
        if wanting:
            return max(wanting, key=lambda one: one[0].probability)
        asking = [one for one in sentences if _asks(one) or _how(one)]
        return whole, asking[-1] if asking else text

    def _slots(self, text: str, found: reading.Found, state: State, context: Context) -> list[Command]:
        slots: list[Command] = []
        for name in (*found.orders, *found.unknown_orders)[:1]:
            slots.append(SetSlot("order", name))
        if not context.known:
            for name, value in (("email", found.email), ("name", found.name), ("postcode", found.postcode)):
                if value:
                    slots.append(SetSlot(name, value))
            if state.asked == "identity" and not found.email and not found.name:
                bare = text.strip(" .。,，")
                if reading.looks_like_a_name(bare):
                    slots.append(SetSlot("name", bare))
        if found.address is not None:
            slots.append(SetSlot("address", reading.as_slot(found.address)))
        if found.method is not None:
            slots.append(SetSlot("method", found.method))
        elif found.original_method:
            slots.append(SetSlot("method", "original"))
        return slots

    def _start(
        self, text: str, guess: Guess, state: State, told: bool, found: reading.Found, asking: str
    ) -> Command | None:
        """The flow, question or chatter that the message begins, if it begins one. asking: the part of it that would be a question."""
        intent = guess.intent
        if intent in FLOWS and guess.probability < SURELY and not reading.names_flow(text, intent):
            # It isn't sure, and another likely flow is called by its name.
            intent = next(
                (name for name, share in guess.ranking[:4] if share >= NAMED and reading.names_flow(text, name)), intent
            )
        if intent == "update_profile_address" and found.orders:
            intent = "change_address"
        answering = state.flow is not None and (state.asked is not None or state.token is not None)
        if state.options:
            chosen = _chosen(text, state.options)
            if chosen is not None:
                return StartFlow(chosen)
        corrects = state.token is not None and state.flow in SAID
        if answering and (
            told or corrects or state.asked in ("items", "new", "reason", "address", "identity", "product")
        ):
            # An answer to what was asked, unless it plainly begins something else.
            if state.flow in PRODUCT_FLOWS and intent in PRODUCT_FLOWS and guess.in_scope:
                return StartFlow(intent)
            if (
                intent in ACTION_FLOWS
                and intent != state.flow
                and guess.in_scope
                and guess.probability >= 0.8
                and reading.names_flow(text, intent)
            ):
                return StartFlow(intent)
            if intent in ("ask_help", "product_question") and guess.probability >= 0.7 and _asks(text):
                return Ask(asking)
            return None
        # "What goes with my last order?", "more like the second one": of products, whatever else it looks like.
        wish = wishes.read(text)
        beside = wish.kind in ("goes_with", "alike") and intent in PRODUCT_FLOWS
        named = () if beside else found.orders or found.unknown_orders
        of_the_shown = bool(state.shown) and wish.kind in wishes.ABOUT_ANOTHER and not wish.theirs
        if of_the_shown and not named and state.flow is None and intent in ("change_items", "exchange_items"):
            return StartFlow("recommend")
        if named and state.flow is None and intent != "handover" and intent not in ABOUT_AN_ORDER:
            # An order is named: it is about that order, whatever else it looks like.
            likeliest = next((name for name, _ in guess.ranking[:4] if name in ABOUT_AN_ORDER), "track_order")
            return StartFlow(likeliest if reading.names_flow(text, likeliest) else "track_order")
        if not _meant(guess, asking) and not told:
            return Ask(asking) if not answering or _asks(text) else None
        if intent in (*ACTION_FLOWS, *PRODUCT_FLOWS):
            rivals = [name for name, share in guess.ranking[:3] if share >= CLARIFIED and name in ACTION_FLOWS]
            if len(rivals) > 1 and guess.probability < SURE:
                return Clarify(tuple(rivals[:3]))
            if answering and intent == state.flow:
                return None
            shares = dict(guess.ranking)
            general = not found.orders and not reading.says_own(text) and (_asks(text) or _how(text))
            if (
                general
                and intent in ACTION_FLOWS
                and shares.get("ask_help", 0.0) >= GENERAL
                and guess.probability < SURELY
            ):
                return Ask(asking, otherwise=intent)
            if guess.probability >= (SURE if answering else 0.25) or told:
                return StartFlow(intent)
            return Ask(asking)
        if intent == "handover":
            # Somebody who asks for a person in so many words was heard before; this only looks like it.
            return HandOver("asked") if guess.probability >= SURE else Ask(asking)
        if state.token is not None and intent in (*CHATTER, "confirm", "deny") and guess.probability < SURELY:
            # What is shown waits for an answer, and this is none that can be read: it is shown again.
            return None
        if intent == "cancel_flow":
            return CancelFlow() if state.flow else ChitChat("thanks")
        if intent in CHATTER and not told:
            return ChitChat(intent)
        if intent in ("confirm", "deny"):
            return None if answering else ChitChat("thanks" if intent == "confirm" else "goodbye")
        # An answer that can't be read: what was asked is asked again, unless it is plainly a question of its own.
        if answering and (told or (intent not in ("ask_help", "product_question") and not _asks(text))):
            return None
        return Ask(asking)


def _meant(guess: Guess, text: str) -> bool:
    """Is it something that a shop does? Also where the words are strange, but a flow is called by its name, for something of theirs."""
    named = guess.probability >= 0.8 and reading.says_own(text) and reading.names_flow(text, guess.intent)
    return guess.in_scope or named


def _how(text: str) -> bool:
    return any(
        one in text for one in ("怎么", "如何", "多少", "多久", "几天", "几个", "多长", "吗", "嘛", "能不能", "可以")
    )


def _asks(text: str) -> bool:
    return text.rstrip().endswith(("?", "？", "吗", "嘛", "么", "呢")) or plain(text).startswith(
        ("how", "what", "when", "where", "why", "can i", "do you", "is there", "请问", "怎么", "多久", "什么")
    )


def _of_the_named(text: str, articles: Sequence[str]) -> Read | HandOver | None:
    """What a message says of the articles that were named: this one, or none of them."""
    read = _chosen(text, articles)
    if read is None and len(articles) == 1 and assent.is_yes(text):
        read = articles[0]
    if read is not None:
        return Read(read)
    return HandOver("no_evidence") if assent.is_none(text) else None


def _chosen(text: str, options: Sequence[str]) -> str | None:
    """One of those that were offered, by its number."""
    said = plain(text)
    for place, option in enumerate(options[:3], 1):
        first = ("first", "second", "third")[place - 1]
        numeral = "一二三"[place - 1]
        ways = (f"number {place}", f"no {place}", f"option {place}", f"the {first}", f"the {first} one", f"{first} one")
        if said in (str(place), *ways, f"第{numeral}个", f"第{numeral}", f"第{place}个", f"选{place}", numeral):
            return option
    return None
