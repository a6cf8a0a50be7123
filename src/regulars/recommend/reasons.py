"""Why an item is shown: from what really moved it to one short sentence. Codes are kept, sentences are said when shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regulars.language.translations import Say
from regulars.recommend.sources.base import CONTEXT_EVIDENCE
from regulars.schema import EventType, Reason

_VERB: dict[str, str] = {EventType.PURCHASE: "bought", EventType.CART: "put_in_cart", EventType.LIKE: "liked"}


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
    sentences = {
        "popular": say("Popular right now"),
        "new": say("New in the shop"),
        "something_different": say("Something different"),
        "for_you": say("Picked for you"),
        "goes_with_page": say("Often chosen with this"),
        "like_page": say("Similar to this"),
        "others_also_viewed": say("Others who looked at {product} chose this"),
        "others_also_bought": say("Others who bought {product} chose this"),
        "others_also_put_in_cart": say("Goes with {product} in your cart"),
        "others_also_liked": say("Others who liked {product} chose this"),
        "alike_viewed": say("Similar to {product}, which you looked at"),
        "alike_bought": say("Similar to {product}, which you bought"),
        "alike_put_in_cart": say("Similar to {product} in your cart"),
        "alike_liked": say("Similar to {product}, which you liked"),
        "next_viewed": say("Because you looked at {product}"),
        "next_bought": say("Because you bought {product}"),
        "next_put_in_cart": say("Because {product} is in your cart"),
        "next_liked": say("Because you liked {product}"),
    }
    return sentences.get(code, sentences["for_you"]).replace("{product}", shortened(name))


def shortened(title: str, limit: int = 40) -> str:
    return title if len(title) <= limit else title[: limit - 1].rstrip() + "…"
