"""Segment's calls (track, page, screen, identify, alias, group; e-commerce spec v2) as events. Knows no store.

Calls stand one a line, or many in `{"batch": […]}`; HTTP bodies have the same form. What a call says beyond our fields is
kept in `properties`; of its context only where the visit came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from regulars.feeds.contract import Look, Notes, Source
from regulars.feeds.foreign_events import Purchases, amounts_of, content_id, first, identity, only, snake
from regulars.feeds.reader import Broken, Read

CALLS = frozenset({"track", "page", "screen", "identify", "alias", "group"})
_SIGNS = frozenset(
    {"anonymousId", "userId", "messageId", "originalTimestamp", "sentAt", "previousId", "context", "writeKey"}
)
_KEPT_CONTEXT = ("page", "campaign", "referrer", "locale", "timezone")
TYPES = {
    "product viewed": "view", "viewed product": "view", "product clicked": "click", "clicked product": "click",
    "product added": "cart", "added product": "cart", "product removed": "remove_from_cart",
    "removed product": "remove_from_cart", "checkout started": "checkout", "started checkout": "checkout",
    "order completed": "purchase", "completed order": "purchase", "order refunded": "return", "order cancelled": "cancel",
    "products searched": "search", "searched products": "search", "product list viewed": "impression",
    "viewed product category": "impression", "product list filtered": "impression",
    "product added to wishlist": "like", "wishlist product added to cart": "cart", "product reviewed": "review",
    "email opened": "email_open", "email link clicked": "email_click", "email delivered": "email_sent",
}  # fmt: skip
_A_LINE = frozenset({"purchase", "return", "cancel", "impression"})
"""One event a product: what was in the list, or in the order."""
_CALL_FIELDS = frozenset({"type", "event", "name", "category", "anonymousId", "userId", "previousId", "groupId", "messageId", "timestamp", "originalTimestamp", "sentAt", "receivedAt", "properties", "traits", "context"})  # fmt: skip
PLACES = {
    "type": "type", "event": "type", "name": "properties.name", "category": "properties.category", "anonymousId": "visitor",
    "userId": "customer", "previousId": "visitor", "groupId": "properties.group", "messageId": "message_id",
    "timestamp": "occurred_at", "originalTimestamp": "occurred_at", "sentAt": "sent_at", "receivedAt": "occurred_at",
    "traits": "properties.traits", "properties.product_id": "product", "properties.productId": "product",
    "properties.sku": "variant", "properties.quantity": "quantity", "properties.price": "price",
    "properties.currency": "currency", "properties.order_id": "order", "properties.orderId": "order",
    "properties.position": "position", "properties.decision_id": "decision_id", "properties.surface": "surface",
}  # fmt: skip
_OF_PRODUCT = frozenset({"product_id", "productId", "sku", "quantity", "price", "position"})


def is_call(value: Any) -> bool:
    """Whether an object is one of Segment's calls, or a batch of them."""
    if not isinstance(value, dict):
        return False
    batch = value.get("batch")
    if isinstance(batch, list):
        return not batch or any(is_call(one) for one in batch[:20])
    if not isinstance(value.get("type"), str) or value["type"] not in CALLS:
        return False
    return not _SIGNS.isdisjoint(value) or (value["type"] == "track" and "event" in value)


class Segment:
    name = "segment"
    title = "Segment calls (JSON lines)"
    kinds = ("events",)
    flat = False

    def fits(self, look: Look) -> bool:
        return look.physical == "jsonl" and any(is_call(row) for row in look.rows[:20])

    def place(self, kind: str, column: str) -> str | None:
        path = column.removeprefix("batch[].")
        inside = path.replace("properties.products[].", "properties.")
        if inside != path and inside.removeprefix("properties.") in _OF_PRODUCT:
            path = inside
        if path in PLACES:
            return PLACES[path]
        outer, _, rest = path.partition(".")
        if outer == "properties":
            return path
        if outer == "traits":
            return f"properties.{path}"
        if outer == "context" and rest.partition(".")[0] in _KEPT_CONTEXT:
            return f"properties.{path}"
        return None

    def records(self, kind: str, source: Source, notes: Notes) -> Iterator[Read | Broken]:
        last: datetime | None = None
        for row in source.rows():
            if isinstance(row, Broken):
                yield row
                continue
            for call, event in events_of(row.values, notes, str(row.line)):
                if isinstance(event, str):
                    yield Broken(row.line, event, str(call)[:2_000])
                    continue
                moment = _moment(event.get("occurred_at"))
                if moment is not None:
                    if last is not None and moment < last:
                        notes.count("calls out of order: each stands where its own time says")
                    last = moment if last is None else max(last, moment)
                yield Read(row.line, event)


FORMAT = Segment()


def events_of(
    body: dict[str, Any], notes: Notes, origin: str | None = None
) -> Iterator[tuple[Any, dict[str, Any] | str]]:
    """Each call of a body with each event that it stands for; a text instead where it can't be one, saying why."""
    batch = body.get("batch")
    if not isinstance(batch, list):
        for event in _events(body, None, notes, origin):
            yield body, event
        return
    for name in body:
        if name not in ("batch", "sentAt", "context"):
            notes.leave(name)
    shared = body.get("context")
    for number, call in enumerate(batch):
        if not isinstance(call, dict):
            yield call, "is no call: not a JSON object"
            continue
        if isinstance(shared, dict) and "context" not in call:
            call = {**call, "context": shared}
        for event in _events(call, body.get("sentAt"), notes, f"{origin}.{number}"):
            yield call, event


