"""What Segment's and Google's events have in common on their way to ours. Knows neither of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

import orjson

from regulars.feeds.amounts import read_amount
from regulars.schema.identity import DEFAULT_NAMESPACE
from regulars.schema.text import MAX_ID

_NO_NAME = re.compile(r"[^a-z0-9]+")
_NOT_SET = frozenset({"", "(not set)", "(other)", "null", "undefined", "none", "nan"})


def snake(name: Any) -> str:
    """An event's name as a type of its own: `Coupon Entered` → `coupon_entered`; "other" where nothing is left."""
    plain = _NO_NAME.sub("_", str(name).lower()).strip("_")[:64].rstrip("_")
    if not plain:
        return "other"
    return plain if plain[0].isalpha() else f"event_{plain}"[:64]


def identity(value: Any) -> str | None:
    """An id as text; None for what trackers write where there is none."""
    if value is None or isinstance(value, (bool, dict, list)):
        return None
    if isinstance(value, float):
        if not value.is_integer():
            return None
        value = int(value)
    text = str(value).strip()
    return text[:MAX_ID] if text.lower() not in _NOT_SET else None


def first(values: dict[str, Any], *names: str) -> Any:
    """Takes the first of these out of `values` that says something; the others stay."""
    for name in names:
        value = values.get(name)
        if value is not None and value != "":
            return values.pop(name)
    return None


def content_id(system: str, message: Any, origin: str | None = None) -> str:
    """The id of a message that has none: the same message has the same one, however often it is sent.

    origin: what else tells it apart where it says no time: where it stands in a file, or the day it came.
    """
    text = json.dumps([message, origin], sort_keys=True, default=str)
    return f"{system}:{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


class Purchases:
    """Ids of purchases such as an imported order gives its lines: sent as an event and imported as an order, it is one."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], int] = {}

    def id_of(self, kind: str, order: str, product: str | None, sku: str | None) -> str | None:
        subject = f"sku:{sku}" if sku else f"{DEFAULT_NAMESPACE}:{product}" if product else None
        if subject is None:
            return None
        key = (kind, subject)
        self._seen[key] = self._seen.get(key, 0) + 1
        return "order:" + orjson.dumps([DEFAULT_NAMESPACE, order, *key, self._seen[key]]).decode()


def number_of(value: Any) -> int | None:
    """A whole number; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and abs(value) < 2**31 else None


def only(values: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if values.get(name) not in (None, "", [], {})}


def amounts_of(event: dict[str, Any], values: dict[str, Any]) -> None:
    """Moves quantity, position, currency and price from `values` into the event's fields; what fits none stays."""
    quantity = number_of(values.get("quantity"))
    if quantity is not None:
        event["quantity"] = quantity
        del values["quantity"]
    position = number_of(values.get("position"))
    if position is not None and 0 <= position <= 10_000:
        event["position"] = position
        del values["position"]
    currency = values.get("currency")
    if (
        isinstance(currency, str)
        and len(currency.strip()) == 3
        and currency.strip().isascii()
        and currency.strip().isalpha()
    ):
        event["currency"] = currency.strip().upper()
        del values["currency"]
    price = values.get("price")
    if isinstance(price, (int, float, str)) and not isinstance(price, bool):
        try:
            amount, said = read_amount(str(price))
        except ValueError:
            return
        event["price"] = amount
        del values["price"]
        if said:
            event.setdefault("currency", said)
