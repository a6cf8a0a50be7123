"""The account: sign in, orders, what the shop knows, consent, export, erasure.

In the demo anybody may be any of its invented customers. In a real shop signing in is the shop's own affair: its server
signs a customer token, and that is what is taken here.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from regulars.errors import Unauthenticated
from regulars.recommend.taste import Taste
from regulars.schema import ExternalId
from regulars.schema.events import STRENGTHS
from regulars.store import shopping
from regulars.store.people import Person
from regulars.store.tokens import verify_customer
from regulars.web.storefront.lists import event_words
from regulars.web.storefront.site import HEADERS, Site, back_to
from regulars.web.storefront.tasting import picks
from regulars.web.visit import PURPOSES, Visit

HALF_LIFE_DAYS = 30.0  # of what an event says about today's taste
SHOWN_EVENTS = 40
SHOWN_TASTES = 6
OFFERED = 8

READ_CUSTOMER = "SELECT name, email, locale, created_at FROM customers WHERE customer_id = %s"
READ_EVENTS = """
SELECT e.type, e.occurred_at, e.product_id, e.properties FROM events e
WHERE {} AND e.type <> 'impression' ORDER BY e.occurred_at DESC, e.event_id DESC LIMIT %s
"""
EVENTS_OF_CUSTOMER = READ_EVENTS.format("e.customer_id = %s")
EVENTS_OF_VISITOR = READ_EVENTS.format("e.visitor_id = %s AND e.customer_id IS NULL")
# Whom a visitor of the demo may be: invented customers with the most to show, some in each language.
READ_DEMO_CUSTOMERS = """
SELECT name, value, locale, orders FROM (
    SELECT c.name, x.value, coalesce(c.locale, 'en') AS locale, o.orders,
           row_number() OVER (PARTITION BY coalesce(c.locale, 'en') ORDER BY o.orders DESC, x.value) AS place
    FROM (SELECT customer_id, count(*) AS orders FROM orders WHERE customer_id IS NOT NULL GROUP BY 1) o
    JOIN customers c USING (customer_id)
    JOIN external_ids x ON x.kind = 'customer' AND x.namespace = 'shop' AND x.id = c.customer_id
    WHERE c.known AND c.name IS NOT NULL) ranked
ORDER BY place, locale LIMIT %s
"""


def add(app: FastAPI, site: Site) -> None:
    @site.get(app, "/account")
    async def account(request: Request) -> Response:
        visit = site.visit(request)
        person = await visit.engine.person(visit.customer, visit.visitor)
        pool = visit.engine.pool
        customer, orders, events = None, [], []
        if visit.customer is not None and person.customer_id is not None:
            found = await pool.fetch(READ_CUSTOMER, (person.customer_id,))
            customer = found[0] if found else None
            orders = await pool.fetch(shopping.READ_ORDERS_OF_CUSTOMER, (person.customer_id, shopping.MAX_ORDERS))
            events = await pool.fetch(EVENTS_OF_CUSTOMER, (person.customer_id, SHOWN_EVENTS))
        elif person.visitor_id is not None:
            orders = await pool.fetch(shopping.READ_ORDERS_OF_VISITOR, (person.visitor_id, shopping.MAX_ORDERS))
            events = await pool.fetch(EVENTS_OF_VISITOR, (person.visitor_id, SHOWN_EVENTS))
        offered = []
        if visit.demo and visit.customer is None:
            offered = await pool.fetch(READ_DEMO_CUSTOMERS, (OFFERED,))
        may_pick = visit.consent.allows("analytics") and not await visit.refused()
        taste = await visit.engine.taste_of(person) if may_pick else Taste(None)
        return site.show(
            visit,
            "account.html",
            picked=picks(visit, taste),
            may_pick=bool(taste.answers) or taste.tap is not None,
            customer=customer,
            orders=orders,
            events=[_told(visit, event) for event in events],
            tastes=_tastes(visit, person),
            offered=offered,
            refused=await visit.refused(),
            purposes=_purpose_words(visit),
            said="saved" if "saved" in request.query_params else "",
            wrong="wrong" in request.query_params,
            forgotten="forgotten" in request.query_params,
        )

    @site.post(app, "/account/sign-in")
    async def sign_in(request: Request) -> Response:
        visit = site.visit(request)
        form = await request.form(max_files=0, max_fields=5)
        who = await _signed(visit, str(form.get("customer", "")), str(form.get("token", "")).strip())
        if who is None:
            return visit.keep(RedirectResponse("/account?wrong=1", 303, HEADERS))
        visit.sign_in(who)
        await visit.write()
        return visit.keep(RedirectResponse("/account", 303, HEADERS))

    @site.post(app, "/account/sign-out")
    async def sign_out(request: Request) -> Response:
        visit = site.visit(request)
        visit.sign_out()
        return visit.keep(RedirectResponse("/account", 303, HEADERS))

    @site.post(app, "/consent")
    async def consent(request: Request) -> Response:
        """From the bar on any page (both purposes at once), or the account's switches."""
        visit = site.visit(request)
        form = await request.form(max_files=0, max_fields=10)
        both = str(form.get("all", ""))
        answers = {name: (both or str(form.get(name, "no"))) == "yes" for name in PURPOSES}
        visit.keep_consent(**answers)
        await visit.write()
        return visit.keep(RedirectResponse(back_to(str(form.get("back", "/"))), 303, HEADERS))

    @site.get(app, "/account/export.json")
    async def export(request: Request) -> Response:
        visit = site.visit(request)
        person = await visit.engine.person(visit.customer, visit.visitor)
        mine = person.customer_id if visit.customer is not None else None
        kept: dict[str, Any] = {}
        if mine is not None or person.visitor_id is not None:
            kept = await visit.engine.export(mine, person.visitor_id if mine is None else None)
        text = orjson.dumps(kept, default=str, option=orjson.OPT_INDENT_2)
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="what-the-shop-knows.json"'}
        return Response(text, media_type="application/json", headers=headers)

    @site.post(app, "/account/erase")
    async def erase(request: Request) -> Response:
        visit = site.visit(request)
        form = await request.form(max_files=0, max_fields=5)
        if form.get("sure") != "yes":
            return visit.keep(RedirectResponse("/account?wrong=1#forget", 303, HEADERS))
        person = await visit.engine.person(visit.customer, visit.visitor)
        if visit.customer is not None and person.customer_id is not None:
            await visit.engine.erase(person.customer_id)
        visit.sign_out()  # and this browser is a new one from here on
        visit.cart = []
        visit.keep_cart()
        return visit.keep(RedirectResponse("/account?forgotten=1", 303, HEADERS))