def _events(call: dict[str, Any], sent: Any, notes: Notes, origin: str | None) -> Iterator[dict[str, Any] | str]:
    kind = call.get("type")
    if not isinstance(kind, str) or kind not in CALLS:
        yield f"is a call of the type {str(kind)[:40]!r}; events are {', '.join(sorted(CALLS))}"
        return
    event, properties = _person_and_time(call, sent, notes)
    given = call.get("properties")
    if isinstance(given, dict):
        properties = {**properties, **given}
    elif given not in (None, ""):
        notes.leave("properties")
    name = call.get("event")
    for field_name in ("name", "category"):
        if call.get(field_name):
            properties.setdefault(field_name, call[field_name])
    if call.get("groupId"):
        properties["group"] = call["groupId"]
    if isinstance(call.get("traits"), dict) and call["traits"]:
        properties["traits"] = call["traits"]
    for other in call.keys() - _CALL_FIELDS:
        notes.leave(other)
    if kind == "track":
        if not name:
            yield "is a track call without an event's name"
            return
        event["type"] = TYPES.get(" ".join(str(name).lower().replace("_", " ").split()), snake(name))
        if event["type"] not in TYPES.values():
            properties.setdefault("event", name)
    else:
        event["type"] = {"screen": "page", "alias": "identify"}.get(kind, kind)
    identifier = call.get("messageId")
    message = identity(identifier) or content_id("segment", call, None if "occurred_at" in event else origin)
    yield from _split(event, properties, message, notes)


def _person_and_time(call: dict[str, Any], sent: Any, notes: Notes) -> tuple[dict[str, Any], dict[str, Any]]:
    event: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    customer, visitor = identity(call.get("userId")), identity(call.get("anonymousId"))
    if call.get("type") == "alias":
        visitor = identity(call.get("previousId")) or visitor
    if customer:
        event["customer"] = customer
    if visitor:
        event["visitor"] = visitor
    if not customer and not visitor:
        notes.count("calls without anonymousId and userId: they stand on the timeline, but are nobody's")
    # What Segment stored has its clock corrected already and says when it was received; a raw call brings its own clocks.
    when = call.get("timestamp") or call.get("originalTimestamp") or call.get("receivedAt")
    if when:
        event["occurred_at"] = when
    sent = call.get("sentAt") or sent
    if sent and not call.get("receivedAt"):
        event["sent_at"] = sent
    context = call.get("context")
    if isinstance(context, dict):
        kept = only(context, _KEPT_CONTEXT)
        if kept:
            properties["context"] = kept
        for name in context.keys() - kept.keys():
            notes.leave(f"context.{name}")
    elif context:
        notes.leave("context")
    return event, properties


def _split(event: dict[str, Any], properties: dict[str, Any], message: str, notes: Notes) -> Iterator[dict[str, Any]]:
    """One event a product where the call is about several, else one."""
    order = identity(first(properties, "order_id", "orderId")) or (
        identity(first(properties, "checkout_id")) if event["type"] == "purchase" else None
    )
    shared = dict(event)
    if order:
        shared["order"] = order
    decision = first(properties, "decision_id", "decisionId")
    if decision:
        shared["decision_id"] = decision
    if isinstance(properties.get("surface"), str):
        shared["surface"] = properties.pop("surface")
    products = properties.get("products")
    if event["type"] in _A_LINE and isinstance(products, list) and products:
        del properties["products"]
        currency = properties.get("currency")
        purchases = Purchases()
        for number, product in enumerate(products):
            own = dict(product) if isinstance(product, dict) else {"product_id": product}
            made = {**shared, "message_id": message if number == 0 else f"{message}:{number}"}
            if currency and "currency" not in own:
                own["currency"] = currency
            about(made, own, notes)
            if order and event["type"] in ("purchase", "return", "cancel"):
                sku = made["variant"]["value"] if "variant" in made else None
                key = purchases.id_of(event["type"], order, made.get("product"), sku)
                made["message_id"] = key or made["message_id"]
            made["properties"] = {**own, **(properties if number == 0 else {})}
            yield made
        return
    made = {**shared, "message_id": message}
    about(made, properties, notes)
    made["properties"] = properties
    yield made


def about(event: dict[str, Any], values: dict[str, Any], notes: Notes) -> None:
    """Moves what an event says of a product from `values` into its fields; what fits no field stays."""
    sku = identity(values.get("sku"))
    product = identity(values.get("product_id")) or identity(values.get("productId"))
    if product:
        event["product"] = product
        first(values, "product_id", "productId")
    if sku:
        event["variant"] = {"namespace": "sku", "value": sku}
        del values["sku"]
    if (
        not product
        and not sku
        and event["type"] in ("view", "click", "cart", "remove_from_cart", "purchase", "impression", "like")
    ):
        notes.count("products without an id: the event is kept, but says nothing of a product")
    amounts_of(event, values)


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
