"""From validated records to the JSON rows that the store's SQL functions take. Pure; touches no database.

Here times get their zone, money its minor units, ids their namespace, and every record a fingerprint, so that importing
the same thing twice writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from regulars.schema import (
    Article,
    Conversation,
    Customer,
    Event,
    EventType,
    ExternalId,
    Order,
    PaymentMethod,
    Product,
    Review,
)
from regulars.schema.events import EARLIEST
from regulars.schema.identity import message_key
from regulars.schema.money import exponent_of, to_minor
from regulars.schema.shop import ShopSettings

FUTURE_TOLERANCE = timedelta(minutes=5)  # clocks of honest devices differ by this much
CLOCK_TOLERANCE = timedelta(minutes=5)  # a device clock off by less is left alone: network time is in it too


class FieldError(ValueError):
    """A value that can't be used, with the field it stands in."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Clock:
    """How to read times: the shop's zone for those without one, and the moment of receipt."""

    zone: ZoneInfo
    received: datetime
    live: bool = True  # False for files: they are read long after they were sent, which says nothing of a clock

    @classmethod
    def of(cls, settings: ShopSettings, received: datetime | None = None, *, live: bool = True) -> Clock:
        return cls(ZoneInfo(settings.zone), received or datetime.now(UTC), live)

    def read(self, value: datetime | str, field: str) -> tuple[datetime, bool]:
        """The instant, and whether it stated its zone. Raises: FieldError."""
        if isinstance(value, str):
            given = value.strip()
            try:
                moment = datetime.fromisoformat(given.replace("/", "-"))
            except ValueError:
                raise FieldError(field, f"{given[:40]!r} isn't a time; use ISO 8601, 2026-03-01T09:30:00Z") from None
        else:
            moment = value
        stated = moment.tzinfo is not None
        try:
            instant = (moment if stated else moment.replace(tzinfo=self.zone)).astimezone(UTC)
        except (OverflowError, ValueError):
            raise FieldError(field, "is outside the calendar") from None
        if instant < EARLIEST:
            raise FieldError(field, f"{instant:%Y-%m-%d} is before 1970")
        return instant, stated

    def event_time(self, occurred: datetime | str | None, sent: datetime | str | None) -> tuple[datetime, str]:
        """When an event happened, and how that is known: stated, zone, corrected or server.

        A device whose clock is wrong tells by `sent`: occurred + (received - sent) is right (Segment's rule). A time in
        the future that can't be corrected becomes the time of receipt.

        Raises: FieldError when a time can't be read.
        """
        if occurred is None:
            return self.received, "server"
        instant, stated = self.read(occurred, "occurred_at")
        how = "stated" if stated else "zone"
        if sent is not None:
            drift = self.received - self.read(sent, "sent_at")[0]
            if drift < -CLOCK_TOLERANCE or (self.live and drift > CLOCK_TOLERANCE):
                try:
                    instant, how = instant + drift, "corrected"
                except OverflowError:
                    return self.received, "server"
        if instant > self.received + FUTURE_TOLERANCE or instant < EARLIEST:
            return self.received, "server"
        return instant, how


def money(amount: str | None, currency: str | None, shop_currency: str, field: str) -> tuple[int | None, str, int]:
    """Minor units, currency and exponent. Raises: FieldError."""
    code = currency or shop_currency
    exponent = exponent_of(code)
    if amount is None:
        return None, code, exponent
    try:
        return to_minor(amount, exponent), code, exponent
    except ValueError as error:
        raise FieldError(field, str(error)) from None


