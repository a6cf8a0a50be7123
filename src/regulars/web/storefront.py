"""The storefront: plain pages that render without JavaScript. What a visitor does on them goes on the one timeline."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, select_autoescape

from regulars.demo.pictures import picture
from regulars.errors import DatabaseUnavailable, NotFound, Unavailable
from regulars.language.translations import Say
from regulars.recommend import service
from regulars.recommend.catalogue import Item
from regulars.recommend.page import explain
from regulars.recommend.reasons import sentence
from regulars.schema import Decision, EventType
from regulars.web.engine import Engine
from regulars.web.shelves import Shelves, named, reference, shelves_of
from regulars.web.visit import CART, Visit, language

ROW = 8
BESIDE = 6
PER_SHELF = 4
PER_PAGE = 48
HEADERS = {
    # Nothing on these pages is a script, whatever a product feed put into a title; pictures may come from a shop's CDN.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' https: http:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",  # each page is one visitor's
}
_HERE = Path(__file__).parent
log = structlog.get_logger("regulars.storefront")

Handler = Callable[..., Awaitable[Response]]


def mount(app: FastAPI, engine_of: Callable[[], Engine]) -> None:
    """Adds the pages to the app."""
    pages = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    _add_pages(app, engine_of, pages)

    @app.get("/demo/pictures/{name}.svg", include_in_schema=False)
    async def demo_picture(name: str) -> Response:
        drawn = picture(name)
        if drawn is None:
            raise NotFound(f"There is no picture {name[:60]!r}.")
        return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


def _add_pages(app: FastAPI, engine_of: Callable[[], Engine], pages: Environment) -> None:
    def page(handler: Handler) -> Handler:
        """While the database is away the visitor gets a plain page that says so, not the API's envelope."""

        @functools.wraps(handler)
        async def answered(request: Request, **path: Any) -> Response:
            try:
                return await handler(request, **path)
            except Unavailable as error:
                log.error("page_unavailable", path=request.url.path[:200], reason=error.detail)
                locale, say = language(request)
                text = pages.get_template("unavailable.html").render(say=say, locale=locale)
                return HTMLResponse(text, 503, {**HEADERS, "Retry-After": "5"})

        return answered

    def show(visit: Visit, template: str, status: int = 200, **facts: Any) -> Response:
        text = pages.get_template(template).render(
            say=visit.say,
            label=visit.label,
            locale=visit.locale,
            shop=visit.engine.settings,
            shelves=_shelves(visit),
            cart_count=len(visit.cart),
            other_language=_other_language(visit),
            link=product_link,
            reference=reference,
            money=visit.money,
            picture=_picture,
            quote=quote,
            demo=visit.demo,
            **facts,
        )
        return visit.keep(HTMLResponse(text, status, HEADERS))

    def missing(visit: Visit, what: str) -> Response:
        return show(visit, "missing.html", 404, what=what)

    async def row(visit: Visit, surface: str, context: Item | None = None, n: int = ROW) -> dict[str, Any] | None:
        """A recommendation row; None where there is nothing to show, or more is asked than can be written down.

        Raises: DatabaseUnavailable.
        """
        try:
            asked = service.Request(surface, n, context.product_id if context else None, locale=visit.locale)
            serving, decision = await visit.engine.recommend(asked, None, visit.visitor)
        except DatabaseUnavailable:
            raise
        except Unavailable as error:
            log.error("row_left_out", reason=error.detail)
            return None
        shown = _shown(visit, serving, decision)
        for place, item, _ in shown:
            visit.did(EventType.IMPRESSION, item, decision_id=decision.decision_id, position=place, surface=surface)
        return {"items": shown, "decision": decision.decision_id, "mode": decision.mode} if shown else None

    @app.get("/", include_in_schema=False)
    @page
    async def home(request: Request) -> Response:
        visit = Visit(request, engine_of())
        for_you = await row(visit, "home")
        await visit.write()
        return show(visit, "home.html", for_you=for_you, per_shelf=PER_SHELF)

    @app.get("/category/{name:path}", include_in_schema=False)
    @page
    async def category(request: Request, name: str) -> Response:
        visit = Visit(request, engine_of())
        shelf = _shelves(visit).find(name)
        if shelf is None:
            return missing(visit, visit.say("There is no such category."))
        at = max(1, visit.number("page", 1))
        pages_in_all = -(-len(shelf.items) // PER_PAGE)
        if at > pages_in_all:
            return missing(visit, visit.say("There is no such page in this category."))
        visit.did(EventType.PAGE, None, properties={"category": shelf.name[:200]})
        await visit.write()
        items = shelf.items[(at - 1) * PER_PAGE : at * PER_PAGE]
        return show(visit, "category.html", shelf=shelf, items=items, at=at, pages=pages_in_all)

    @app.get("/product/{name:path}", include_in_schema=False)
    @page
    async def product(request: Request, name: str) -> Response:
        visit = Visit(request, engine_of())
        item = named(visit.engine.serving.catalogue, name)
        if item is None or not item.for_sale:
            return missing(visit, visit.say("This product isn't in the shop (any more)."))
        came_from = visit.came_from()
        if came_from:
            visit.did(EventType.CLICK, item, **came_from)
        visit.did(EventType.VIEW, item, **came_from)
        await visit.write()  # before the row is made: it already counts there
        alike = await row(visit, "product", item, BESIDE)
        await visit.write()
        return show(visit, "product.html", item=item, alike=alike, came_from=came_from)

    @app.get("/cart", include_in_schema=False)
    @page
    async def cart(request: Request) -> Response:
        visit = Visit(request, engine_of())
        catalogue = visit.engine.serving.catalogue
        items = [item for item in (named(catalogue, name) for name in visit.cart) if item is not None]
        more = await row(visit, "cart", None, BESIDE) if items else None
        await visit.write()
        return show(visit, "cart.html", items=items, more=more, totals=visit.totals(items))

    @app.post("/cart", include_in_schema=False)
    @page
    async def change_cart(request: Request) -> Response:
        visit = Visit(request, engine_of())
        form = await request.form(max_files=0, max_fields=10)
        item = named(visit.engine.serving.catalogue, str(form.get("product", "")))
        removes = form.get("action") == "remove"
        if item is None or not (removes or (item.for_sale and item.in_stock)):
            return missing(visit, visit.say("This product isn't in the shop (any more)."))
        name = reference(item)
        if removes:
            if name in visit.cart:
                visit.did(EventType.REMOVE_FROM_CART, item)
                visit.cart.remove(name)
        elif name not in visit.cart:
            visit.did(EventType.CART, item)
            visit.cart.append(name)
        await visit.write()
        return visit.keep(RedirectResponse("/cart", 303, HEADERS), CART)

    @app.get("/why/{decision_id}", include_in_schema=False)
    @page
    async def why(request: Request, decision_id: str) -> Response:
        visit = Visit(request, engine_of())
        try:
            found = await visit.engine.decision(UUID(decision_id))
        except ValueError:
            found = None
        if found is None or not await _may_see(visit, found[0]):
            return missing(visit, visit.say("There is no such list, or it isn't yours."))
        told = explain(visit.engine.serving, *found, visit.locale)
        return show(
            visit,
            "why.html",
            told=told,
            in_shop=lambda name: named(visit.engine.serving.catalogue, name) is not None,
            filters=_filter_words(visit.say),
            sources=_source_words(visit.say),
            steps=_step_words(visit.say),
            did=_event_words(visit.say),
        )


def _shelves(visit: Visit) -> Shelves:
    return shelves_of(visit.engine.serving.catalogue)


async def _may_see(visit: Visit, decision: Mapping[str, Any]) -> bool:
    """A list is opened by the browser it was made for: it tells what its owner looked at."""
    person = await visit.engine.person(None, visit.visitor)
    if person.visitor_id is None and person.customer_id is None:
        return decision["visitor_id"] is None and decision["customer_id"] is None
    same_visitor = decision["visitor_id"] in (None, person.visitor_id)
    return bool(same_visitor and decision["customer_id"] in (None, person.customer_id))


def _shown(visit: Visit, serving: service.Serving, decision: Decision) -> list[tuple[int, Item, str]]:
    """Position in the decision, item, reason; products that went away since leave their place out."""

    def title(product_id: int) -> str:
        found = serving.item(product_id)
        return found.title(visit.locale) if found else ""

    out = []
    for action in decision.actions:
        item = serving.item(action.product_id)
        if item is not None and item.names:
            reason = sentence(visit.say, action.reason.code, action.reason.arguments, title)
            out.append((action.position, item, reason))
    return out


def product_link(item: Item, decision: UUID | None = None, place: int | None = None) -> str:
    """Where the product's page is; with the decision and place that led there, so that the click finds back."""
    path = "/product/" + quote(reference(item), safe="")
    return path if decision is None else f"{path}?{urlencode({'d': decision, 'p': place})}"


def _picture(item: Item) -> str | None:
    """Only addresses that a browser may safely load as a picture."""
    url = str(item.pictures[0]["url"]) if item.pictures else ""
    return url if url.startswith(("https://", "http://", "/")) and not url.startswith("//") else None


def _other_language(visit: Visit) -> tuple[str, str, str]:
    """Its code, its name, and this page in it."""
    other = "en" if visit.locale == "zh" else "zh"
    kept = [(name, value) for name, value in visit.request.query_params.multi_items() if name not in ("lang", "d", "p")]
    return other, {"en": "English", "zh": "中文"}[other], "?" + urlencode([*kept, ("lang", other)])


def _filter_words(say: Say) -> dict[str, str]:
    return {
        "not_for_sale": say("Not for sale"),
        "out_of_stock": say("Out of stock"),
        "excluded_by_shop": say("Excluded by the shop"),
        "excluded_by_request": say("Excluded by this page"),
        "open_page": say("The open page itself"),
        "already_bought": say("You bought it already"),
        "seen_lately": say("You saw it in the last days"),
        "other_category": say("In another category"),
        "other_brand": say("Of another brand"),
        "price_too_low": say("Below the price wished for"),
        "price_too_high": say("Above the price wished for"),
    }


def _source_words(say: Say) -> dict[str, str]:
    return {
        "sequence": say("What usually comes next"),
        "covisitation": say("Chosen together"),
        "text": say("Similar by its words"),
        "popular": say("Popular"),
        "newest": say("Newest"),
        "explore": say("Tried out"),
    }


def _step_words(say: Say) -> dict[str, str]:
    return {
        "read_person": say("Read the visitor"),
        "history": say("Read the history"),
        "filters": say("Apply the filters"),
        "candidates": say("Find candidates"),
        "choose": say("Choose"),
        "reasons": say("Find the reasons"),
        "trace": say("Write down how"),
    }


def _event_words(say: Say) -> dict[str, str]:
    return {
        EventType.VIEW: say("looked at"),
        EventType.CLICK: say("followed from a list"),
        EventType.CART: say("put in the cart"),
        EventType.LIKE: say("liked"),
        EventType.PURCHASE: say("bought"),
        EventType.EMAIL_CLICK: say("followed from an e-mail"),
    }
