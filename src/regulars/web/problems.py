"""One error envelope for everything: RFC 9457 problem details. Knows no route."""

from __future__ import annotations

from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from regulars.errors import InvalidInput, MalformedRequest, RateLimited, RegularsError, TooLarge, Unavailable

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS_TOLD = 50
log = structlog.get_logger("regulars.web")

SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "/problems/CODE; the codes are listed in docs/api.md"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was wrong, and where."},
        "hint": {"type": "string", "description": "What to do."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


class Invalid(InvalidInput):
    """Input with several things wrong: each with its field."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        first = errors[0]
        more = f" And {len(errors) - 1} more." if len(errors) > 1 else ""
        super().__init__(f"{first['field']}: {first['message']}.{more}", field=first["field"])
        self.errors = errors


def invalid_from(error: ValidationError | RequestValidationError) -> RegularsError:
    """What pydantic found, in our words: broken JSON is 400, too many entries 413, the rest 422 with fields."""
    told = []
    for one in error.errors():
        place = [part for part in one["loc"] if part not in ("body", "query", "path")]
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".") or "body"
        message = str(one["msg"]).removeprefix("Value error, ")
        if one["type"] == "json_invalid":
            return MalformedRequest(f"The body isn't JSON: {message}.", hint="Send application/json in UTF-8.")
        if one["type"] == "too_long" and field in ("events", "products", "customers", "orders", "reviews", "articles"):
            limit = one.get("ctx", {}).get("max_length")
            return TooLarge(
                f"{field} has more than {limit} entries.", hint="Send several smaller batches.", field=field
            )
        told.append({"field": field, "message": "is missing" if one["type"] == "missing" else message})
        if len(told) >= MAX_ERRORS_TOLD:
            break
    return Invalid(told)


def problem(error: RegularsError, *, instance: str | None = None) -> Response:
    body: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    if error.hint:
        body["hint"] = error.hint
    if instance:
        body["instance"] = instance
    if isinstance(error, Invalid):
        body["errors"] = error.errors
    elif "problems" in error.where:
        body["errors"] = [{"field": "text", "message": one} for one in error.where["problems"]]
    elif "field" in error.where:
        body["errors"] = [{"field": str(error.where["field"]), "message": error.detail}]
    headers = {}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(max(1, round(float(error.where.get("retry_after", 1)))))
    elif isinstance(error, Unavailable):
        headers["Retry-After"] = "1"
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(body), error.status, headers, MEDIA_TYPE)


def _page(request: Request, status: int) -> Response | None:
    """A page instead of the envelope, where a person asks and somebody made one (`app.state.error_page`)."""
    made = getattr(request.app.state, "error_page", None)
    page: Response | None = made(request, status) if made is not None else None
    return page


def install(app: FastAPI) -> None:
    """Turns every error that leaves a route into the envelope."""

    @app.exception_handler(RegularsError)
    async def _ours(request: Request, error: RegularsError) -> Response:
        return problem(error, instance=request.url.path)

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> Response:
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        is_json = media in ("application/json", "") or media.endswith("+json")
        if not is_json and any(tuple(one["loc"]) == ("body",) for one in error.errors()):
            told = MalformedRequest(
                f"The body is sent as {media}.", hint="Send it with the header Content-Type: application/json."
            )
            return problem(told, instance=request.url.path)
        return problem(invalid_from(error), instance=request.url.path)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        page = _page(request, error.status_code)
        if page is not None:
            return page
        code = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "http")
        title = {404: "Nothing here by that name", 405: "This method isn't known here"}.get(
            error.status_code, str(error.detail)
        )
        body = {
            "type": f"/problems/{code}",
            "title": title,
            "status": error.status_code,
            "detail": f"{request.method} {request.url.path}: {error.detail}.",
            "hint": "The routes are listed at /docs.",
            "instance": request.url.path,
        }
        headers = dict(error.headers or {})
        return Response(orjson.dumps(body), error.status_code, headers, MEDIA_TYPE)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        log.exception("unexpected", path=request.url.path, error=repr(error))
        page = _page(request, 500)
        if page is not None:
            return page
        told = RegularsError("An unexpected error; it is in the log.", hint="Try again; if it stays, report it.")
        return problem(told, instance=request.url.path)
