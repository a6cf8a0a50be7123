"""HTTP of recommendations: ask for a list, open a decision. Knows who may ask only through the dependencies it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from regulars.errors import InvalidInput, NotFound
from regulars.language.translations import best_locale, say_in
from regulars.recommend import service
from regulars.recommend.context import Arrival, came_from
from regulars.recommend.described import described
from regulars.recommend.explain import explain
from regulars.recommend.filters import Wishes
from regulars.recommend.reasons import sentence
from regulars.recommend.search import index_of
from regulars.recommend.service import Serving
from regulars.recommend.surfaces import SURFACES
from regulars.schema import Decision, ExternalId
from regulars.schema.identity import ExternalIdField
from regulars.schema.text import IdText, Plain
from regulars.store.database import Row

UNKNOWN_PRODUCT = -1
MOST_MATCHED = 100  # products that hold the words somebody came with


class Answers(Protocol):
    """What these routes need of the engine."""

    @property
    def serving(self) -> Serving: ...

    async def recommend(
        self, request: service.Request, customer: ExternalId | None, visitor: str | None
    ) -> tuple[Serving, Decision]: ...

    async def decision(self, decision_id: UUID) -> tuple[Row, list[Row]] | None: ...


class Filters(BaseModel):
    """What a list is narrowed to. Prices in major units of the shop's currency."""

    model_config = ConfigDict(extra="forbid")
    category: Annotated[Plain, Field(max_length=512)] | None = Field(
        default=None, description='A name, or a path "A > B".'
    )
    brand: Annotated[Plain, Field(max_length=512)] | None = None
    min_price: float | None = Field(default=None, ge=0, lt=1e15, allow_inf_nan=False)
    max_price: float | None = Field(default=None, ge=0, lt=1e15, allow_inf_nan=False)


class Context(BaseModel):
    """How the person came, as far as the page knows. All of it may be left out; none of it is needed twice."""

    model_config = ConfigDict(extra="forbid")
    referrer: str | None = Field(default=None, max_length=2_000, description="Address of the page before.")
    medium: str | None = Field(default=None, max_length=100, description="utm_medium of the landing address.")
    query: str | None = Field(default=None, max_length=200, description="What they searched for.")
    category: str | None = Field(default=None, max_length=512, description="Where they began: a name, or a path.")
    product: ExternalIdField | None = Field(default=None, description="The product on whose page they began.")
    hour: int | None = Field(default=None, ge=0, le=23, description="On their clock; the shop's, if missing.")
    weekday: int | None = Field(default=None, ge=0, le=6, description="0 is Monday.")
    device: Literal["phone", "tablet", "desk"] | None = None


class RecommendationRequest(BaseModel):
    """Who asks, where, and for what."""

    model_config = ConfigDict(extra="forbid")
    surface: str = Field(default="home", max_length=64, description=", ".join(SURFACES))
    customer: ExternalIdField | None = None
    visitor: IdText | None = Field(default=None, description="The id your page keeps for the browser.")
    product: ExternalIdField | None = Field(
        default=None, description="The open product; needed on product, alike and goes_with."
    )
    n: int = Field(default=10, ge=1, le=service.MAX_ITEMS)
    filters: Filters = Field(default_factory=Filters)
    exclude: list[ExternalIdField] = Field(default_factory=list, max_length=1_000, description="Never these products.")
    locale: str | None = Field(default=None, max_length=64, description="Language of titles and reasons: en, zh.")
    seed: int | None = Field(default=None, ge=0, lt=2**63, description="Makes exploration slots repeatable.")
    context: Context | None = Field(default=None, description="How they came; it bends a stranger's list.")


class ReasonOut(BaseModel):
    code: str
    text: str


class ProductOut(BaseModel):
    product: str
    namespace: str
    title: str
    price: str | None = Field(description="In major units, e.g. 19.99")
    currency: str | None
    url: str | None
    picture: str | None


class ItemOut(ProductOut):
    position: int = Field(description="0-based. Send it back with the click, beside decision_id.")
    score: float
    source: str
    reason: ReasonOut


class RecommendationsOut(BaseModel):
    """A list. Send `decision_id` and `position` back with the events that it causes."""

    decision_id: UUID
    mode: str = Field(description="trained, starter or newest")
    model_version: str | None
    items: list[ItemOut]
    timings_ms: dict[str, float]


