"""HTTP of the content studio: sheets, texts written, judged, reviewed and published, the voice, writings of many, files out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Protocol, TypeVar
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from regulars.content import looks, told
from regulars.content.gate import texts
from regulars.content.records import product_id, subject_id, unpacked, voice_of
from regulars.content.studio import Studio
from regulars.schema.content import Kind, Voice
from regulars.schema.identity import ExternalIdField
from regulars.schema.text import LongText, Plain, ShortText
from regulars.store import texts as table
from regulars.store.database import Connection

T = TypeVar("T")
Language = Literal["en", "zh"]
State = Literal["draft", "waiting", "published", "scheduled", "rejected", "replaced", "gone"]
Texts = Annotated[dict[Plain, LongText], Field(max_length=20)]


class Writes(Protocol):
    """What these routes need of the engine."""

    @property
    def studio(self) -> Studio: ...

    async def in_transaction(self, work: Callable[[Connection], T]) -> T: ...


class WriteIn(BaseModel):
    """One text to be written."""

    model_config = ConfigDict(extra="forbid")
    product: ExternalIdField | None = None
    category: ShortText | None = Field(
        default=None,
        description="In the place of a product, for the kind `category`: its name, or its path (`Kitchen > Teapot`).",
    )
    kind: Kind
    locale: Language = "en"
    variant: int = Field(default=0, ge=0, le=1_000, description="Another number gives other words.")
    keep: bool = Field(default=True, description="false: the text is shown and not kept.")
    writer: Literal["best", "realiser"] = Field(
        default="best", description="best: the chat model where one is set, behind the gate; realiser: without it."
    )


class CheckIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    product: ExternalIdField | None = None
    category: ShortText | None = Field(
        default=None,
        description="In the place of a product, for the kind `category`: its name, or its path (`Kitchen > Teapot`).",
    )
    kind: Kind
    locale: Language = "en"
    fields: Texts


class EditIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: int = Field(
        ge=1, le=2**31 - 1, description="The version that was read: another's edit meanwhile is a conflict."
    )
    fields: Texts


class PublishIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: int = Field(ge=1, le=2**31 - 1)
    at: AwareDatetime | None = Field(default=None, description="When; now where it is left out.")
    anyway: bool = Field(default=False, description="A person answers for what the gate holds back.")
    beside: bool = Field(default=False, description="It takes nobody's place: readers are shown one of them by chance.")


class RejectIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: int = Field(ge=1, le=2**31 - 1)
    reason: ShortText | None = None


class RestoreIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: int = Field(ge=1, le=2**31 - 1)
    back_to: int = Field(ge=1, le=2**31 - 1)


class WritingIn(BaseModel):
    """Many texts. It is written by `regulars write --go-on ID`, or by the console."""

    model_config = ConfigDict(extra="forbid")
    kinds: list[Kind] = Field(min_length=1, max_length=13)
    locales: list[Language] = Field(min_length=1, max_length=2)
    category: ShortText | None = None
    brand: ShortText | None = None
    only_without: bool = True
    budget: int | None = Field(
        default=None, ge=0, le=10_000_000, description="Texts that the chat model may be asked for."
    )


def router(engine_of: Callable[[], Writes], any_caller: Any, secret_caller: Any, responses: dict[int | str, Any]) -> APIRouter:  # fmt: skip
    """The routes. any_caller, secret_caller: dependencies that say who calls, or refuse."""
    routes = APIRouter(prefix="/v1/content", tags=["content"], responses={**responses, 409: responses[422]})

    async def run(work: Callable[[Connection], Any]) -> Response:
        return _json(await engine_of().in_transaction(work))

    @routes.get("/sheets", summary="What may be said of a product")
    async def sheet(
        product: Annotated[Plain, Query(max_length=300)], locale: Language = "en", _: Any = Depends(secret_caller)
    ) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            found = engine_of().studio.sheet(connection, product_id(connection, product))
            return told.sheet_told(found, locale)

        return await run(work)

    @routes.post("/texts", summary="Write a text")
    async def write(asked: Annotated[WriteIn, Body()], _: Any = Depends(secret_caller)) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            studio = engine_of().studio
            found = subject_id(connection, asked.product, asked.category, writing=True)
            by_model = asked.writer == "best"
            if not asked.keep:
                made, written = studio.preview(
                    connection, found, asked.kind, asked.locale, asked.variant, by_model=by_model
                )
                return told.written_told(made, written, asked.kind, asked.locale)
            text_id = studio.write(connection, found, asked.kind, asked.locale, asked.variant, by_model=by_model)
            return told.text_told(table.read(connection, text_id))

        return await run(work)

    @routes.post("/check", summary="What the gate says of a text")
    async def check(asked: Annotated[CheckIn, Body()], _: Any = Depends(secret_caller)) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            found = subject_id(connection, asked.product, asked.category, writing=True)
            return told.judgement_told(
                engine_of().studio.judged(connection, found, asked.kind, asked.locale, asked.fields)
            )

        return await run(work)

    @routes.get("/texts", summary="Texts, the one that waits longest first")
    async def listed(
        state: Annotated[list[State] | None, Query()] = None,
        kind: Kind | None = None,
        locale: Language | None = None,
        product: Annotated[Plain | None, Query(max_length=300)] = None,
        category: Annotated[Plain | None, Query(max_length=300)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        after: UUID | None = None,
        _: Any = Depends(secret_caller),
    ) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            states = list(state) if state else ["draft", "waiting"]
            found = None if product is None and category is None else subject_id(connection, product, category)
            rows = table.listed(connection, states, kind, locale, found, limit, after)
            return {"texts": [told.text_told(row) for row in rows], "counts": table.counts(connection)}

        return await run(work)

    @routes.get("/published", summary="What is published of a product or a category, for a storefront")
    async def published(
        product: Annotated[Plain | None, Query(max_length=300)] = None,
        category: Annotated[Plain | None, Query(max_length=300)] = None,
        locale: Language = "en",
        _: Any = Depends(any_caller),
    ) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            rows = table.listed(connection, ["published"], None, locale, subject_id(connection, product, category))
            return {
                "texts": [
                    {name: text[name] for name in ("id", "kind", "variant", "fields")}
                    for text in map(told.text_told, rows)
                ]
            }

        return await run(work)

    @routes.get("/pictures", summary="Products whose picture looks like another category than theirs")
    async def pictures(_: Any = Depends(secret_caller)) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            found, compared = looks.read(connection)
            return {"compared": compared, "products": told.mismatches_told(connection, found)}

        return await run(work)

    @routes.get("/texts/{text_id}", summary="One text with its versions")
    async def one(text_id: UUID, _: Any = Depends(secret_caller)) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            row = table.read(connection, text_id)
            versions = [
                {"version": old["version"], "writer": old["writer"], "note": old["note"], "at": old["at"], "fields": texts(unpacked(old["fields"]), row["locale"])}
                for old in table.versions(connection, text_id)
            ]  # fmt: skip
            return {**told.text_told(row), "versions": versions}

        return await run(work)

    @routes.put("/texts/{text_id}", summary="Put other words in a text's place")
    async def edit(text_id: UUID, asked: Annotated[EditIn, Body()], _: Any = Depends(secret_caller)) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            engine_of().studio.edit(connection, text_id, asked.version, asked.fields)
            return told.text_told(table.read(connection, text_id))

        return await run(work)

    @routes.post("/texts/{text_id}/publish", summary="Publish a text, now or at a time")
    async def publish(text_id: UUID, asked: Annotated[PublishIn, Body()], _: Any = Depends(secret_caller)) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            engine_of().studio.publish(
                connection, text_id, asked.version, asked.at, anyway=asked.anyway, beside=asked.beside
            )
            return told.text_told(table.read(connection, text_id))

        return await run(work)

    @routes.post("/texts/{text_id}/reject", summary="Reject a text")
    async def reject(text_id: UUID, asked: Annotated[RejectIn, Body()], _: Any = Depends(secret_caller)) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            engine_of().studio.reject(connection, text_id, asked.version, asked.reason)
            return told.text_told(table.read(connection, text_id))

        return await run(work)

    @routes.post("/texts/{text_id}/restore", summary="An older version again, as a new one")
    async def restore(text_id: UUID, asked: Annotated[RestoreIn, Body()], _: Any = Depends(secret_caller)) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            engine_of().studio.restore(connection, text_id, asked.version, asked.back_to)
            return told.text_told(table.read(connection, text_id))

        return await run(work)

    @routes.get("/voice", summary="How the shop speaks")
    async def voice(_: Any = Depends(secret_caller)) -> Response:
        return await run(lambda connection: voice_of(connection).model_dump())

    @routes.put("/voice", summary="Change how the shop speaks")
    async def change_voice(asked: Annotated[Voice, Body()], _: Any = Depends(secret_caller)) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            table.write_voice(connection, asked.model_dump())
            return voice_of(connection).model_dump()

        return await run(work)

    @routes.post("/writings", summary="Order many texts")
    async def begin(asked: Annotated[WritingIn, Body()], _: Any = Depends(secret_caller)) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            writing_id, _many = engine_of().studio.begin(
                connection, asked.kinds, asked.locales, asked.category, asked.brand, asked.only_without, asked.budget
            )
            return writing_told(table.writing(connection, writing_id))

        return await run(work)

    @routes.get("/writings", summary="Writings of many texts, newest first")
    async def writings(_: Any = Depends(secret_caller)) -> Response:
        return await run(lambda connection: {"writings": [writing_told(row) for row in table.writings(connection)]})

    @routes.get("/results", summary="Texts published beside each other: shown, and put into the cart within a day")
    async def results(days: Annotated[int, Query(ge=1, le=365)] = 28, _: Any = Depends(secret_caller)) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            return {"texts": [told.result_told(row) for row in table.results(connection, days)]}

        return await run(work)

    @routes.get("/export", summary="Published texts as a file", response_class=Response)
    async def export(
        format: Literal["jsonl", "shopify", "merchant"] = "jsonl",
        locale: Language = "en",
        _: Any = Depends(secret_caller),
    ) -> Response:
        rows = await engine_of().in_transaction(
            lambda connection: table.listed(connection, ["published"], None, locale, None, 1_000_000)
        )
        body, kind = exported(rows, format)
        return Response(body, media_type=kind)

    return routes


def exported(rows: list[Any], format: str) -> tuple[str, str]:
    """(a file, its media type) of published texts."""
    if format == "shopify":
        return told.shopify(rows), "text/csv; charset=utf-8"
    if format == "merchant":
        return told.merchant(rows), "text/tab-separated-values; charset=utf-8"
    lines = [orjson.dumps(told.text_told(row), default=str).decode() for row in rows]
    return "".join(f"{line}\n" for line in lines), "application/x-ndjson"


def writing_told(row: Any) -> dict[str, Any]:
    """A writing's progress."""
    names = (
        "writing_id",
        "title",
        "kinds",
        "locales",
        "budget",
        "spent",
        "state",
        "open",
        "done",
        "failed",
        "created_at",
    )
    return {name: row[name] for name in names}


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value, default=str), media_type="application/json")
