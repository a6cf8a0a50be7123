"""HTTP of the memory: events, products, customers, orders, reviews, articles. Thin: checks, one statement, the answer.

Bodies are parsed and checked in one pass by pydantic's own JSON reader: the framework's way takes twice as long for a
batch of 500 events.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from regulars.errors import NotFound, TooLarge
from regulars.feeds import bodies
from regulars.schema import Article, Customer, Event, ExternalId, Order, Product, Review
from regulars.schema.events import MAX_EVENTS_PER_BATCH
from regulars.schema.identity import DEFAULT_NAMESPACE, as_external_id
from regulars.store import identity, records, rows
from regulars.store.rows import FieldError
from regulars.web.engine import Engine
from regulars.web.guard import Caller
from regulars.web.metrics import EVENTS
from regulars.web.problems import Invalid, invalid_from

MAX_RECORDS_PER_BATCH = 1_000

READ_PRODUCT = """
SELECT p.known, p.status, p.texts, p.brand, p.category, p.attributes, p.pictures, p.url, p.created_at, p.updated_at,
       (SELECT jsonb_agg(jsonb_build_object('sku', v.sku, 'options', v.options, 'price', v.price, 'compare_at', v.compare_at,
               'currency', v.currency, 'exponent', v.exponent, 'stock', v.stock) ORDER BY v.place)
        FROM variants v WHERE v.product_id = p.product_id) AS variants
FROM products p WHERE p.product_id = %s
"""
READ_CUSTOMER = (
    "SELECT known, email, name, phone, locale, traits, created_at, updated_at FROM customers WHERE customer_id = %s"
)
READ_TIMELINE = """
SELECT e.type, e.occurred_at, e.clock, e.quantity, e.amount, e.currency, e.exponent, e.decision_id, e.position, e.surface,
       e.properties, (SELECT value FROM external_ids x WHERE x.id = e.product_id AND x.kind = 'product' LIMIT 1) AS product
FROM events e WHERE e.customer_id = %s ORDER BY e.occurred_at DESC, e.event_id DESC LIMIT 100
"""
ARCHIVE_PRODUCT = """
WITH c AS (INSERT INTO changes (change_id, kind, tables) VALUES (nextval('change_ids'), 'join', '{products}') RETURNING change_id)
UPDATE products SET status = 'archived', fingerprint = NULL, updated_at = now(), change_id = (SELECT change_id FROM c)
WHERE product_id = %s RETURNING product_id
"""
Body = TypeVar("Body", bound=BaseModel)


class _Batch(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EventsIn(_Batch):
    """A batch: all of it is stored, or none."""

    events: list[Event] = Field(max_length=MAX_EVENTS_PER_BATCH)
    sent_at: datetime | str | None = Field(
        default=None, description="The device's time when sending; corrects the clocks of events without their own."
    )


class ProductsIn(_Batch):
    products: list[Product] = Field(max_length=MAX_RECORDS_PER_BATCH)


class CustomersIn(_Batch):
    customers: list[Customer] = Field(max_length=MAX_RECORDS_PER_BATCH)


class OrdersIn(_Batch):
    orders: list[Order] = Field(max_length=MAX_RECORDS_PER_BATCH)


class ReviewsIn(_Batch):
    reviews: list[Review] = Field(max_length=MAX_RECORDS_PER_BATCH)


class ArticlesIn(_Batch):
    articles: list[Article] = Field(max_length=MAX_RECORDS_PER_BATCH)


class Accepted(BaseModel):
    """accepted: new and committed. duplicates: known message ids. unresolved: of the new ones, those whose product or
    customer no record describes yet; they join when it arrives."""

    accepted: int
    duplicates: int
    unresolved: int


class Upserted(BaseModel):
    """A word a record, in the order sent: new, updated, unchanged or conflict."""

    outcome: list[str]


BODIES: dict[str, type[BaseModel]] = {
    "EventsIn": EventsIn,
    "ProductsIn": ProductsIn,
    "CustomersIn": CustomersIn,
    "OrdersIn": OrdersIn,
    "ReviewsIn": ReviewsIn,
    "ArticlesIn": ArticlesIn,
}


def _takes(model: type[BaseModel]) -> dict[str, Any]:
    """What OpenAPI says of a body that the framework doesn't parse itself."""
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}},
        }
    }


