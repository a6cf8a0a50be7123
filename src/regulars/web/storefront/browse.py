"""Looking around: front page, categories, products, search."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response

from regulars.content import shown as content
from regulars.recommend.catalogue import Item, named
from regulars.recommend.query import MAX_QUERY
from regulars.recommend.ruled import category_ruled
from regulars.recommend.searching import Search
from regulars.schema import EventType
from regulars.store import shopping
from regulars.store.database import Row
from regulars.store.texts import LIVE, LIVE_OF_CATEGORY
from regulars.web.shelves import Shelf
from regulars.web.storefront.arriving import begin
from regulars.web.storefront.site import Site, shelves
from regulars.web.storefront.tasting import panel
from regulars.web.visit import Visit

ROW = 8
BESIDE = 6
AGAIN = 4
PER_SHELF = 4
SHELVES = 4  # that show products on the front page; the other categories stand above as tiles
RANKED = 100  # products of a category that are put in somebody's own order; the rest follow mixed
SURPRISES = 12
PER_PAGE = 24
MOST_NARROWED = 10  # facets at once


def add(app: FastAPI, site: Site) -> None:
    @site.get(app, "/")
    async def home(request: Request) -> Response:
        visit = site.visit(request)
        say = visit.say
        begin(visit)
        person = await visit.person()
        again = None
        if EventType.PURCHASE in person.types:
            again = await site.row(visit, "again", say("Buy again"), AGAIN)
        title = say("New and popular") if await visit.refused() else say("For you")
        for_you = await site.row(visit, "home", title, ROW, exclude=again.product_ids if again else ())
        tasting = await panel(visit)
        await visit.write()
        rows = [row for row in (for_you, again) if row]
        return site.show(
            visit,
            "home.html",
            rows=rows,
            tasting=tasting,
            refused=await visit.refused(),
            shown=shelves(visit).top[:SHELVES],
            per_shelf=PER_SHELF,
        )

    @site.get(app, "/category/{name:path}")
    async def category(request: Request, name: str) -> Response:
        visit = site.visit(request)
        shelf = shelves(visit).find(name)
        if shelf is None:
            return site.missing(visit, visit.say("There is no such category."))
        asked = Narrowed(visit, shelf)
        serving = visit.engine.serving
        if serving.rules is not None and len(serving.rules):
            by_shopper = asked.sort not in ("best", "you")
            asked.items = category_ruled(serving, asked.items, await visit.person(), sorted_by_shopper=by_shopper)
        decision, places = None, {}
        if asked.sort == "you":
            ranked = await site.row(
                visit, "category", visit.label(shelf.name), RANKED, category=" > ".join(_path(shelf))
            )
            if ranked is not None:
                decision = ranked.decision
                places = {item.product_id: place for place, item, _ in ranked.shown}
            asked.items.sort(key=lambda item: places.get(item.product_id, RANKED))
        at = max(1, visit.number("page", 1))
        pages_in_all = max(1, -(-len(asked.items) // PER_PAGE))
        if at > pages_in_all:
            return site.missing(visit, visit.say("There is no such page in this category."))
        message = visit.message()
        begin(visit, _path(shelf))
        visit.did(EventType.PAGE, None, message_id=message, properties={"category": shelf.name[:200]})
        await visit.write()
        items = asked.items[(at - 1) * PER_PAGE : at * PER_PAGE]
        about = await visit.engine.pool.fetch(LIVE_OF_CATEGORY, (list(_path(shelf)), visit.locale)) if at == 1 else []
        return site.show(
            visit,
            "category.html",
            shelf=shelf,
            asked=asked,
            items=items,
            decision=decision,
            places=places,
            at=at,
            pages=pages_in_all,
            message=message,
            inside=_inside(shelf),
            introduction=content.introduction(about),
        )

    @site.get(app, "/product/{name:path}")
    async def product(request: Request, name: str) -> Response:
        visit = site.visit(request)
        say = visit.say
        item = named(visit.engine.serving.catalogue, name)
        if item is None or not item.for_sale:
            return site.missing(visit, say("This product isn't in the shop (any more)."))
        begin(visit, item.category)
        came_from = visit.came_from()
        if came_from:
            place = f"click:{came_from['decision_id']}:{came_from['position']}"
            visit.did(EventType.CLICK, item, message_id=place, **came_from)
        message = visit.message()
        visit.did(EventType.VIEW, item, message_id=message, **came_from)
        await visit.write()  # before the rows are made: it already counts there
        await visit.person()  # once for both rows
        pool = visit.engine.pool
        # Side by side: both lists are written down in one commit, and the database is asked for the rest meanwhile.
        alike, beside, found, reviews, live = await asyncio.gather(
            site.row(visit, "alike", say("Alike"), BESIDE, context=item),
            site.row(visit, "goes_with", say("Goes with it"), BESIDE, context=item),
            shopping.variants(pool, [item.product_id]),
            pool.fetch(shopping.READ_REVIEWS, (item.product_id, shopping.MAX_REVIEWS)),
            pool.fetch(LIVE, ([item.product_id], list(content.KINDS))),
        )
        variants = found[item.product_id]
        live, by_chance = content.drawn(live, visit.locale, visit.visitor)
        texts = content.shown(live, visit.locale)
        if by_chance:
            person = await visit.person()
            made = content.decision(by_chance, item.product_id, person.customer_id, person.visitor_id)
            await visit.engine.writer.record(made)
        if alike and beside:
            beside = beside.without(alike.product_ids)
        return site.show(
            visit,
            "product.html",
            item=item,
            variants=variants,
            chosen=_chosen(visit, variants),
            reviews=reviews,
            texts=texts,
            markup=_markup(request, item, visit.locale, texts, reviews),
            rows=[row for row in (beside, alike) if row],
            came_from=came_from,
            message=message,
            cart_message=visit.message(),
        )

    @site.get(app, "/surprise")
    async def surprise(request: Request) -> Response:
        visit = site.visit(request)
        begin(visit)
        found = await site.row(visit, "surprise", visit.say("Things you haven't looked at yet"), SURPRISES)
        await visit.write()
        return site.show(visit, "surprise.html", found=found)

    @site.get(app, "/search")
    async def search(request: Request) -> Response:
        visit = site.visit(request)
        query = " ".join(_clean(request.query_params.get("q", ""))[:MAX_QUERY].split())
        at = max(1, visit.number("page", 1))
        if not query:
            await visit.write()
            return site.show(visit, "search.html", query="", found=None, items=[], at=1, pages=1, message="")
        given = {
            _clean(name[2:102]): _clean(value[:512])
            for name, value in request.query_params.items()
            if name.startswith("f.") and value
        }
        wanted = Search(query, PER_PAGE, (at - 1) * PER_PAGE, dict(list(given.items())[:MOST_NARROWED]))
        _, answer = await visit.engine.search_for(await visit.person(), wanted)
        pages_in_all = max(1, -(-answer.total // PER_PAGE))
        if at > pages_in_all:
            return site.missing(visit, visit.say("There is no such page of results."))
        message = visit.message()
        visit.did(EventType.SEARCH, None, message_id=message, properties={"query": query, "results": answer.total})
        await visit.write()
        for_you = None
        if not answer.items:
            for_you = await site.row(visit, "home", visit.say("Perhaps one of these"), BESIDE)

        def link(**changed: Any) -> str:
            """The same search, narrowed or leafed on. A facet that is None is left out."""
            kept = {"q": query, **{f"f.{name}": value for name, value in wanted.narrowed.items()}, **changed}
            return "?" + urlencode({name: value for name, value in kept.items() if value is not None})

        return site.show(
            visit,
            "search.html",
            query=query,
            found=answer.results,
            total=answer.total,
            decision_id=answer.decision.decision_id,
            facets=answer.facets,
            narrowed=wanted.narrowed,
            items=list(zip(answer.decision.actions, answer.items, strict=True)),
            at=at,
            pages=pages_in_all,
            message=message,
            for_you=for_you,
            narrower=link,
            page_link=lambda page: link(page=page),
            facet_name=lambda name: _facet_name(visit, name),
        )


class Narrowed:
    """A category as it was asked for: sorted, between two prices."""

    SORTS = ("best", "you", "new", "cheap", "dear")

    def __init__(self, visit: Visit, shelf: Shelf) -> None:
        given = visit.request.query_params
        self.sort = given.get("sort", "") if given.get("sort", "") in self.SORTS else "best"
        self.least, self.most = _price(given.get("min", "")), _price(given.get("max", ""))
        self.available = given.get("stock") == "yes"
        items = [item for item in shelf.items if self._fits(item)]
        if self.sort in ("best", "you"):
            mixed = {item.product_id: place for place, item in enumerate(shelf.mixed)}
            items.sort(key=lambda item: mixed[item.product_id])
        elif self.sort in ("cheap", "dear"):
            sign = 1 if self.sort == "cheap" else -1
            items.sort(key=lambda item: (not item.in_stock, item.price is None, sign * _major(item)))
        self.items = items
        self.narrowed = self.least is not None or self.most is not None or self.available

    def _fits(self, item: Item) -> bool:
        if self.available and not item.in_stock:
            return False
        if self.least is None and self.most is None:
            return True
        if item.price is None:
            return False
        price = _major(item)
        return (self.least is None or price >= self.least) and (self.most is None or price <= self.most)

    def link(self, page: int) -> str:
        """This list's page, as it is sorted and narrowed."""
        asked: dict[str, Any] = {
            "sort": self.sort if self.sort != "best" else None,
            "min": self.least,
            "max": self.most,
        }
        asked["stock"] = "yes" if self.available else None
        told = {name: f"{value:g}" if isinstance(value, float) else value for name, value in asked.items() if value}
        return "?" + urlencode({**told, "page": page})


