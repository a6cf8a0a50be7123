"""Google Analytics 4 e-commerce events: Measurement Protocol bodies, and rows of the BigQuery export as JSON lines. Knows no store.

Each item of an event is an event of its own. What has no field stays in `properties`; device, place and advertising data are
left out and named.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from regulars.feeds.contract import Look, Notes, Source
from regulars.feeds.foreign_events import Purchases, amounts_of, content_id, first, identity, snake
from regulars.feeds.reader import Broken, Read

TYPES = {
    "view_item": "view", "select_item": "click", "add_to_cart": "cart", "add_to_wishlist": "like",
    "remove_from_cart": "remove_from_cart", "begin_checkout": "checkout", "purchase": "purchase",
    "ecommerce_purchase": "purchase", "in_app_purchase": "purchase", "refund": "return", "view_item_list": "impression",
    "view_search_results": "search", "search": "search", "page_view": "page", "screen_view": "page", "login": "identify",
}  # fmt: skip
_ONE = frozenset({"checkout", "search", "page", "identify"})
"""Types that are about the visit: their items stay together in `properties`."""
_PERSON = ("client_id", "app_instance_id", "user_pseudo_id")
_VALUES = ("string_value", "int_value", "float_value", "double_value")
PLACES = {
    "client_id": "visitor", "app_instance_id": "visitor", "user_pseudo_id": "visitor", "user_id": "customer",
    "timestamp_micros": "occurred_at", "event_timestamp": "occurred_at", "event_date": "occurred_at",
    "events[].timestamp_micros": "occurred_at", "events[].name": "type", "event_name": "type",
    "ecommerce.transaction_id": "order",
    "params.transaction_id": "order", "params.ga_session_id": "session", "params.session_id": "session",
    "params.decision_id": "decision_id", "items.item_id": "product", "items.price": "price", "items.quantity": "quantity",
    "items.index": "position", "items.currency": "currency", "params.currency": "currency",
}  # fmt: skip


def is_body(value: Any) -> bool:
    """Whether an object is a Measurement Protocol body or a row of the BigQuery export."""
    if not isinstance(value, dict):
        return False
    if "event_name" in value and not {"event_params", "event_timestamp", "user_pseudo_id"}.isdisjoint(value):
        return True
    events = value.get("events")
    if (
        not isinstance(events, list)
        or not {*_PERSON, "user_id", "timestamp_micros", "non_personalized_ads"} & value.keys()
    ):
        return False
    return all(isinstance(one, dict) and "name" in one for one in events)


class GA4:
    name = "ga4"
    title = "Google Analytics 4 events (JSON lines)"
    kinds = ("events",)
    flat = False

    def fits(self, look: Look) -> bool:
        return look.physical == "jsonl" and any(is_body(row) for row in look.rows[:20])

    def place(self, kind: str, column: str) -> str | None:
        path = (
            column.replace("events[].params.", "params.")
            .replace("params.items[].", "items.")
            .replace("items[].", "items.")
        )
        if path in PLACES:
            return PLACES[path]
        if path.startswith(("params.", "items.")):
            return f"properties.{path.partition('.')[2]}"
        if path.startswith("event_params[]"):
            return "properties"
        return f"properties.{path}" if path.startswith(("ecommerce.", "platform")) else None

    def records(self, kind: str, source: Source, notes: Notes) -> Iterator[Read | Broken]:
        for row in source.rows():
            if isinstance(row, Broken):
                yield row
                continue
            for what, event in events_of(row.values, notes, str(row.line)):
                yield Broken(row.line, event, str(what)[:2_000]) if isinstance(event, str) else Read(row.line, event)


FORMAT = GA4()


def events_of(
    body: dict[str, Any], notes: Notes, origin: str | None = None
) -> Iterator[tuple[Any, dict[str, Any] | str]]:
    """Each event of a body with each of ours that it stands for; a text instead where it can't be one, saying why."""
    if "event_name" in body:
        for event in _exported(body, notes, origin):
            yield body, event
        return
    events = body.get("events")
    if not isinstance(events, list):
        yield body, "is neither a Measurement Protocol body (events) nor an exported row (event_name)"
        return
    for name in body.keys() - {*_PERSON, "user_id", "timestamp_micros", "events"}:
        notes.leave(name)
    shared = {name: body[name] for name in (*_PERSON, "user_id") if name in body}
    for number, one in enumerate(events):
        if not isinstance(one, dict) or not one.get("name"):
            yield one, "is an event without a name"
            continue
        for name in one.keys() - {"name", "params", "timestamp_micros"}:
            notes.leave(f"events[].{name}")
        given = one.get("params")
        params = dict(given) if isinstance(given, dict) else {}
        micros = one.get("timestamp_micros") or body.get("timestamp_micros")
        event = _start(shared, one["name"], micros, notes)
        message = content_id("ga4", [shared, one, micros], None if "occurred_at" in event else f"{origin}.{number}")
        for made in _split(event, params, message, notes):
            yield one, made


