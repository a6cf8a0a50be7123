"""Cart, checkout and the order. The cart lives in the browser as names; price and stock are looked up each time.

Checkout places a real order in the shop's records with a payment that says it is a demo: nobody is charged.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from regulars.recommend.catalogue import Item, named, reference
from regulars.schema import EventType, ExternalId, Money, Order, OrderLine, Payment
from regulars.schema.people import Address
from regulars.schema.text import MAX_ID
from regulars.store import rows, shopping
from regulars.store.shopping import Short, Variant, Wanted
from regulars.web.storefront.site import HEADERS, Site
from regulars.web.visit import MAX_CART, MAX_QUANTITY, CartLine, Visit

BESIDE = 6
ORDERS = "storefront"  # the namespace of the orders that are placed here
MAX_FIELDS = 20
_NUMBER = re.compile(r"[0-9A-F]{10}")
_ADDRESS = ("name", "line1", "postcode", "city")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the cart as it is now. item, variant: None where they are gone. note: what the shopper has to know."""

    asked: CartLine
    item: Item | None
    variant: Variant | None
    quantity: int
    note: str = ""

    @property
    def buyable(self) -> bool:
        return (
            self.item is not None and self.variant is not None and self.variant.price is not None and self.quantity > 0
        )

    @property
    def amount(self) -> int:
        return (self.variant.price or 0) * self.quantity if self.variant is not None else 0


@dataclass(frozen=True, slots=True)
class Cart:
    """The cart as it is now. sums: minor units of what can be bought, by currency and exponent."""

    lines: list[Line]
    sums: dict[tuple[str, int], int]

    @property
    def buyable(self) -> list[Line]:
        return [line for line in self.lines if line.buyable]

    @property
    def total(self) -> int:
        return sum(self.sums.values())

    @property
    def one_currency(self) -> bool:
        return len(self.sums) == 1


def add(app: FastAPI, site: Site) -> None:
    @site.get(app, "/cart")
    async def cart(request: Request) -> Response:
        visit = site.visit(request)
        full = await cart_of(visit)
        more = None
        if full.buyable:
            inside = [line.item.product_id for line in full.lines if line.item is not None]
            more = await site.row(visit, "cart", visit.say("What else"), BESIDE, exclude=inside)
        return site.show(visit, "cart.html", cart=full, rows=[more] if more else [], changed=_changed(visit))

    @site.post(app, "/cart")
    async def change_cart(request: Request) -> Response:
        visit = site.visit(request)
        form = await request.form(max_files=0, max_fields=MAX_FIELDS)
        given = {name: str(value) for name, value in form.items()}
        name, key = given.get("product", ""), given.get("variant", "")
        item = named(visit.engine.serving.catalogue, name)
        action = given.get("action", "add")
        if action in ("remove", "quantity"):
            _change(visit, item, name, key, 0 if action == "remove" else _count(given.get("quantity", "")))
        else:
            variant = await _variant(visit, item, key) if item is not None and item.for_sale else None
            if item is None or variant is None or not variant.in_stock:
                return site.missing(visit, visit.say("This product isn't in the shop (any more)."))
            line = CartLine(reference(item), variant.key, _count(given.get("quantity", "")))
            if not _put(visit, line):
                return RedirectResponse("/cart?" + urlencode({"full": 1}), 303, HEADERS)
            message = visit.stated_message(given.get("message", ""))
            chosen: dict[str, Any] = {"variant": variant.name} if variant.name is not None else {}
            visit.did(
                EventType.CART, item, message_id=message, quantity=line.quantity, **chosen, **visit.came_from(given)
            )
        visit.keep_cart()
        await visit.write()
        return visit.keep(RedirectResponse("/cart", 303, HEADERS))

    @site.get(app, "/checkout")
    async def checkout(request: Request) -> Response:
        visit = site.visit(request)
        full = await cart_of(visit)
        if not full.buyable or not full.one_currency or not visit.engine.settings.demo_orders:
            return RedirectResponse("/cart", 303, HEADERS)
        message = visit.message()
        visit.did(EventType.CHECKOUT, None, message_id=message)
        await visit.write()
        return site.show(
            visit,
            "checkout.html",
            cart=full,
            number=secrets.token_hex(5).upper(),
            message=message,
            known=await _known(visit),
        )

    @site.post(app, "/checkout")
    async def place(request: Request) -> Response:
        visit = site.visit(request)
        form = await request.form(max_files=0, max_fields=MAX_FIELDS)
        given = {name: str(value)[:300].replace("\x00", "").strip() for name, value in form.items()}
        number = given.get("number", "")
        if not _NUMBER.fullmatch(number) or not visit.engine.settings.demo_orders:
            return RedirectResponse("/checkout", 303, HEADERS)
        if await _order(visit, number) is not None:  # sent twice: it is one order
            return RedirectResponse(f"/order/{number}", 303, HEADERS)
        full = await cart_of(visit)
        if not full.buyable or not full.one_currency:
            return RedirectResponse("/cart", 303, HEADERS)
        if given.get("total") != str(full.total):
            return RedirectResponse("/cart?" + urlencode({"changed": 1}), 303, HEADERS)
        short = await _place(visit, number, full, {name: given.get(name) or None for name in _ADDRESS})
        if short:
            await visit.engine.refresh()
            return RedirectResponse("/cart?" + urlencode({"changed": 1}), 303, HEADERS)
        await visit.engine.refresh()
        bought = {line.asked for line in full.buyable}
        visit.cart = [line for line in visit.cart if line not in bought]
        visit.keep_cart()
        return visit.keep(RedirectResponse(f"/order/{number}?thanks=1", 303, HEADERS))

    @site.get(app, "/order/{number}")
    async def order(request: Request, number: str) -> Response:
        visit = site.visit(request)
        found = await _order(visit, number)
        if found is None or not await _theirs(visit, found):
            return site.missing(visit, visit.say("There is no such order, or it isn't yours."))
        lines = order_lines(visit, found)
        thanked = "thanks" in request.query_params
        beside = (
            await site.row(visit, "after_purchase", visit.say("Goes with what you bought"), BESIDE) if thanked else None
        )
        return site.show(
            visit,
            "order.html",
            beside=beside,
            order=found,
            lines=lines,
            thanks="thanks" in request.query_params,
            total=visit.amount(found["total"] or 0, found["currency"], found["exponent"]),
            events=_told(found, lines) if "thanks" in request.query_params else [],
        )