def _markup(request: Request, item: Item, locale: str, texts: content.Shown, reviews: list[Row]) -> str:
    """The page's schema.org markup."""
    base = str(request.base_url).rstrip("/")
    pictures = [str(one["url"]) for one in item.pictures if one.get("url")]
    images = [
        one if one.startswith(("https://", "http://")) else f"{base}{one}"
        for one in pictures
        if one.startswith(("http", "/"))
    ]
    offer = None
    if item.price_text and item.currency:
        stock = "https://schema.org/InStock" if item.in_stock else "https://schema.org/OutOfStock"
        offer = {"price": item.price_text, "priceCurrency": item.currency.strip(), "availability": stock}
    description = texts.page_description or " ".join(texts.description) or item.text("description", locale)
    mean = reviews[0]["mean"] if reviews else None
    rating = (float(mean), int(reviews[0]["many"])) if mean is not None else None
    return content.markup(
        item.title(locale),
        description,
        item.brand,
        item.category,
        f"{base}{request.url.path}",
        images[:10],
        offer,
        rating,
    )


def _path(shelf: Shelf) -> tuple[str, ...]:
    """The category's path from the widest one, where its products agree."""
    found = {
        item.category[: item.category.index(shelf.name) + 1] for item in shelf.items if shelf.name in item.category
    }
    return found.pop() if len(found) == 1 else (shelf.name,)


