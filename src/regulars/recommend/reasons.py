"""Why an item is shown: from what really moved it to one short sentence. Codes are kept, sentences are said when shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regulars.language.translations import Say
from regulars.recommend.sources.base import CONTEXT_EVIDENCE
from regulars.schema import EventType, Reason

_VERB: dict[str, str] = {EventType.PURCHASE: "bought", EventType.CART: "put_in_cart", EventType.LIKE: "liked"}


# Looked up when said: translating all of them for each item of a list took a tenth of the time of an answer.
_SENTENCES: dict[str, Callable[[Say], str]] = {
    "popular": lambda say: say("Popular right now"),
    "new": lambda say: say("New in the shop"),
    "something_different": lambda say: say("Something different"),
    "for_you": lambda say: say("Picked for you"),
    "goes_with_page": lambda say: say("Often chosen with this"),
    "like_page": lambda say: say("Similar to this"),
    "others_also_viewed": lambda say: say("Others who looked at {product} chose this"),
    "others_also_bought": lambda say: say("Others who bought {product} chose this"),
    "others_also_put_in_cart": lambda say: say("Goes with {product}, which you put in your cart"),
    "others_also_liked": lambda say: say("Others who liked {product} chose this"),
    "alike_viewed": lambda say: say("Similar to {product}, which you looked at"),
    "alike_bought": lambda say: say("Similar to {product}, which you bought"),
    "alike_put_in_cart": lambda say: say("Similar to {product}, which you put in your cart"),
    "alike_liked": lambda say: say("Similar to {product}, which you liked"),
    "next_viewed": lambda say: say("Because you looked at {product}"),
    "next_bought": lambda say: say("Because you bought {product}"),
    "next_put_in_cart": lambda say: say("Because you put {product} in your cart"),
    "next_liked": lambda say: say("Because you liked {product}"),
    "again": lambda say: say("You bought it {days} days ago"),
    "again_yesterday": lambda say: say("You bought it yesterday"),
    "again_today": lambda say: say("You bought it today"),
    "again_cycle": lambda say: say("You buy it about every {cycle} days; last {days} days ago"),
}


def reason_for(source: str, evidence: int, products: list[int], types: list[str], context: int | None) -> Reason:
    """source, evidence: as Model.evidence gives them. products, types: of the query's history, oldest first."""
    if source == "popular":
        return Reason("popular")
    if source == "newest":
        return Reason("new")
    if source == "explore":
        return Reason("something_different")
    if evidence == CONTEXT_EVIDENCE and context is not None:
        return Reason("goes_with_page" if source in ("covisitation", "ease") else "like_page", {"product_id": context})
    if 0 <= evidence < len(products):
        did = _VERB.get(types[evidence], "viewed")
        kind = {"covisitation": "others_also", "ease": "others_also", "text": "alike"}.get(source, "next")
        return Reason(f"{kind}_{did}", {"product_id": products[evidence]})
    return Reason("for_you")


def sentence(say: Say, code: str, arguments: dict[str, Any], title: Callable[[int], str]) -> str:
    """The reason in the reader's language. title: of a product id, "" where it is gone."""
    name = title(int(arguments["product_id"])) if "product_id" in arguments else ""
    if "product_id" in arguments and not name:
        code = "for_you"
    days = int(arguments.get("days", 0))
    if code in ("again", "again_cycle") and days < 2:
        code = "again_yesterday" if days else "again_today"
    said = _SENTENCES.get(code, _SENTENCES["for_you"])(say).replace("{product}", shortened(name))
    return said.replace("{days}", str(days)).replace("{cycle}", str(arguments.get("cycle", "")))


def shortened(title: str, limit: int = 40) -> str:
    return title if len(title) <= limit else title[: limit - 1].rstrip() + "…"
