"""HTTP of the search: a page of results with facets, kept as a decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Protocol

import orjson
from fastapi import APIRouter, Body, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from regulars.recommend.searching import MAX_FOUND, MOST_A_PAGE, Answer, Search, answer_told
from regulars.recommend.serving import Serving
from regulars.schema import ExternalId
from regulars.schema.identity import ExternalIdField
from regulars.schema.text import IdText, Plain


class Searches(Protocol):
    """What this route needs of the engine."""

    async def search(
        self, asked: Search, customer: ExternalId | None, visitor: str | None
    ) -> tuple[Serving, Answer]: ...


class SearchIn(BaseModel):
    """What is searched for, and by whom. Prices may stand in the query: "mug under 15"."""

    model_config = ConfigDict(extra="forbid")
    query: Plain = Field(max_length=10_000, description="The first 200 characters count.")
    n: int = Field(default=24, ge=1, le=MOST_A_PAGE)
    offset: int = Field(default=0, ge=0, le=MAX_FOUND)
    narrowed: dict[Annotated[Plain, Field(max_length=200)], Annotated[Plain, Field(max_length=512)]] = Field(
        default_factory=dict, max_length=20, description="Values of facets that the results have to have."
    )
    customer: ExternalIdField | None = None
    visitor: IdText | None = Field(default=None, description="The id your page keeps for the browser.")
    personal: bool = Field(default=True, description="false: the same order for everybody.")
    locale: str | None = Field(default=None, max_length=64, description="Language of titles and reasons: en, zh.")


def router(engine_of: Callable[[], Searches], any_caller: Any, responses: dict[int | str, Any]) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/v1", tags=["search"], responses=responses)

    @routes.post("/search", summary="Search the catalogue by words and meaning")
    async def search(asked: Annotated[SearchIn, Body()], caller: Any = Depends(any_caller)) -> Response:
        wanted = Search(asked.query, asked.n, asked.offset, asked.narrowed, asked.personal)
        _, answer = await engine_of().search(wanted, caller.speaks_for(asked.customer), asked.visitor)
        return Response(orjson.dumps(answer_told(answer, asked.locale)), media_type="application/json")

    return routes