async def _read(request: Request, model: type[Body]) -> Body:
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise invalid_from(error) from None


async def _read_events(request: Request, received: datetime) -> tuple[EventsIn, bool]:
    """The batch, and whether it came in another system's format."""
    raw = await request.body()
    try:
        return EventsIn.model_validate_json(raw), False
    except ValidationError as error:
        found = bodies.events_in(raw, received, MAX_EVENTS_PER_BATCH)
        if found is None:
            raise invalid_from(error) from None
    events, wrong = found
    if wrong:
        raise Invalid(wrong)
    if len(events) > MAX_EVENTS_PER_BATCH:
        raise TooLarge(
            f"The body stands for more than {MAX_EVENTS_PER_BATCH} events.", hint="Send several smaller batches."
        )
    return EventsIn.model_construct(events=events, sent_at=None), True


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value, default=str), status, media_type="application/json")


def _checked(kind: str, given: list[Any], make: Callable[[Any], Any]) -> list[Any]:
    """All rows, or Invalid naming each that can't be used."""
    out, wrong = [], []
    for number, one in enumerate(given):
        try:
            out.append(make(one))
        except FieldError as error:
            wrong.append({"field": f"{kind}[{number}].{error.field}", "message": error.message})
    if wrong:
        raise Invalid(wrong[:50])
    return out


async def _name_products(engine: Engine, checked: list[dict[str, Any]]) -> None:
    """Other systems say numbers and SKUs side by side: the product is named by the one that is known."""
    products, skus = records.named_together(checked)
    if products:
        found = await engine.pool.fetch(records.BETTER_NAMES, (products, skus))
        records.rename(checked, products, skus, found[0]["names"])


