"""HTTP of what steers lists: rules, links between products, surfaces, and why a product isn't in a list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal, Protocol, TypeVar

import orjson
from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from regulars.errors import NotFound
from regulars.recommend.catalogue import Item
from regulars.recommend.links import links_told
from regulars.recommend.routes import RecommendationRequest, request_of
from regulars.recommend.rules import language
from regulars.recommend.rules import service as rules
from regulars.recommend.rules.preview import REQUESTS, recent
from regulars.recommend.serving import Serving
from regulars.recommend.surfaces import surface_told
from regulars.recommend.whynot import why_not, why_not_told
from regulars.schema import ExternalId
from regulars.schema.identity import ExternalIdField
from regulars.schema.text import Plain
from regulars.store import people, product_links, rule_books
from regulars.store.database import Connection

T = TypeVar("T")
Relation = Literal["compatible_with", "goes_with", "replaces"]
Locale = Annotated[str | None, Query(max_length=64)]


class Steers(Protocol):
    """What these routes need of the engine."""

    @property
    def serving(self) -> Serving: ...

    async def person(self, customer: ExternalId | None, visitor: str | None) -> people.Person: ...

    async def in_transaction(self, work: Callable[[Connection], T]) -> T: ...

    async def refresh(self) -> None: ...


class RulesText(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Plain = Field(max_length=rules.MAX_TEXT, description="One rule a line.")


class RulesIn(RulesText):
    note: Plain = Field(default="", max_length=500, description="What it is for, as the history shows it.")
    seen: int | None = Field(
        default=None, ge=0, description="The version that was read: a change meanwhile is refused."
    )


class PreviewIn(RulesText):
    requests: int = Field(default=REQUESTS, ge=1, le=2_000, description="How many of the last lists.")


class UndoIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: int | None = Field(default=None, ge=0, description="Which text; the one before, if missing.")


class WhyNotIn(RecommendationRequest):
    wanted: ExternalIdField = Field(description="The product that isn't there.")


class LinkIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    product: ExternalIdField
    relation: Relation
    other: ExternalIdField


def router(
    engine_of: Callable[[], Steers], any_caller: Any, secret_caller: Any, responses: dict[int | str, Any]
) -> APIRouter:
    """The routes. secret_caller: rules say what a shop earns with."""
    routes = APIRouter(prefix="/v1", tags=["steering"], responses=responses)

    @routes.get("/rules", summary="The rules in force", dependencies=[Depends(secret_caller)])
    async def read(locale: Locale = None) -> Response:
        engine = engine_of()
        book = await engine.in_transaction(rule_books.newest)
        checked = await asyncio.to_thread(rules.check, engine.serving, book.text, book.version)
        return _json({**_book(book), **checked.told(locale)})

    @routes.put(
        "/rules",
        summary="Put rules in force; the version before stays in the history",
        responses={409: responses[422]},
        dependencies=[Depends(secret_caller)],
    )
    async def write(given: Annotated[RulesIn, Body()], locale: Locale = None) -> Response:
        engine = engine_of()
        serving = engine.serving
        book = await engine.in_transaction(
            lambda connection: rules.publish(connection, serving, given.text, given.note, given.seen)
        )
        await engine.refresh()
        checked = await asyncio.to_thread(rules.check, engine.serving, book.text, book.version)
        return _json({**_book(book), **checked.told(locale)})

    @routes.post(
        "/rules/check",
        summary="What is wrong or odd about rules; writes nothing",
        dependencies=[Depends(secret_caller)],
    )
    async def check(given: Annotated[RulesText, Body()], locale: Locale = None) -> Response:
        checked = await asyncio.to_thread(rules.check, engine_of().serving, given.text)
        return _json(checked.told(locale))

    @routes.post(
        "/rules/preview",
        summary="What rules would change in the last lists; writes nothing",
        dependencies=[Depends(secret_caller)],
    )
    async def preview(given: Annotated[PreviewIn, Body()], locale: Locale = None) -> Response:
        engine = engine_of()
        serving = engine.serving
        asked = await engine.in_transaction(lambda connection: recent(connection, serving, given.requests))
        found = await asyncio.to_thread(rules.previewed, serving, given.text, asked)
        return _json(rules.told(serving, found, locale))

    @routes.get(
        "/rules/complete",
        summary="What could follow in a rule that is being typed",
        dependencies=[Depends(secret_caller)],
    )
    async def complete(
        line: Annotated[str, Query(max_length=language.MAX_LINE)] = "",
    ) -> Response:
        return _json(await asyncio.to_thread(rules.completed, engine_of().serving, line))

    @routes.get(
        "/rules/history", summary="Every version of the rules, newest first", dependencies=[Depends(secret_caller)]
    )
    async def history(limit: Annotated[int, Query(ge=1, le=1_000)] = 100) -> Response:
        found = await engine_of().in_transaction(lambda connection: rule_books.history(connection, limit))
        return _json({"versions": [_book(one) for one in found]})

    @routes.post(
        "/rules/undo",
        summary="Put an older text in force again",
        responses={409: responses[422]},
        dependencies=[Depends(secret_caller)],
    )
    async def undo(given: Annotated[UndoIn, Body()]) -> Response:
        engine = engine_of()
        book = await engine.in_transaction(lambda connection: rule_books.restore(connection, given.version))
        await engine.refresh()
        return _json(_book(book))

    @routes.post("/recommendations/why-not", summary="Why a product isn't in a list")
    async def not_there(given: Annotated[WhyNotIn, Body()], caller: Any = Depends(secret_caller)) -> Response:
        engine = engine_of()
        serving = engine.serving
        item = _item(serving, given.wanted)
        person = await engine.person(caller.speaks_for(given.customer), given.visitor)
        request = request_of(serving, given)
        found = await asyncio.to_thread(why_not, serving, request, person, item.product_id)
        return _json(why_not_told(serving, found, given.locale))

    @routes.get("/surfaces", summary="The places that show lists", dependencies=[Depends(any_caller)])
    async def surfaces() -> Response:
        serving = engine_of().serving
        return _json({"surfaces": [surface_told(one, serving.settings.diversity) for one in serving.surfaces.values()]})

    @routes.get(
        "/links",
        summary="What the shop says fits or goes with a product, and the way from one to another",
        dependencies=[Depends(secret_caller)],
    )
    async def links(
        product: Annotated[str, Query(max_length=512)],
        namespace: Annotated[str, Query(max_length=64)] = "shop",
        to: Annotated[str | None, Query(max_length=512)] = None,
    ) -> Response:
        serving = engine_of().serving
        item = _item(serving, ExternalId(namespace, product))
        return _json(
            links_told(
                serving.catalogue,
                serving.links,
                item,
                None if to is None else _item(serving, ExternalId(namespace, to)),
            )
        )

    @routes.post("/links", summary="Link two products", status_code=201, dependencies=[Depends(secret_caller)])
    async def link(given: Annotated[LinkIn, Body()]) -> Response:
        engine = engine_of()
        one, other = _item(engine.serving, given.product), _item(engine.serving, given.other)
        edge = (one.product_id, given.relation, other.product_id)
        added = await engine.in_transaction(lambda connection: product_links.add(connection, [edge]))
        await engine.refresh()
        return _json({"added": added}, 201)

    @routes.delete("/links", summary="Take a link away", dependencies=[Depends(secret_caller)])
    async def unlink(given: Annotated[LinkIn, Body()]) -> Response:
        engine = engine_of()
        one, other = _item(engine.serving, given.product), _item(engine.serving, given.other)
        gone = await engine.in_transaction(
            lambda connection: product_links.remove(connection, one.product_id, given.relation, other.product_id)
        )
        if not gone:
            raise NotFound("There is no such link.")
        await engine.refresh()
        return _json({"removed": True})

    return routes


def _item(serving: Serving, name: ExternalId) -> Item:
    """Raises: NotFound."""
    item = serving.catalogue.named(*name)
    if item is None:
        raise NotFound(f"There is no product {name.value[:80]!r}.", field="product")
    return item


def _book(book: rule_books.Book) -> dict[str, Any]:
    return {
        "version": book.version,
        "text": book.text,
        "note": book.note or None,
        "restored": book.restored,
        "at": None if book.at is None else book.at.isoformat(),
    }


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")