def fingerprint(record: Any) -> str:
    """32 hexadecimal digits that change when the record does (BLAKE2b-128 of its canonical JSON)."""
    return hashlib.blake2b(orjson.dumps(record, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def event_row(event: Event, clock: Clock, settings: ShopSettings, origin: str | None = None) -> dict[str, Any]:
    """An event as `append_events` takes it. Raises: FieldError.

    origin: where it stands (file and line); tells events without time and id from each other, however often it is read.
    """
    instant, how = clock.event_time(event.occurred_at, event.sent_at)
    row: dict[str, Any] = {"type": event.type, "occurred_at": instant, "clock": how}
    if event.customer is not None:
        row["customer_namespace"], row["customer"] = event.customer
    if event.visitor is not None:
        row["visitor"] = event.visitor
    if event.product is not None:
        row["product_namespace"], row["product"] = event.product
    if event.variant is not None:
        row["variant_namespace"], row["variant"] = event.variant
    if event.order is not None:
        row["order_namespace"], row["order"] = event.order
    if event.price is not None:
        row["amount"], row["currency"], row["exponent"] = money(event.price, event.currency, settings.currency, "price")
    for name in ("session", "quantity", "decision_id", "position", "surface"):
        value = getattr(event, name)
        if value is not None:
            row[name] = value
    if event.properties:
        row["properties"] = event.properties
    if event.message_id is not None:
        row["message_id"] = message_key(event.message_id)
    else:
        # Two events that can't be told apart are one: without an id of its own an event is what it says.
        stated = {name: value for name, value in row.items() if name != "clock"}
        if event.occurred_at is None:
            stated["occurred_at"] = origin or str(clock.received)
        elif how in ("server", "corrected"):
            stated["occurred_at"] = str(event.occurred_at)  # what was read depends on when: what was stated doesn't
        row["message_id"] = message_key("content:" + fingerprint(stated))
    return row


def _texts(title: dict[str, str], description: dict[str, str], settings: ShopSettings) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    for field, given in (("title", title), ("description", description)):
        for locale, text in given.items():
            texts.setdefault(locale or settings.locales[0], {})[field] = text
    return texts


def product_row(product: Product, settings: ShopSettings) -> dict[str, Any]:
    """A product as `upsert_products` takes it. Raises: FieldError."""
    variants = []
    for number, variant in enumerate(product.all_variants()):
        where = f"variants[{number}]." if product.variants else ""
        currency = variant.currency or product.currency
        price, code, exponent = money(variant.price, currency, settings.currency, f"{where}price")
        before, _, _ = money(variant.compare_at_price, currency, settings.currency, f"{where}compare_at_price")
        cost, _, _ = money(variant.cost, currency, settings.currency, f"{where}cost")
        if cost is not None and cost < 0:
            raise FieldError(f"{where}cost", "is negative")
        if price is not None and price < 0:
            raise FieldError(f"{where}price", "is negative")
        ids = []
        if variant.id is not None:
            ids.append(list(variant.id))
        if variant.sku:
            ids.extend([["sku", variant.sku], [product.id.namespace, variant.sku]])
        variants.append(
            {
                "ids": ids,
                "sku": variant.sku,
                "options": variant.options,
                "price": price,
                "compare_at": before,
                "currency": code,
                "exponent": exponent,
                "stock": variant.stock,
                "pictures": [picture.model_dump() for picture in variant.pictures],
                # Only where it is known: products that were imported before costs were read are still the same.
                **({} if cost is None else {"cost": cost}),
            }
        )
    row = {
        "ids": _ids(product.id, product.also_known_as),
        "status": product.status,
        "texts": _texts(product.title, product.description, settings),
        "brand": product.brand,
        "category": product.category,
        "attributes": product.attributes,
        "pictures": [picture.model_dump() for picture in product.pictures],
        "url": product.url,
        "created_at": product.created_at,
        "variants": variants,
    }
    row["fingerprint"] = fingerprint(row)
    return row


def customer_row(customer: Customer, settings: ShopSettings) -> dict[str, Any]:
    """A customer as `upsert_customers` takes it. Raises: FieldError."""
    row = {
        "ids": _ids(customer.id, customer.also_known_as),
        "email": customer.email.strip() if customer.email else None,
        "name": customer.name,
        "phone": customer.phone,
        "locale": customer.locale,
        "traits": customer.traits,
        "addresses": [address.model_dump(exclude_none=True) for address in customer.addresses],
        "payment_methods": [
            _payment_method(number, method, settings) for number, method in enumerate(customer.payment_methods)
        ],
        "consent": [consent.model_dump() for consent in customer.consent],
        "created_at": customer.created_at,
    }
    row["fingerprint"] = fingerprint(row)
    return row


def _payment_method(number: int, method: PaymentMethod, settings: ShopSettings) -> dict[str, Any]:
    row = {**method.model_dump(exclude={"balance", "currency"}), "id": list(method.id)}
    if method.balance is not None:
        field = f"payment_methods.{number}.balance"
        row["balance"], row["currency"], row["exponent"] = money(
            method.balance, method.currency, settings.currency, field
        )
    return row


def order_rows(order: Order, clock: Clock, settings: ShopSettings) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """An order as `upsert_orders` takes it, and the events it puts on the timeline.

    A guest's order (neither customer nor visitor) gets a visitor of its own: what was bought together stays together.

    Raises: FieldError.
    """
    placed = clock.event_time(order.placed_at, None)[0]
    customer = list(order.customer) if order.customer else None
    visitor = order.visitor or (None if customer else f"guest:{order.id.namespace}:{order.id.value}")
    code = order.currency or settings.currency
    exponent = exponent_of(code)

    def minor(amount: str | None, field: str) -> int | None:
        return money(amount, code, code, field)[0]

    row = {
        "ids": [list(order.id)],
        "customer": customer,
        "visitor": visitor,
        "placed_at": placed,
        "status": order.status,
        "currency": code,
        "exponent": exponent,
        "total": minor(order.total, "total"),
        "shipping": minor(order.shipping, "shipping"),
        "address": order.address.model_dump(exclude_none=True) if order.address else None,
        "traits": order.traits,
        "lines": [
            {
                "product": list(line.product) if line.product else None,
                "variant": list(line.variant) if line.variant else None,
                "title": line.title,
                "quantity": line.quantity,
                "unit_price": minor(line.unit_price, f"lines[{number}].unit_price"),
                "discount": minor(line.discount, f"lines[{number}].discount"),
            }
            for number, line in enumerate(order.lines)
        ],
        "payments": [
            {
                "id": list(payment.id) if payment.id else None,
                "method": list(payment.method) if payment.method else None,
                "kind": payment.kind,
                "amount": minor(payment.amount, f"payments[{number}].amount"),
                "status": payment.status,
                "at": payment.at,
            }
            for number, payment in enumerate(order.payments)
        ],
        "shipments": [
            {**shipment.model_dump(), "id": list(shipment.id) if shipment.id else None} for shipment in order.shipments
        ],
    }
    row["fingerprint"] = fingerprint(row)
    return row, _order_events(order, row, placed)


def _order_events(order: Order, row: dict[str, Any], placed: datetime) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    occurrence: dict[tuple[str, str], int] = {}
    for line in row["lines"]:
        subject = line["product"] or line["variant"]
        if subject is None:
            continue
        types = [EventType.PURCHASE if line["quantity"] >= 0 else EventType.RETURN]
        if order.status == "cancelled":
            types.append(EventType.CANCEL)
        for kind in types:
            # The key says which line of which order, not its number: lines may be listed in another order next time.
            key = (kind.value, f"{subject[0]}:{subject[1]}")
            occurrence[key] = occurrence.get(key, 0) + 1
            event = {
                "message_id": line_key(order.id, kind.value, subject, occurrence[key]),
                "type": kind.value,
                "occurred_at": placed,
                "clock": "stated",
                "order_namespace": order.id.namespace,
                "order": order.id.value,
                "quantity": line["quantity"],
                "amount": line["unit_price"],
                "currency": row["currency"],
                "exponent": row["exponent"],
            }
            for name in ("product", "variant"):
                if line[name]:
                    event[f"{name}_namespace"], event[name] = line[name]
            if row["customer"]:
                event["customer_namespace"], event["customer"] = row["customer"]
            if row["visitor"]:
                event["visitor"] = row["visitor"]
            events.append(event)
    return events


def line_key(order: ExternalId, kind: str, subject: Sequence[str], nth: int) -> UUID:
    """Under which id the event of an order's line is stored. nth: from 1, of the lines with the same subject."""
    identity = orjson.dumps([*order, str(kind), f"{subject[0]}:{subject[1]}", nth]).decode()
    return message_key("order:" + identity)


def review_row(review: Review, clock: Clock) -> dict[str, Any]:
    """A review as `upsert_reviews` takes it. Raises: FieldError."""
    stated = {**review.model_dump(mode="json"), "id": list(review.id)}
    return {
        "id": list(review.id),
        "product": list(review.product),
        "customer": list(review.customer) if review.customer else None,
        "rating": review.rating,
        "title": review.title,
        "body": review.body,
        "locale": review.locale,
        "written_at": clock.event_time(review.written_at, None)[0],
        "fingerprint": fingerprint(stated),
    }


def article_row(article: Article, clock: Clock) -> dict[str, Any]:
    """An article as `upsert_articles` takes it. Raises: FieldError."""
    stated = {**article.model_dump(mode="json"), "id": list(article.id)}
    if not article.questions:
        del stated["questions"]  # articles from before there were any keep their mark
    return {
        "id": list(article.id),
        "locale": article.locale,
        "title": article.title,
        "body": article.body,
        "tags": article.tags,
        "questions": article.questions,
        "updated_at": clock.event_time(article.updated_at, None)[0],
        "fingerprint": fingerprint(stated),
    }


def conversation_row(conversation: Conversation, clock: Clock) -> dict[str, Any]:
    """A conversation of the past as `upsert_conversations` takes it. Raises: FieldError.

    Messages without a time follow each other by a second: their order is what counts.
    """
    stated = {**conversation.model_dump(mode="json"), "id": list(conversation.id)}
    messages: list[dict[str, Any]] = []
    before: datetime | None = None
    for number, said in enumerate(conversation.messages):
        at = clock.read(said.at, f"messages.{number}.at")[0] if said.at is not None else None
        if at is None:
            at = clock.received if before is None else before + timedelta(seconds=1)
        before = at
        role = {"customer": "customer", "agent": "human", "bot": "assistant"}[said.role]
        details = {} if said.intent is None else {"intent": said.intent}
        messages.append({"role": role, "body": said.text, "at": at, "details": details})
    return {
        "conversation_id": message_key(f"{conversation.id.namespace}:{conversation.id.value}"),
        "customer": None if conversation.customer is None else list(conversation.customer),
        "locale": conversation.locale or "",
        "rating": conversation.rating,
        "messages": messages,
        "fingerprint": fingerprint(stated),
    }


def _ids(first: ExternalId, others: Sequence[ExternalId]) -> list[list[str]]:
    return [list(identity) for identity in dict.fromkeys([first, *others])]
