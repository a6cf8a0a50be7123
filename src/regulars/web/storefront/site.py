"""What all pages of the storefront share: rendering, rows, error pages, who may post. Knows no single page."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape

from regulars.errors import DatabaseUnavailable, RegularsError, Unavailable
from regulars.recommend import service
from regulars.recommend.catalogue import Item, reference
from regulars.recommend.filters import Wishes
from regulars.recommend.reasons import sentence
from regulars.schema import Decision
from regulars.schema.identity import DEFAULT_NAMESPACE
from regulars.web.engine import Engine
from regulars.web.shelves import Shelves, shelves_of
from regulars.web.storefront.arriving import arrival
from regulars.web.visit import Visit, language

STATIC = Path(__file__).parent.parent / "static"
TEMPLATES = Path(__file__).parent.parent / "templates"
HEADERS = {
    # The one script is ours and speaks to this server alone, whatever a product feed put into a title; pictures may come
    # from a shop's CDN.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self';"
    " img-src 'self' https: http:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",  # each page is one visitor's
}
log = structlog.get_logger("regulars.storefront")

Handler = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class RowOfItems:
    """A recommendation row. shown: (position in the decision, item, reason)."""

    surface: str
    title: str
    decision: UUID
    mode: str
    shown: list[tuple[int, Item, str]]

    @property
    def product_ids(self) -> tuple[int, ...]:
        return tuple(item.product_id for _, item, _ in self.shown)

    def without(self, product_ids: Sequence[int]) -> RowOfItems | None:
        """The same row without these, their places left out; None where nothing is left."""
        shown = [one for one in self.shown if one[1].product_id not in product_ids]
        return replace(self, shown=shown) if shown else None


class Site:
    """The pages' common ground. One per app."""

    def __init__(self, engine_of: Callable[[], Engine]) -> None:
        self.engine_of = engine_of
        self._pages = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(default=True),
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def visit(self, request: Request) -> Visit:
        """Raises: DatabaseUnavailable while the shop can't be read yet."""
        return Visit(request, self.engine_of())

    def get(self, app: FastAPI, path: str) -> Callable[[Handler], Handler]:
        """Adds a page."""

        def add(handler: Handler) -> Handler:
            made = self._answered(handler)
            app.get(path, include_in_schema=False)(made)
            return made

        return add

    def post(self, app: FastAPI, path: str) -> Callable[[Handler], Handler]:
        """Adds what a form does. Another site's form does nothing: it would act as the visitor, or make them another."""

        def add(handler: Handler) -> Handler:
            @functools.wraps(handler)
            async def guarded(request: Request, **path_values: Any) -> Response:
                if _from_elsewhere(request):
                    _, say = language(request)
                    return self.plain(
                        request, 403, say("This form came from another page"), say("Nothing was changed.")
                    )
                return await handler(request, **path_values)

            made = self._answered(guarded)
            app.post(path, include_in_schema=False)(made)
            return made

        return add

    def _answered(self, handler: Handler) -> Handler:
        """While the database is away the visitor gets a plain page that says so, not the API's envelope."""

        @functools.wraps(handler)
        async def answered(request: Request, **path: Any) -> Response:
            try:
                return await handler(request, **path)
            except Unavailable as error:
                log.error("page_unavailable", path=request.url.path[:200], reason=error.detail)
                return self.unavailable(request)

        return answered

    # --- pages ------------------------------------------------------------------------------------------------------

    def show(self, visit: Visit, template: str, status: int = 200, **facts: Any) -> Response:
        text = self._pages.get_template(template).render(
            visit=visit,
            say=visit.say,
            label=visit.label,
            locale=visit.locale,
            shop=visit.engine.settings,
            shelves=shelves(visit),
            cart_count=sum(line.quantity for line in visit.cart),
            other_language=_other_language(visit),
            here=visit.request.url.path + (f"?{visit.request.url.query}" if visit.request.url.query else ""),
            link=product_link,
            reference=reference,
            money=visit.money,
            picture=picture_of,
            picture_address=safe_picture,
            quote=quote,
            demo=visit.demo,
            script_key=visit.engine.storefront_key,
            **facts,
        )
        return visit.keep(HTMLResponse(text, status, HEADERS))

    def missing(self, visit: Visit, what: str) -> Response:
        return self.show(visit, "missing.html", 404, what=what, found=_some(visit))

    def plain(self, request: Request, status: int, title: str, what: str, retry: bool = False) -> Response:
        """A page that needs neither visitor nor database."""
        locale, say = language(request)
        text = self._pages.get_template("plain.html").render(
            say=say, locale=locale, title=title, what=what, retry=retry and request.method == "GET"
        )
        return HTMLResponse(text, status, HEADERS)

    def unavailable(self, request: Request) -> Response:
        _, say = language(request)
        what = say(
            "Its database doesn't answer at the moment. The shop goes on trying by itself; nothing you did before is lost."
        )
        answer = self.plain(request, 503, say("The shop can't be reached"), what, retry=True)
        answer.headers["Retry-After"] = "5"
        return answer

    def error_page(self, request: Request, status: int) -> Response | None:
        """The page for an error outside the storefront's routes; None where a program asks rather than a person."""
        path = request.url.path
        if path.startswith("/v1/") or "text/html" not in request.headers.get("accept", ""):
            return None
        _, say = language(request)
        if status == 404:
            try:
                return self.missing(self.visit(request), say("There is no such page."))
            except RegularsError:
                return self.plain(request, 404, say("Not found"), say("There is no such page."))
        if status == 405:
            return self.plain(request, 405, say("Not found"), say("There is nothing to see at this address."))
        return self.plain(
            request,
            500,
            say("Something went wrong"),
            say("That was our fault, and it is written down. Nothing you did before is lost."),
            retry=True,
        )

    # --- rows -------------------------------------------------------------------------------------------------------

    async def row(
        self,
        visit: Visit,
        surface: str,
        title: str,
        n: int,
        *,
        context: Item | None = None,
        exclude: Sequence[int] = (),
        category: str | None = None,
    ) -> RowOfItems | None:
        """A recommendation row, of one category where it is named; None where there is nothing to show, or more is asked than can be written down.

        Raises: DatabaseUnavailable.
        """
        try:
            asked = service.Request(
                surface,
                n,
                context.product_id if context else None,
                Wishes(category),
                exclude=tuple(exclude),
                locale=visit.locale,
                arrival=await arrival(visit),
            )
            serving, decision = await visit.engine.recommend_to(await visit.person(), asked)
        except DatabaseUnavailable:
            raise
        except Unavailable as error:
            log.error("row_left_out", reason=error.detail)
            return None
        shown = _shown(visit, serving, decision)
        return RowOfItems(surface, title, decision.decision_id, decision.mode, shown) if shown else None