async def _signed(visit: Visit, chosen: str, token: str) -> ExternalId | None:
    """Who may be signed in: with a token its customer; in the demo also whoever was chosen."""
    if token:
        try:
            return verify_customer(visit.engine.shop_row.secret, token)
        except Unauthenticated:
            return None
    if not visit.demo or not 0 < len(chosen) < 100 or "\x00" in chosen:
        return None
    who = ExternalId("shop", chosen)
    person = await visit.engine.person(who, None)
    return who if person.customer_id is not None else None


def _told(visit: Visit, event: dict[str, Any]) -> dict[str, Any]:
    """An event as the page says it."""
    words = event_words(visit.say)
    item = visit.engine.serving.item(event["product_id"]) if event["product_id"] is not None else None
    properties = event["properties"] or {}
    about = str(properties.get("query") or properties.get("category") or "")[:80]
    return {
        "at": visit.time(event["occurred_at"]),
        "did": words.get(event["type"], event["type"]),
        "item": item if item is not None and item.for_sale and item.names else None,
        "about": item.title(visit.locale) if item is not None else visit.label(about),
    }


def _tastes(visit: Visit, person: Person) -> list[tuple[str, int]]:
    """Categories and their share, in percent, of what the lists go by: strong and recent events count more."""
    weights: Counter[str] = Counter()
    now = time.time()
    for product, kind, second in zip(person.products, person.types, person.seconds, strict=True):
        item = visit.engine.serving.item(product)
        if item is not None and item.category:
            age = max(0.0, now - second) / 86_400
            weights[item.category[0]] += STRENGTHS.get(kind, 1.0) * 0.5 ** (age / HALF_LIFE_DAYS)
    total = sum(weights.values())
    return [(name, round(100 * weight / total)) for name, weight in weights.most_common(SHOWN_TASTES) if total]


def _purpose_words(visit: Visit) -> list[tuple[str, str, str, bool]]:
    say = visit.say
    return [
        (
            "personalisation",
            say("Personal lists"),
            say("What you look at and buy here decides what you are shown. Without it everybody sees the same."),
            visit.consent.allows("personalisation"),
        ),
        (
            "analytics",
            say("Counting"),
            say("What you open is counted, so that the shop learns what works. Without it only your orders are kept."),
            visit.consent.allows("analytics"),
        ),
    ]
