"""The storefront: plain pages that render without JavaScript. What a visitor does on them goes on the one timeline."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import structlog
from babel.numbers import format_currency
from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, select_autoescape

from regulars.demo import MARK as DEMO_MARK
from regulars.demo.pictures import picture
from regulars.errors import NotFound, RegularsError, Unavailable
from regulars.language.translations import LOCALES, best_locale, say_in
from regulars.recommend import service
from regulars.recommend.catalogue import Item
from regulars.recommend.page import explain
from regulars.recommend.reasons import sentence
from regulars.schema import Decision, Event, EventType
from regulars.schema.identity import DEFAULT_NAMESPACE, message_key
from regulars.store import rows
from regulars.web.engine import Engine

VISITOR = "regulars_visitor"
LANGUAGE = "regulars_language"
CART = "regulars_cart"
A_YEAR = 365 * 86_400
ROW = 8
PER_CATEGORY = 8
MAX_CART = 40
_HERE = Path(__file__).parent
log = structlog.get_logger("regulars.storefront")


class _Visit:
    """One request of one visitor: who, in which language, and what has to be remembered on the way out."""

    def __init__(self, request: Request, engine: Engine) -> None:
        self.request = request
        self.engine = engine
        asked = request.query_params.get("lang")
        self.set_language = asked if asked in LOCALES else None
        self.locale = self.set_language or best_locale(
            request.cookies.get(LANGUAGE) or request.headers.get("accept-language"), LOCALES
        )
        self.say = say_in(self.locale)
        known = request.cookies.get(VISITOR, "")
        self.new = not (
            16 <= len(known) <= 64 and known.isascii() and known.replace("-", "").replace("_", "").isalnum()
        )
        self.visitor = secrets.token_urlsafe(18) if self.new else known
        self.cart = [name for name in request.cookies.get(CART, "").split("|") if name][:MAX_CART]
        self.events: list[Event] = []

    def did(self, kind: EventType, item: Item | None = None, **more: Any) -> None:
        product = (
            {"namespace": item.names[0][0], "value": item.names[0][1]} if item is not None and item.names else None
        )
        self.events.append(
            Event.model_validate({"type": kind.value, "visitor": self.visitor, "product": product, **more})
        )

    def came_from(self) -> dict[str, Any]:
        """The decision and place that the followed link names; a made-up one is passed over."""
        try:
            decision = UUID(self.request.query_params.get("d", ""))
            return {
                "decision_id": decision,
                "position": min(max(int(self.request.query_params.get("p", "0")), 0), 1000),
            }
        except ValueError:
            return {}

    def money(self, item: Item) -> str:
        if item.price is None:
            return ""
        return str(
            format_currency(
                item.price / 10**item.exponent, item.currency or self.engine.settings.currency, locale=self.locale
            )
        )

    async def write(self) -> None:
        """Puts what happened on the timeline. The page is shown also when that fails."""
        if not self.events:
            return
        clock = self.engine.clock()
        made = [rows.event_row(event, clock, self.engine.settings) for event in self.events]
        for number, row in enumerate(made):
            # Each opening of a page is an event of its own, also two within one tick of the clock.
            row["message_id"] = message_key(
                f"storefront:{self.visitor}:{clock.received.isoformat()}:{number}:{secrets.token_hex(4)}"
            )
        try:
            await self.engine.append(made, "storefront", clock.received)
        except RegularsError as error:
            log.error("events_not_written", reason=error.detail)

    def keep(self, response: Response) -> Response:
        secure = self.request.url.scheme == "https"
        if self.new:
            response.set_cookie(VISITOR, self.visitor, max_age=A_YEAR, httponly=True, samesite="lax", secure=secure)
        if self.set_language:
            response.set_cookie(LANGUAGE, self.set_language, max_age=A_YEAR, samesite="lax", secure=secure)
        return response


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
    def show(visit: _Visit, template: str, status: int = 200, **facts: Any) -> Response:
        text = pages.get_template(template).render(
            say=visit.say,
            locale=visit.locale,
            shop=visit.engine.settings,
            categories=_categories(visit.engine),
            cart_count=len(visit.cart),
            other_language=_other_language(visit),
            link=product_link,
            money=visit.money,
            picture=_picture,
            quote=quote,
            demo=(visit.engine.workspace.folder / DEMO_MARK).exists(),
            **facts,
        )
        return visit.keep(HTMLResponse(text, status))

    async def row(visit: _Visit, surface: str, context: Item | None = None, n: int = ROW) -> dict[str, Any] | None:
        """A recommendation row; None where there is nothing to show or the database is away."""
        try:
            asked = service.Request(surface, n, context.product_id if context else None, locale=visit.locale)
            serving, decision = await visit.engine.recommend(asked, None, visit.visitor)
        except Unavailable as error:
            log.error("row_left_out", reason=error.detail)
            return None
        shown = _shown(visit, serving, decision)
        for place, (item, _) in enumerate(shown):
            visit.did(EventType.IMPRESSION, item, decision_id=decision.decision_id, position=place, surface=surface)
        return {"items": shown, "decision": decision.decision_id, "mode": decision.mode} if shown else None

    @app.get("/", include_in_schema=False)
    async def home(request: Request) -> Response:
        visit = _Visit(request, engine_of())
        for_you = await row(visit, "home")
        await visit.write()
        shelves = [(name, _in_category(visit.engine, name)[:PER_CATEGORY]) for name, _ in _categories(visit.engine)]
        return show(visit, "home.html", for_you=for_you, shelves=shelves, rest=_uncategorised(visit.engine)[:24])

    @app.get("/category/{name:path}", include_in_schema=False)
    async def category(request: Request, name: str) -> Response:
        visit = _Visit(request, engine_of())
        items = _in_category(visit.engine, name)
        if not items:
            return show(visit, "missing.html", 404, what=visit.say("There is no such category."))
        visit.did(EventType.PAGE, None, properties={"category": name[:200]})
        await visit.write()
        return show(visit, "category.html", name=name, items=items[:120])

    @app.get("/product/{name:path}", include_in_schema=False)
    async def product(request: Request, name: str) -> Response:
        visit = _Visit(request, engine_of())
        item = _item(visit.engine, name)
        if item is None or not item.for_sale:
            return show(visit, "missing.html", 404, what=visit.say("This product isn't in the shop (any more)."))
        came_from = visit.came_from()
        visit.did(EventType.CLICK if came_from else EventType.VIEW, item, **came_from)
        if came_from:
            visit.did(EventType.VIEW, item)
        await visit.write()
        visit.events.clear()
        alike = await row(visit, "product", item, 6)
        await visit.write()
        return show(visit, "product.html", item=item, alike=alike, came_from=came_from)

    @app.get("/cart", include_in_schema=False)
    async def cart(request: Request) -> Response:
        visit = _Visit(request, engine_of())
        items = [item for item in (_item(visit.engine, name) for name in visit.cart) if item is not None]
        more = await row(visit, "cart", None, 6) if items else None
        await visit.write()
        total = sum((item.price or 0) / 10**item.exponent for item in items)
        currency = next((item.currency for item in items if item.currency), visit.engine.settings.currency)
        return show(
            visit, "cart.html", items=items, more=more, total=format_currency(total, currency, locale=visit.locale)
        )

    @app.post("/cart", include_in_schema=False)
    async def change_cart(
        request: Request, product: str = Form(max_length=512), action: str = Form("add", max_length=16)
    ) -> Response:
        visit = _Visit(request, engine_of())
        item = _item(visit.engine, product)
        if item is None or (action == "add" and not (item.for_sale and item.in_stock)):
            return show(visit, "missing.html", 404, what=visit.say("This product isn't in the shop (any more)."))
        name = item.names[0][1]
        if action == "remove":
            cart = [one for one in visit.cart if one != name]
            visit.did(EventType.REMOVE_FROM_CART, item)
        else:
            cart = [*[one for one in visit.cart if one != name], name][-MAX_CART:]
            visit.did(EventType.CART, item)
        await visit.write()
        answer = RedirectResponse("/cart", 303)
        answer.set_cookie(CART, "|".join(cart), max_age=A_YEAR, httponly=True, samesite="lax")
        return visit.keep(answer)

    @app.get("/why/{decision_id}", include_in_schema=False)
    async def why(request: Request, decision_id: str) -> Response:
        visit = _Visit(request, engine_of())
        try:
            found = await visit.engine.decision(UUID(decision_id))
        except ValueError:
            found = None
        if found is None or not await _may_see(visit, found[0]):
            return show(visit, "missing.html", 404, what=visit.say("There is no such list, or it isn't yours."))
        told = explain(visit.engine.serving, *found, visit.locale)
        return show(visit, "why.html", told=told, filters=_filter_words(visit.say), sources=_source_words(visit.say))


async def _may_see(visit: _Visit, decision: Mapping[str, Any]) -> bool:
    """A list is opened by the browser it was made for: it tells what its owner looked at."""
    person = await visit.engine.person(None, visit.visitor)
    if person.visitor_id is None and person.customer_id is None:
        return decision["visitor_id"] is None and decision["customer_id"] is None
    same_visitor = decision["visitor_id"] in (None, person.visitor_id)
    return bool(same_visitor and decision["customer_id"] in (None, person.customer_id))


def _shown(visit: _Visit, serving: service.Serving, decision: Decision) -> list[tuple[Item, str]]:
    def title(product_id: int) -> str:
        found = serving.item(product_id)
        return found.title(visit.locale) if found else ""

    out = []
    for action in decision.actions:
        item = serving.item(action.product_id)
        if item is not None and item.names:
            out.append((item, sentence(visit.say, action.reason.code, action.reason.arguments, title)))
    return out


def _item(engine: Engine, name: str) -> Item | None:
    """By `value` in the shop's own namespace, or `namespace:value`."""
    catalogue = engine.serving.catalogue
    found = catalogue.named(DEFAULT_NAMESPACE, name)
    if found is None and ":" in name:
        namespace, _, value = name.partition(":")
        found = catalogue.named(namespace, value)
    return found