def shelves(visit: Visit) -> Shelves:
    return shelves_of(visit.engine.serving.catalogue)


def _shown(visit: Visit, serving: service.Serving, decision: Decision) -> list[tuple[int, Item, str]]:
    """Position in the decision, item, reason; products that went away since leave their place out."""

    def title(product_id: int) -> str:
        found = serving.item(product_id)
        return found.title(visit.locale) if found else ""

    out = []
    for action in decision.actions:
        item = serving.item(action.product_id)
        if item is not None and item.names:
            reason = sentence(visit.say, action.reason.code, action.reason.arguments, title, visit.label)
            out.append((action.position, item, reason))
    return out


def _some(visit: Visit) -> list[Item]:
    """A few things for whoever came to a page that isn't there: one of each category."""
    return [shelf.mixed[0] for shelf in shelves(visit).top if shelf.mixed][:6]


def product_link(item: Item, decision: UUID | None = None, place: int | None = None) -> str:
    """Where the product's page is; with the decision and place that led there, so that the click finds back."""
    path = "/product/" + quote(reference(item), safe="")
    return path if decision is None else f"{path}?{urlencode({'d': decision, 'p': place})}"


def safe_picture(url: str) -> str | None:
    """Only addresses that a browser may safely load as a picture."""
    return url if url.startswith(("https://", "http://", "/")) and not url.startswith("//") else None


def picture_of(item: Item) -> str | None:
    return safe_picture(str(item.pictures[0]["url"])) if item.pictures else None


def name_of(item: Item) -> dict[str, str]:
    """How events name a product."""
    namespace, value = item.names[0]
    return {"namespace": namespace, "value": value} if namespace != DEFAULT_NAMESPACE else {"value": value}


def back_to(given: str) -> str:
    """A path on this site from a form; the front page where it is anything else."""
    parts = urlsplit(given)
    inside = given.startswith("/") and not given.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return given if inside and given.isascii() and given.isprintable() and len(given) < 2_000 else "/"


def _from_elsewhere(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


def _other_language(visit: Visit) -> tuple[str, str, str]:
    """Its code, its name, and this page in it."""
    other = "en" if visit.locale == "zh" else "zh"
    kept = [(name, value) for name, value in visit.request.query_params.multi_items() if name not in ("lang", "d", "p")]
    return other, {"en": "English", "zh": "中文"}[other], "?" + urlencode([*kept, ("lang", other)])
