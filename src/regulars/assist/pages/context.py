"""What the pages of customer service share: the shop behind them, and the words for what a conversation is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from regulars.assist.service import Assistant
from regulars.desk import parts
from regulars.desk.frame import Desk
from regulars.desk.markup import Markup, tag
from regulars.desk.visit import Visit
from regulars.desk.works import Works
from regulars.language.translations import Say
from regulars.store.database import Connection, Database, Row

T = TypeVar("T")

QUALITY, KNOWLEDGE, POLICIES = "/assistant", "/assistant/knowledge", "/assistant/policies"


class Serves(Protocol):
    """What these pages need of the engine."""

    def assistant(self) -> Awaitable[Assistant]: ...


@dataclass(frozen=True, slots=True)
class Room:
    """Callables raise DatabaseUnavailable before the engine has started."""

    desk: Desk
    works: Works
    models: Path
    database_of: Callable[[], Database]
    serves_of: Callable[[], Serves]

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Beside the event loop, in one transaction."""

        def run() -> T:
            with self.database_of().connect() as connection:
                return work(connection)

        return await asyncio.to_thread(run)


def sections(visit: Visit) -> None:
    """The links between the assistant's own pages."""
    say = visit.say
    options = [(QUALITY, say("Quality")), (KNOWLEDGE, say("Knowledge")), (POLICIES, say("Policies"))]
    links = [(words, visit.link(path), path == visit.path.rstrip("/")) for path, words in options]
    parts.html(parts.switch(say("Assistant"), links))


def mode_words(say: Say) -> dict[str, str]:
    """Who has a conversation."""
    return {
        "waiting": say("Waits for a person"),
        "human": say("With a person"),
        "bot": say("With the assistant"),
        "closed": say("Closed"),
    }


def mode_badge(say: Say, mode: str) -> Markup:
    kind = {"waiting": "badge bad", "human": "badge good"}.get(mode, "badge")
    return tag("span", mode_words(say)[mode], class_=kind)


def reason_words(say: Say) -> dict[str, str]:
    """Why a conversation was handed over."""
    return {
        "asked": say("asked for a person"),
        "angry": say("is angry"),
        "no_evidence": say("no answer was found"),
        "too_many_attempts": say("couldn't say who they are"),
        "policy": say("the policy leaves it to a person"),
        "taken": say("a colleague took it over"),
    }


def channel_words(say: Say) -> dict[str, str]:
    return {"widget": say("storefront"), "terminal": say("terminal"), "api": say("API"), "import": say("import")}


def flow_words(say: Say) -> dict[str, str]:
    """What a customer may want, and what the assistant may do."""
    return {
        "track_order": say("Where is my order"), "cancel_order": say("Cancel an order"),
        "change_address": say("Change the delivery address"), "change_items": say("Change the items"),
        "change_payment": say("Change the way to pay"), "return_items": say("Return something"),
        "exchange_items": say("Exchange something"), "refund_status": say("Where is my refund"),
        "invoice": say("Invoice"), "store_credit": say("Store credit"), "stock_alert": say("Stock alert"),
        "update_profile_address": say("Change their own address"), "find_product": say("Find a product"),
        "recommend": say("Recommend something"), "ask_help": say("A question"), "product_question": say("A question about a product"),
        "confirm": say("Yes"), "deny": say("No"), "cancel_flow": say("Leave it"), "greeting": say("A greeting"),
        "thanks": say("Thanks"), "goodbye": say("Goodbye"), "bot_challenge": say("Are you a machine?"), "abuse": say("Abuse"),
        "praise": say("Praise"), "complaint": say("A complaint"), "handover": say("Wants a person"),
        "out_of_scope": say("Nothing that a shop does"),
    }  # fmt: skip


def status_words(say: Say) -> dict[str, str]:
    """The states of an order."""
    return {
        "open": say("not paid yet"), "paid": say("paid"), "shipped": say("on its way"), "delivered": say("delivered"),
        "cancelled": say("cancelled"), "returned": say("returned"), "return_requested": say("return announced"),
        "exchange_requested": say("exchange announced"),
    }  # fmt: skip


def language_word(say: Say, locale: str | None) -> str:
    return {"en": say("English"), "zh": say("Chinese")}.get((locale or "").split("-")[0], locale or "–")


def who(visit: Visit, row: Row) -> str:
    """The customer's name, or what stands for it."""
    if row.get("customer_name"):
        return str(row["customer_name"])
    if row.get("customer"):
        return str(row["customer"])
    return visit.say("Somebody unknown")