def router(
    engine_of: Callable[[], Engine], any_caller: Any, secret_caller: Any, responses: dict[int | str, Any]
) -> APIRouter:
    routes = APIRouter(prefix="/v1", responses=responses)

    @routes.post(
        "/events",
        status_code=202,
        response_model=Accepted,
        openapi_extra=_takes(EventsIn),
        tags=["memory"],
        summary="Put events on the timeline",
        description="Also takes Segment's calls, one or a batch, and Google's Measurement Protocol bodies: found by content.",
    )
    async def events(request: Request, caller: Caller = Depends(any_caller)) -> Response:
        engine = engine_of()
        clock, settings = engine.clock(), engine.settings
        body, foreign = await _read_events(request, clock.received)

        def row(event: Event) -> dict[str, Any]:
            if event.sent_at is None:
                event.sent_at = body.sent_at
            made = rows.event_row(event, clock, settings)
            if caller.customer is not None or event.customer is not None:
                customer = caller.speaks_for(event.customer)
                if customer is not None:
                    made["customer_namespace"], made["customer"] = customer
            return made

        checked = _checked("events", body.events, row)
        if foreign:
            await _name_products(engine, checked)
        appended = await engine.append(checked, "http", clock.received)
        for outcome, count in appended._asdict().items():
            EVENTS.labels(outcome).inc(count)
        return _json(appended._asdict(), 202)

    async def upsert(statement: str, *batches: list[dict[str, Any]]) -> Response:
        return _json({"outcome": await engine_of().upsert(statement, *batches) if batches[0] else []})

    @routes.post(
        "/products",
        response_model=Upserted,
        openapi_extra=_takes(ProductsIn),
        tags=["memory"],
        summary="Create or update products",
    )
    async def products(request: Request, caller: Caller = Depends(secret_caller)) -> Response:
        body, settings = await _read(request, ProductsIn), engine_of().settings
        made = _checked("products", body.products, lambda one: rows.product_row(one, settings))
        return await upsert(records.UPSERT_PRODUCTS, made)

    @routes.post(
        "/customers",
        response_model=Upserted,
        openapi_extra=_takes(CustomersIn),
        tags=["memory"],
        summary="Create or update customers",
    )
    async def customers(request: Request, caller: Caller = Depends(secret_caller)) -> Response:
        body, settings = await _read(request, CustomersIn), engine_of().settings
        made = _checked("customers", body.customers, lambda one: rows.customer_row(one, settings))
        return await upsert(records.UPSERT_CUSTOMERS, made)

    @routes.post(
        "/orders",
        response_model=Upserted,
        openapi_extra=_takes(OrdersIn),
        tags=["memory"],
        summary="Create or update orders; their lines go on the timeline",
    )
    async def orders(request: Request, caller: Caller = Depends(secret_caller)) -> Response:
        engine = engine_of()
        body, settings, clock = await _read(request, OrdersIn), engine.settings, engine.clock()
        pairs = _checked("orders", body.orders, lambda one: rows.order_rows(one, clock, settings))
        return await upsert(
            records.UPSERT_ORDERS, [order for order, _ in pairs], [event for _, made in pairs for event in made]
        )

    @routes.post(
        "/reviews",
        response_model=Upserted,
        openapi_extra=_takes(ReviewsIn),
        tags=["memory"],
        summary="Create or update reviews",
    )
    async def reviews(request: Request, caller: Caller = Depends(secret_caller)) -> Response:
        body, clock = await _read(request, ReviewsIn), engine_of().clock()
        return await upsert(
            records.UPSERT_REVIEWS, _checked("reviews", body.reviews, lambda one: rows.review_row(one, clock))
        )

    @routes.post(
        "/articles",
        response_model=Upserted,
        openapi_extra=_takes(ArticlesIn),
        tags=["memory"],
        summary="Create or update help-centre articles",
    )
    async def articles(request: Request, caller: Caller = Depends(secret_caller)) -> Response:
        body, clock = await _read(request, ArticlesIn), engine_of().clock()
        return await upsert(
            records.UPSERT_ARTICLES, _checked("articles", body.articles, lambda one: rows.article_row(one, clock))
        )

    async def found(kind: str, name: str, namespace: str) -> int:
        try:
            external: ExternalId = as_external_id({"namespace": namespace, "value": name})
        except ValueError as error:
            raise Invalid([{"field": kind, "message": str(error)}]) from None
        rows_found = await engine_of().pool.fetch(identity.ID_OF, (kind, *external))
        if not rows_found:
            raise NotFound(f"There is no {kind} {name[:60]!r}.", field=kind)
        return int(rows_found[0]["id"])

    @routes.get("/products/{product}", tags=["memory"], summary="One product as it is kept")
    async def product(
        product: str, caller: Caller = Depends(secret_caller), namespace: str = DEFAULT_NAMESPACE
    ) -> Response:
        one = await engine_of().pool.fetch(READ_PRODUCT, (await found("product", product, namespace),))
        return _json({"id": product, **one[0]})

    @routes.delete("/products/{product}", tags=["memory"], summary="Take a product out of the shop", status_code=204)
    async def archive(
        product: str, caller: Caller = Depends(secret_caller), namespace: str = DEFAULT_NAMESPACE
    ) -> Response:
        engine = engine_of()
        await engine.pool.fetch(ARCHIVE_PRODUCT, (await found("product", product, namespace),))
        await engine.refresh()
        return Response(status_code=204)

    @routes.get("/customers/{customer}", tags=["memory"], summary="One customer and their last 100 events")
    async def customer(
        customer: str, caller: Caller = Depends(secret_caller), namespace: str = DEFAULT_NAMESPACE
    ) -> Response:
        engine = engine_of()
        customer_id = await found("customer", customer, namespace)
        one = await engine.pool.fetch(READ_CUSTOMER, (customer_id,))
        timeline = await engine.pool.fetch(READ_TIMELINE, (customer_id,))
        return _json({"id": customer, **one[0], "timeline": timeline})

    @routes.delete("/customers/{customer}", tags=["privacy"], summary="Forget a customer everywhere")
    async def erase(
        customer: str, caller: Caller = Depends(secret_caller), namespace: str = DEFAULT_NAMESPACE
    ) -> Response:
        engine = engine_of()
        customer_id = await found("customer", customer, namespace)
        return _json({"erased": await engine.erase(customer_id)})

    @routes.get("/customers/{customer}/export", tags=["privacy"], summary="Everything that is kept about a customer")
    async def export_customer(
        customer: str, caller: Caller = Depends(secret_caller), namespace: str = DEFAULT_NAMESPACE
    ) -> Response:
        return _json(await engine_of().export(await found("customer", customer, namespace)))

    return routes
