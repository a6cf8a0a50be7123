"""What the codes of lists are called where people read them: filters, sources, steps, what a person did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from regulars.language.translations import Say
from regulars.schema import EventType


def filter_words(say: Say) -> dict[str, str]:
    """The filters, as the shop's side reads them."""
    return {
        "not_for_sale": say("Not for sale"),
        "out_of_stock": say("Out of stock"),
        "excluded_by_shop": say("Excluded by the shop"),
        "excluded_by_request": say("Excluded by this page"),
        "open_page": say("The open page itself"),
        "already_bought": say("Bought already"),
        "seen_lately": say("Seen in the last days"),
        "other_kind": say("Of another kind"),
        "same_kind": say("Of the same kind"),
        "other_category": say("In another category"),
        "other_brand": say("Of another brand"),
        "price_too_low": say("Below the price wished for"),
        "price_too_high": say("Above the price wished for"),
        "other_category_of_surface": say("In another category than the surface's"),
        "familiar_kind": say("Of a kind that they know already"),
        "rule": say("Excluded by a rule"),
    }


def source_words(say: Say) -> dict[str, str]:
    """Where candidates come from."""
    return {
        "sequence": say("What usually comes next"),
        "ease": say("Fits the whole history"),
        "factors": say("Suits this taste"),
        "covisitation": say("Chosen together"),
        "text": say("Similar by its words"),
        "judge": say("Read as alike by the language model"),
        "image": say("Similar by its picture"),
        "popular": say("Popular"),
        "context": say("Fits how they came"),
        "newest": say("Newest"),
        "again": say("Bought before"),
        "explore": say("Tried out"),
        "rule": say("Pinned by a rule"),
        "links": say("Linked by the shop"),
        "words": say("Has the words"),
        "meaning": say("Means the same"),
        "both": say("Has the words and means the same"),
    }


def step_words(say: Say) -> dict[str, str]:
    """What takes time on the way to a list."""
    return {
        "read_person": say("Read the visitor"),
        "history": say("Read the history"),
        "rules": say("Apply the rules"),
        "filters": say("Apply the filters"),
        "candidates": say("Find candidates"),
        "choose": say("Choose"),
        "reasons": say("Find the reasons"),
        "trace": say("Write down how"),
    }


def event_words(say: Say) -> dict[str, str]:
    """What people do; a type that isn't here is the shop's own word."""
    return {
        EventType.VIEW: say("looked at"),
        EventType.CLICK: say("followed from a list"),
        EventType.CART: say("put in the cart"),
        EventType.REMOVE_FROM_CART: say("took out of the cart"),
        EventType.LIKE: say("liked"),
        EventType.TASTE: say("picked as to their taste"),
        EventType.TASTE_UNDONE: say("took back a pick"),
        EventType.PURCHASE: say("bought"),
        EventType.CHECKOUT: say("went to the checkout"),
        EventType.SEARCH: say("searched"),
        EventType.PAGE: say("opened a page"),
        EventType.REVIEW: say("reviewed"),
        EventType.RETURN: say("sent back"),
        EventType.CANCEL: say("cancelled an order"),
        EventType.IDENTIFY: say("signed in"),
        EventType.CONSENT: say("chose what may be remembered"),
        EventType.MESSAGE: say("wrote"),
        EventType.IMPRESSION: say("was shown"),
        EventType.EMAIL_SENT: say("was sent an e-mail"),
        EventType.EMAIL_OPEN: say("opened an e-mail"),
        EventType.EMAIL_CLICK: say("followed from an e-mail"),
    }


def arrival_words(
    say: Say, context: Mapping[str, Any], label: Callable[[str], str] = str
) -> list[tuple[str, str, int]]:
    """How somebody came, as a trace's `context` holds it: what, which, and how many choices of others stand behind it.

    label: of a category.
    """
    named = {
        "landing": say("Began in"),
        "referrer": say("Came from"),
        "words": say("Products that hold what was searched for"),
        "locale": say("Language"),
        "hours": say("Time of day"),
        "device": say("Device"),
    }
    values = {
        "referrer": {
            "search": say("a search engine"),
            "social": say("a social network"),
            "email": say("an e-mail"),
            "other": say("another page"),
            "direct": say("nowhere: the address was typed or saved"),
        },
        "hours": {
            "night": say("night"),
            "morning": say("morning"),
            "afternoon": say("afternoon"),
            "evening": say("evening"),
            "weekend night": say("night at the weekend"),
            "weekend morning": say("morning at the weekend"),
            "weekend afternoon": say("afternoon at the weekend"),
            "weekend evening": say("evening at the weekend"),
        },
        "device": {"phone": say("telephone"), "tablet": say("tablet"), "desk": say("desktop computer")},
        "locale": {"en": "English", "zh": "中文"},
    }
    told = []
    for facet, name in named.items():
        value = str(context["facts"].get(facet, ""))
        if value:
            if facet == "landing":
                value = " > ".join(label(part) for part in value.split(" > "))
            told.append((name, values.get(facet, {}).get(value, value), int(context["learned_from"].get(facet, 0))))
    return told


def surface_words(say: Say) -> dict[str, str]:
    """Where lists stand."""
    return {
        "home": say("Home page"),
        "product": say("Product page"),
        "alike": say("Alike"),
        "goes_with": say("Goes with it"),
        "again": say("Buy again"),
        "cart": say("Cart"),
        "after_purchase": say("After an order"),
        "category": say("Category"),
        "surprise": say("Surprise me"),
        "search": say("Search"),
        "email": say("E-mail"),
        "assistant": say("Conversation"),
    }