def product_link(item: Item, decision: UUID | None = None, place: int | None = None) -> str:
    namespace, value = item.names[0]
    path = "/product/" + quote(value if namespace == DEFAULT_NAMESPACE else f"{namespace}:{value}", safe="")
    return path if decision is None else f"{path}?{urlencode({'d': decision, 'p': place})}"


def _picture(item: Item) -> str | None:
    """Only addresses that a browser may safely load as a picture."""
    url = str(item.pictures[0]["url"]) if item.pictures else ""
    return url if url.startswith(("https://", "http://", "/")) and not url.startswith("//") else None


def _categories(engine: Engine) -> list[tuple[str, int]]:
    """Top categories with how many products are for sale in each, largest first."""
    counts: dict[str, int] = {}
    for item in engine.serving.catalogue.items:
        if item is not None and item.for_sale and item.category:
            counts[item.category[0]] = counts.get(item.category[0], 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:12]


def _in_category(engine: Engine, name: str) -> list[Item]:
    """For sale in a category, what is in stock first, newest first."""
    wanted = name.casefold()
    found = [
        item
        for item in engine.serving.catalogue.items
        if item is not None
        and item.for_sale
        and item.names
        and any(part.casefold() == wanted for part in item.category)
    ]
    return sorted(found, key=lambda item: (not item.in_stock, -item.created, item.product_id))


def _uncategorised(engine: Engine) -> list[Item]:
    return [
        item
        for item in engine.serving.catalogue.items
        if item is not None and item.for_sale and item.names and not item.category
    ]


def _other_language(visit: _Visit) -> tuple[str, str]:
    other = "en" if visit.locale == "zh" else "zh"
    return other, {"en": "English", "zh": "中文"}[other]


def _filter_words(say: Callable[[str], str]) -> dict[str, str]:
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


def _source_words(say: Callable[[str], str]) -> dict[str, str]:
    return {
        "sequence": say("What usually comes next"),
        "covisitation": say("Chosen together"),
        "text": say("Similar by its words"),
        "popular": say("Popular"),
        "newest": say("Newest"),
        "explore": say("Tried out"),
    }