def order_lines(visit: Visit, order: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines with their products as they are now; a product that went away leaves its title."""
    catalogue = visit.engine.serving.catalogue
    out = []
    for line in order["lines"]:
        item = catalogue.of(line["product_id"]) if line["product_id"] is not None else None
        title = item.title(visit.locale) if item is not None else ""
        price = line["unit_price"]
        out.append(
            {
                "item": item if item is not None and item.for_sale and item.names else None,
                "name": item.names[0] if item is not None and item.names else None,
                "title": title or line["title"] or "—",
                "options": " / ".join((line["options"] or {}).values()),
                "quantity": line["quantity"],
                "price": "" if price is None else visit.amount(price, order["currency"], order["exponent"]),
                "major": None if price is None else Money(price, order["currency"], order["exponent"]).major,
            }
        )
    return out


async def cart_of(visit: Visit) -> Cart:
    """The visitor's cart beside what the shop has at this moment. Raises: DatabaseUnavailable."""
    catalogue = visit.engine.serving.catalogue
    items = [named(catalogue, line.product) for line in visit.cart]
    there = [item for item in items if item is not None]
    variants = await shopping.variants(visit.engine.pool, [item.product_id for item in there])
    lines = [
        _line(visit, asked, item, variants.get(item.product_id, []) if item is not None else [])
        for asked, item in zip(visit.cart, items, strict=True)
    ]
    sums: dict[tuple[str, int], int] = {}
    for line in lines:
        if line.buyable and line.variant is not None:
            kind = (visit.currency(line.variant), line.variant.exponent)
            sums[kind] = sums.get(kind, 0) + line.amount
    return Cart(lines, sums)


def _line(visit: Visit, asked: CartLine, item: Item | None, variants: list[Variant]) -> Line:
    say = visit.say
    if item is None or not item.for_sale:
        return Line(asked, item, None, 0, say("This product is gone from the shop. It won't be ordered."))
    variant = _variant_of(variants, asked.variant)
    if variant is None:
        return Line(asked, item, None, 0, say("This choice is gone from the shop. Look whether another will do."))
    if not variant.in_stock:
        return Line(asked, item, variant, 0, say("It was sold out meanwhile. It won't be ordered."))
    if variant.stock is not None and variant.stock < asked.quantity:
        left = say("Only {count} left: the order will have {count}.").replace("{count}", str(variant.stock))
        return Line(asked, item, variant, variant.stock, left)
    return Line(asked, item, variant, asked.quantity)


def _variant_of(variants: list[Variant], key: str) -> Variant | None:
    """The variant of this name; the only one there is, also where the cart remembers none."""
    found = next((one for one in variants if one.key == key), None)
    return variants[0] if found is None and len(variants) == 1 else found


async def _variant(visit: Visit, item: Item, key: str) -> Variant | None:
    """What is put in the cart: the variant named, else the cheapest that can be had."""
    variants = (await shopping.variants(visit.engine.pool, [item.product_id]))[item.product_id]
    if key:
        return _variant_of(variants, key)
    there = [one for one in variants if one.in_stock] or variants
    return min(there, key=lambda one: (one.price is None, one.price or 0), default=None)


def _put(visit: Visit, line: CartLine) -> bool:
    """Adds to a line that is there, or a new one. False where the cart is full."""
    for place, old in enumerate(visit.cart):
        if (old.product, old.variant) == (line.product, line.variant):
            visit.cart[place] = replace(old, quantity=min(MAX_QUANTITY, old.quantity + line.quantity))
            return True
    if len(visit.cart) >= MAX_CART:
        return False
    visit.cart.append(line)
    return True


def _change(visit: Visit, item: Item | None, name: str, key: str, quantity: int) -> None:
    for place, old in enumerate(visit.cart):
        if (old.product, old.variant) == (name, key):
            if quantity:
                visit.cart[place] = replace(old, quantity=quantity)
            else:
                del visit.cart[place]
                if item is not None:
                    visit.did(EventType.REMOVE_FROM_CART, item)
            return


def _count(given: str) -> int:
    return min(int(given), MAX_QUANTITY) if given.isascii() and given.isdigit() and len(given) < 6 else 1


def _changed(visit: Visit) -> str:
    """What to say above the cart."""
    if "changed" in visit.request.query_params:
        return visit.say("Something changed while you were paying: look at it again. Nothing was ordered.")
    if "full" in visit.request.query_params:
        return visit.say("The cart is full: {count} different things are the most.").replace("{count}", str(MAX_CART))
    return ""


async def _place(visit: Visit, number: str, cart: Cart, address: dict[str, str | None]) -> list[Short]:
    """Raises: DatabaseUnavailable."""
    engine = visit.engine
    ((currency, exponent),) = cart.sums
    order_id = ExternalId(ORDERS, number)
    total = str(Money(cart.total, currency, exponent).major)
    wanted, lines = [], []
    for line in cart.buyable:
        assert line.item is not None
        assert line.variant is not None
        price = line.variant.price or 0
        wanted.append(Wanted(line.item.product_id, line.variant.variant_id, line.quantity, price))
        lines.append(
            OrderLine(
                product=ExternalId(*line.item.names[0]),
                variant=line.variant.name,
                title=line.item.title(visit.locale),
                quantity=line.quantity,
                unit_price=str(Money(price, currency, exponent).major),
            )
        )
    clock = engine.clock()
    order = Order(
        id=order_id,
        customer=visit.customer,
        visitor=visit.visitor,
        placed_at=clock.received,
        status="paid",
        currency=currency,
        total=total,
        shipping="0",
        address=Address.model_validate(address) if any(address.values()) else None,
        lines=lines,
        payments=[Payment(id=order_id, kind="charge", amount=total, status="paid", at=clock.received)],
        traits={"demo": True, "locale": visit.locale},
    )
    row, events = rows.order_rows(order, clock, engine.settings)
    async with engine.pool.connection() as connection:
        return await shopping.place(connection, order_id, wanted, row, events)


async def _order(visit: Visit, number: str) -> dict[str, Any] | None:
    """An order by its number: of this storefront, else one that the shop imported."""
    if len(number) > MAX_ID or "\x00" in number:
        return None
    for namespace in (ORDERS, "shop"):
        found = await visit.engine.pool.fetch(shopping.READ_ORDER, (namespace, number))
        if found:
            return found[0]
    return None


async def _theirs(visit: Visit, order: dict[str, Any]) -> bool:
    """An order is shown to whom it belongs, by account or, for a guest's, by browser."""
    person = await visit.engine.person(visit.customer, visit.visitor)
    if order["customer_id"] is not None:
        return visit.customer is not None and order["customer_id"] == person.customer_id
    return order["visitor_id"] is not None and order["visitor_id"] == person.visitor_id


def _told(order: dict[str, Any], lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The purchases as the page's script tells them: under the ids that they were stored with."""
    counted: dict[tuple[str, str], int] = {}
    out = []
    for line in lines:
        name = line["name"]
        if name is not None:
            counted[name] = counted.get(name, 0) + 1
            key = rows.line_key(ExternalId(ORDERS, order["name"]), EventType.PURCHASE, name, counted[name])
            out.append({**line, "message": str(key)})
    return out


async def _known(visit: Visit) -> dict[str, str]:
    """What the form begins with: the customer's name, where there is one."""
    person = await visit.engine.person(visit.customer, visit.visitor) if visit.customer else None
    if person is None or person.customer_id is None:
        return {}
    found = await visit.engine.pool.fetch("SELECT name FROM customers WHERE customer_id = %s", (person.customer_id,))
    return {"name": found[0]["name"] or ""} if found else {}