def router(
    answers: Callable[[], Answers], any_caller: Any, secret_caller: Any, responses: dict[int | str, Any]
) -> APIRouter:
    """The routes. any_caller, secret_caller: dependencies that say who calls, or refuse."""
    routes = APIRouter(prefix="/v1", tags=["recommendations"], responses=responses)

    @routes.post("/recommendations", response_model=RecommendationsOut, summary="A list for a person")
    async def recommendations(
        asked: Annotated[RecommendationRequest, Body()], caller: Any = Depends(any_caller)
    ) -> Response:
        engine = answers()
        customer = caller.speaks_for(asked.customer)
        request = request_of(engine.serving, asked)
        if asked.context is not None:
            request = replace(request, arrival=await _arrival(engine.serving, asked.context, asked.locale))
        serving, decision = await engine.recommend(request, customer, asked.visitor)
        return Response(orjson.dumps(shown(serving, decision, asked.locale)), media_type="application/json")

    @routes.get("/decisions/{decision_id}", summary="Open a decision: why this list?")
    async def decision(
        decision_id: UUID,
        caller: Any = Depends(secret_caller),  # noqa: ARG001
        locale: Annotated[str | None, Query(max_length=64)] = None,
    ) -> Response:
        engine = answers()
        found = await engine.decision(decision_id)
        if found is None:
            raise NotFound(f"There is no decision {decision_id}.")
        told = explain(engine.serving, *found, locale)
        return Response(orjson.dumps(told), media_type="application/json")

    return routes


def request_of(serving: Serving, asked: RecommendationRequest) -> service.Request:
    """What was asked over HTTP, with our ids. Raises: InvalidInput."""
    catalogue = serving.catalogue
    context = None
    if asked.product is not None:
        # A product that isn't imported yet: a list all the same, without the page's part; the trace says so.
        item = catalogue.named(*asked.product)
        context = UNKNOWN_PRODUCT if item is None else item.product_id
    filters = asked.filters
    if filters.min_price is not None and filters.max_price is not None and filters.min_price > filters.max_price:
        raise InvalidInput("filters: min_price is above max_price.", field="filters.min_price")
    excluded = (catalogue.named(*one) for one in asked.exclude)
    return service.Request(
        asked.surface,
        asked.n,
        context,
        Wishes(filters.category, filters.brand, filters.min_price, filters.max_price),
        tuple(item.product_id for item in excluded if item is not None),
        asked.seed,
        asked.locale,
    )


async def _arrival(serving: Serving, given: Context, locale: str | None) -> Arrival:
    """What the request's context says. Words are looked up beside the event loop: a new catalogue's index takes a while."""
    referrer, words = came_from(given.referrer or "", given.medium or "")
    if given.referrer is None and given.medium is None:
        referrer = ""
    words = given.query or words
    matched: tuple[int, ...] = ()
    if words:
        index = await asyncio.to_thread(index_of, serving.catalogue)
        matched = tuple(item.product_id for item in index.find(words).items[:MOST_MATCHED])
    landing = tuple(part.strip() for part in (given.category or "").split(">") if part.strip())
    began = serving.catalogue.named(*given.product) if given.product is not None else None
    if began is not None and not landing:
        landing = began.category
    here = datetime.now(ZoneInfo(serving.settings.zone))
    hour = here.hour if given.hour is None else given.hour
    weekday = here.weekday() if given.weekday is None else given.weekday
    return Arrival(referrer, landing, matched, locale or "", hour, weekday, given.device or "")


def shown(serving: Serving, decision: Decision, locale: str | None) -> dict[str, Any]:
    """A decision as RecommendationsOut."""
    say = say_in(best_locale(locale))

    def title(product_id: int) -> str:
        item = serving.item(product_id)
        return item.title(locale) if item else ""

    items = []
    for action in decision.actions:
        item = serving.item(action.product_id)
        if item is None:
            continue
        items.append(
            {
                **described(item, locale),
                "position": action.position,
                "score": action.score,
                "source": action.source,
                "reason": {
                    "code": action.reason.code,
                    "text": sentence(say, action.reason.code, action.reason.arguments, title),
                },
            }
        )
    return {
        "decision_id": decision.decision_id,
        "mode": decision.mode,
        "model_version": decision.model_version,
        "items": items,
        "timings_ms": decision.timings_ms,
    }