def _major(item: Item) -> float:
    return 0.0 if item.price is None else item.price / 10**item.exponent


def _price(given: str) -> float | None:
    """A price as people type it: 12, 12.50 or 12,50; what isn't one narrows nothing."""
    try:
        value = float(given.strip().replace(",", ".")[:20])
    except ValueError:
        return None
    return value if 0 <= value < 1e12 else None


def _inside(shelf: Shelf) -> list[str]:
    """The categories within this one, the largest first."""
    counts: dict[str, int] = {}
    for item in shelf.items:
        folded = [part.strip().casefold() for part in item.category]
        at = folded.index(shelf.name.casefold()) if shelf.name.casefold() in folded else -1
        if 0 <= at < len(item.category) - 1:
            name = item.category[at + 1].strip()
            counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))[:12]


def _chosen(visit: Visit, variants: list[shopping.Variant]) -> str:
    """The variant that the form begins with: the address's, else the cheapest that can be had."""
    asked = visit.request.query_params.get("variant", "")
    if any(one.key == asked for one in variants):
        return asked
    there = [one for one in variants if one.in_stock] or variants
    return min(there, key=lambda one: (one.price is None, one.price or 0)).key if there else ""


def _facet_name(visit: Visit, name: str) -> str:
    """What a facet is called: the shop's own word for an attribute."""
    known = {"category": visit.say("Category"), "brand": visit.say("Brand"), "colour": visit.say("Colour")}
    return known.get(name, visit.label(name)[:1].upper() + visit.label(name)[1:])


def _clean(text: str) -> str:
    """Without characters that nobody types."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
