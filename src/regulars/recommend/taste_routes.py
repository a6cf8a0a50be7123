"""HTTP of the taste picker: where somebody is, one tap answered, picks taken back. Stores nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Protocol

import orjson
from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from regulars.errors import InvalidInput
from regulars.recommend.catalogue import Item, named
from regulars.recommend.described import described
from regulars.recommend.routes import ProductOut
from regulars.recommend.service import Serving
from regulars.recommend.taste import SHOWN, TAPS, Taste
from regulars.schema import ExternalId
from regulars.schema.identity import DEFAULT_NAMESPACE, ExternalIdField, as_external_id
from regulars.schema.text import IdText

LocaleText = Annotated[str | None, Query(max_length=64)]


class Tastes(Protocol):
    """What these routes need of the engine."""

    @property
    def serving(self) -> Serving: ...

    async def taste(self, customer: ExternalId | None, visitor: str | None) -> Taste: ...

    async def answer_taste(
        self, customer: ExternalId | None, visitor: str | None, tap: int, picked: Item | None, shown: Sequence[Item]
    ) -> Taste: ...

    async def undo_taste(
        self, customer: ExternalId | None, visitor: str | None, product_id: int | None = None
    ) -> Taste: ...


class TasteAnswer(BaseModel):
    """The answer to one tap."""

    model_config = ConfigDict(extra="forbid")
    customer: ExternalIdField | None = None
    visitor: IdText | None = Field(default=None, description="The id your page keeps for the browser.")
    tap: int = Field(
        ge=1, le=TAPS, description="The tap that is answered. One that was answered before stays as it is."
    )
    picked: ExternalIdField | None = Field(default=None, description="The product; missing for none of these.")
    shown: list[ExternalIdField] = Field(
        default_factory=list, max_length=2 * SHOWN, description="What stood there to choose from."
    )
    locale: str | None = Field(default=None, max_length=64, description="Language of titles: en, zh.")


class TasteOut(BaseModel):
    """Where somebody is."""

    tap: int | None = Field(description="The tap to show, from 1; null when there is nothing (more) to ask.")
    taps: int
    items: list[ProductOut] = Field(description="What to show.")
    picked: list[ProductOut]
    refused: bool = Field(description="They want no personal lists: nothing is asked.")


def router(answers: Callable[[], Tastes], any_caller: Any, responses: dict[int | str, Any]) -> APIRouter:
    """The routes. any_caller: a dependency that says who calls, or refuses."""
    routes = APIRouter(prefix="/v1", tags=["recommendations"], responses=responses)

    def out(engine: Tastes, taste: Taste, locale: str | None) -> Response:
        picked = [item for one in taste.picked if (item := engine.serving.item(one)) is not None]
        told = {
            "tap": taste.tap,
            "taps": TAPS,
            "items": [described(item, locale) for item in taste.items],
            "picked": [described(item, locale) for item in picked],
            "refused": taste.refused,
        }
        return Response(orjson.dumps(told), media_type="application/json")

    @routes.get("/taste", response_model=TasteOut, summary="Products to choose a taste from")
    async def taste(
        caller: Any = Depends(any_caller),
        visitor: Annotated[IdText | None, Query()] = None,
        customer: Annotated[IdText | None, Query()] = None,
        namespace: Annotated[str, Query(max_length=64)] = DEFAULT_NAMESPACE,
        locale: LocaleText = None,
    ) -> Response:
        engine = answers()
        who = caller.speaks_for(_customer(namespace, customer))
        return out(engine, await engine.taste(who, visitor), locale)

    @routes.post("/taste", response_model=TasteOut, summary="Answer one tap")
    async def answer(asked: Annotated[TasteAnswer, Body()], caller: Any = Depends(any_caller)) -> Response:
        engine = answers()
        who = caller.speaks_for(asked.customer)
        if who is None and asked.visitor is None:
            raise InvalidInput("Nobody is named whose taste it is.", hint="Send `visitor`.", field="visitor")
        picked = _known(engine.serving, asked.picked, "picked") if asked.picked is not None else None
        shown = [item for one in asked.shown if (item := engine.serving.catalogue.named(*one)) is not None]
        return out(engine, await engine.answer_taste(who, asked.visitor, asked.tap, picked, shown), asked.locale)

    @routes.delete("/taste", response_model=TasteOut, summary="Take one pick back, or all of them")
    async def undo(
        caller: Any = Depends(any_caller),
        visitor: Annotated[IdText | None, Query()] = None,
        customer: Annotated[IdText | None, Query()] = None,
        namespace: Annotated[str, Query(max_length=64)] = DEFAULT_NAMESPACE,
        product: Annotated[IdText | None, Query(description="Its id, or namespace:id; missing: all.")] = None,
        locale: LocaleText = None,
    ) -> Response:
        engine = answers()
        who = caller.speaks_for(_customer(namespace, customer))
        product_id = None
        if product is not None:
            product_id = _known(engine.serving, product, "product").product_id
        return out(engine, await engine.undo_taste(who, visitor, product_id), locale)

    return routes


def _known(serving: Serving, given: ExternalId | str, field: str) -> Item:
    found = named(serving.catalogue, given) if isinstance(given, str) else serving.catalogue.named(*given)
    if found is None:
        raise InvalidInput(f"There is no product {str(given)[:60]!r}.", field=field)
    return found


def _customer(namespace: str, customer: str | None) -> ExternalId | None:
    if customer is None:
        return None
    try:
        return as_external_id({"namespace": namespace, "value": customer})
    except ValueError as error:
        raise InvalidInput(f"customer: {error}.", field="namespace") from None