def _exported(row: dict[str, Any], notes: Notes, origin: str | None) -> Iterator[dict[str, Any] | str]:
    name = row.get("event_name")
    if not name:
        yield "is an event without a name"
        return
    params = flattened(row.get("event_params"))
    event = _start(row, name, row.get("event_timestamp"), notes)
    if "occurred_at" not in event and row.get("event_date"):
        text = str(row["event_date"])
        event["occurred_at"] = f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 and text.isdigit() else text
    ecommerce = row.get("ecommerce")
    if isinstance(ecommerce, dict):
        for key, value in ecommerce.items():
            if value is not None:
                params.setdefault(key, value)
    if row.get("platform"):
        params.setdefault("platform", row["platform"])
    if isinstance(row.get("items"), list):
        params["items"] = row["items"]
    known = {
        *_PERSON,
        "user_id",
        "event_name",
        "event_params",
        "event_timestamp",
        "event_date",
        "ecommerce",
        "items",
        "platform",
    }
    for other in row.keys() - known:
        if row[other] not in (None, "", [], {}):
            notes.leave(other)
    message = content_id("ga4", row, None if row.get("event_timestamp") else origin)
    yield from _split(event, params, message, notes)


def flattened(params: Any) -> dict[str, Any]:
    """`[{"key": "a", "value": {"int_value": 1}}]` → `{"a": 1}`."""
    if isinstance(params, dict):
        return dict(params)
    out: dict[str, Any] = {}
    for one in params if isinstance(params, list) else []:
        if isinstance(one, dict) and one.get("key"):
            value = one.get("value")
            if isinstance(value, dict):
                value = next((value[name] for name in _VALUES if value.get(name) is not None), None)
            out[str(one["key"])] = value
    return out


def _start(who: dict[str, Any], name: Any, micros: Any, notes: Notes) -> dict[str, Any]:
    plain = snake(name)
    event: dict[str, Any] = {"type": TYPES.get(plain, plain)}
    visitor = next((found for key in _PERSON if (found := identity(who.get(key)))), None)
    customer = identity(who.get("user_id"))
    if visitor:
        event["visitor"] = visitor
    if customer:
        event["customer"] = customer
    if not visitor and not customer:
        notes.count("events without client_id and user_id: they stand on the timeline, but are nobody's")
    moment = _moment(micros)
    if moment is not None:
        event["occurred_at"] = moment.isoformat()
    elif micros is not None:
        event["occurred_at"] = str(micros)  # to be refused by name
    return event


def _moment(micros: Any) -> datetime | None:
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(micros))
    except (TypeError, ValueError, OverflowError):
        return None


def _split(event: dict[str, Any], params: dict[str, Any], message: str, notes: Notes) -> Iterator[dict[str, Any]]:
    session = identity(first(params, "ga_session_id", "session_id"))
    if session:
        event["session"] = session
    order = identity(first(params, "transaction_id"))
    if order:
        event["order"] = order
    decision = first(params, "decision_id")
    if decision:
        event["decision_id"] = decision
    items = params.get("items")
    if not isinstance(items, list) or not items or event["type"] in _ONE or event["type"] not in TYPES.values():
        yield {**event, "message_id": message, "properties": params}
        return
    del params["items"]
    currency = params.get("currency")
    if isinstance(currency, str) and currency:
        del params["currency"]
    purchases = Purchases()
    for number, item in enumerate(items):
        own = _item(item)
        made = {**event, "message_id": message if number == 0 else f"{message}:{number}"}
        name = identity(first(own, "item_id", "id"))
        if name:
            made["product"] = name
            made["variant"] = {"namespace": "sku", "value": name}  # shops send ids or SKUs here: what is known decides
        else:
            notes.count("items without an id: the event is kept, but says nothing of a product")
        if "index" in own and "position" not in own:
            own["position"] = own.pop("index")
        if isinstance(currency, str) and currency:
            own.setdefault("currency", currency)
        amounts_of(made, own)
        if order and name and event["type"] in ("purchase", "return"):
            made["message_id"] = purchases.id_of(event["type"], order, name, name) or made["message_id"]
        made["properties"] = {**own, **(params if number == 0 else {})}
        yield made


def _item(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        return {"item_id": item}
    own = {key: value for key, value in item.items() if value not in (None, "", "(not set)") and key != "item_params"}
    for key, value in flattened(item.get("item_params")).items():
        own.setdefault(key, value)
    return own
