"""Why an item is shown: from what really moved it to one short sentence. Codes are kept, sentences are said when shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regulars.language.translations import Say
from regulars.recommend.sources.base import CONTEXT_EVIDENCE
from regulars.schema import EventType, Reason

_VERB: dict[str, str] = {
    EventType.PURCHASE: "bought",
    EventType.CART: "put_in_cart",
    EventType.LIKE: "liked",
    EventType.TASTE: "picked",
}

_OF_PAGE = {
    "covisitation": "goes_with_page",
    "ease": "goes_with_page",
    "factors": "goes_with_page",
    "image": "looks_like_page",
}
_OF_HISTORY = {
    "covisitation": "others_also",
    "ease": "others_also",
    "factors": "others_also",
    "text": "alike",
    "judge": "alike",
    "image": "looks_like",
}


# Looked up when said: translating all of them for each item of a list took a tenth of the time of an answer.
_SENTENCES: dict[str, Callable[[Say], str]] = {
    "popular": lambda say: say("Popular right now"),
    "popular_in": lambda say: say("Popular in {category}"),
    "popular_with_arrivals": lambda say: say("Popular with people who are new here"),
    "popular_now": lambda say: say("Popular at this time of day"),
    "new": lambda say: say("New in the shop"),
    "something_different": lambda say: say("Something different"),
    "for_you": lambda say: say("Picked for you"),
    "goes_with_page": lambda say: say("Often chosen with this"),
    "like_page": lambda say: say("Similar to this"),
    "others_also_viewed": lambda say: say("Others who looked at {product} chose this"),
    "others_also_bought": lambda say: say("Others who bought {product} chose this"),
    "others_also_put_in_cart": lambda say: say("Goes with {product}, which you put in your cart"),
    "others_also_liked": lambda say: say("Others who liked {product} chose this"),
    "others_also_picked": lambda say: say("Others who like {product} chose this"),
    "alike_viewed": lambda say: say("Similar to {product}, which you looked at"),
    "alike_bought": lambda say: say("Similar to {product}, which you bought"),
    "alike_put_in_cart": lambda say: say("Similar to {product}, which you put in your cart"),
    "alike_liked": lambda say: say("Similar to {product}, which you liked"),
    "looks_like_page": lambda say: say("Looks like this"),
    "looks_like_viewed": lambda say: say("Looks like {product}, which you looked at"),
    "looks_like_bought": lambda say: say("Looks like {product}, which you bought"),
    "looks_like_put_in_cart": lambda say: say("Looks like {product}, which you put in your cart"),
    "looks_like_liked": lambda say: say("Looks like {product}, which you liked"),
    "looks_like_picked": lambda say: say("Looks like {product}, which you picked"),
    "alike_picked": lambda say: say("Similar to {product}, which you picked"),
    "next_viewed": lambda say: say("Because you looked at {product}"),
    "next_bought": lambda say: say("Because you bought {product}"),
    "next_put_in_cart": lambda say: say("Because you put {product} in your cart"),
    "next_liked": lambda say: say("Because you liked {product}"),
    "next_picked": lambda say: say("Because you picked {product}"),
    "found_words": lambda say: say("Has what you searched for"),
    "found_meaning": lambda say: say("Close to what you searched for"),
    "pinned": lambda say: say("Chosen by the shop"),
    "replaces_page": lambda say: say("Replaces this"),
    "fits_page": lambda say: say("Fits this"),
    "fits_bought": lambda say: say("Fits {product}, which you bought"),
    "linked_page": lambda say: say("Goes with this"),
    "linked_bought": lambda say: say("Goes with {product}, which you bought"),
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
        return Reason(_OF_PAGE.get(source, "like_page"), {"product_id": context})
    if 0 <= evidence < len(products):
        did = _VERB.get(types[evidence], "viewed")
        return Reason(f"{_OF_HISTORY.get(source, 'next')}_{did}", {"product_id": products[evidence]})
    return Reason("for_you")


def sentence(
    say: Say,
    code: str,
    arguments: dict[str, Any],
    title: Callable[[int], str],
    label: Callable[[str], str] = str,
) -> str:
    """The reason in the reader's language. title: of a product id, "" where it is gone. label: of a category."""
    name = title(int(arguments["product_id"])) if "product_id" in arguments else ""
    if "product_id" in arguments and not name:
        code = "for_you"
    days = int(arguments.get("days", 0))
    if code in ("again", "again_cycle") and days < 2:
        code = "again_yesterday" if days else "again_today"
    said = _SENTENCES.get(code, _SENTENCES["for_you"])(say).replace("{product}", shortened(name))
    if "category" in arguments:
        said = said.replace("{category}", shortened(label(str(arguments["category"]))))
    return said.replace("{days}", str(days)).replace("{cycle}", str(arguments.get("cycle", "")))


def shortened(title: str, limit: int = 40) -> str:
    return title if len(title) <= limit else title[: limit - 1].rstrip() + "…"
