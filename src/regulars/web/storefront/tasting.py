"""Three taps for people without a history, on the front page; picks taken back, in the account. Plain forms.

Nothing is shown to, asked of or written about who doesn't want personal lists or to be counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from regulars.recommend.catalogue import Item, named
from regulars.recommend.taste import SHOWN, TAPS, Taste
from regulars.schema import EventType
from regulars.web.storefront.site import HEADERS, Site, back_to
from regulars.web.visit import Visit

COOKIE = "regulars_taste"
LATER = "later"  # skipped: not shown again until it is asked for
AGAIN = "again"  # asked for, also by somebody who has a history
REMEMBERED_SECONDS = 90 * 86_400


@dataclass(frozen=True, slots=True)
class Panel:
    """What the front page shows. tap: None where only the picks are named. picked: as far as they are in the shop."""

    tap: int | None
    items: tuple[Item, ...]
    picked: tuple[Item, ...]
    taps: int = TAPS


async def panel(visit: Visit) -> Panel | None:
    """None for who has a history, skipped it, or refused. Raises: DatabaseUnavailable."""
    if not await _may(visit):
        return None
    wish = visit.request.cookies.get(COOKIE)
    person = await visit.person()
    stranger = all(kind == EventType.TASTE for kind in person.types)
    if not stranger and wish != AGAIN:
        return None
    if wish == LATER and not person.products:
        return None
    taste = await visit.engine.taste_of(person)
    picked = picks(visit, taste)
    asking = taste.tap is not None and wish != LATER
    if not asking and not picked:
        return None
    return Panel(taste.tap if asking else None, taste.items if asking else (), picked)


def picks(visit: Visit, taste: Taste) -> tuple[Item, ...]:
    found = (visit.engine.serving.item(one) for one in taste.picked)
    return tuple(item for item in found if item is not None and item.for_sale and item.names)


async def _may(visit: Visit) -> bool:
    return visit.consent.allows("analytics") and not await visit.refused()


def add(app: FastAPI, site: Site) -> None:
    @site.post(app, "/taste")
    async def taste(request: Request) -> Response:
        """One tap, "not now", picks taken back, or picking anew."""
        visit = site.visit(request)
        form = await request.form(max_files=0, max_fields=4 * SHOWN)
        back = str(form.get("back", "/#taste"))
        if "later" in form:
            visit.keep_for(COOKIE, LATER, REMEMBERED_SECONDS)
        elif not visit.new and await _may(visit):  # without its cookie a browser is somebody else at the next tap
            engine = visit.engine
            who = (visit.customer, visit.visitor)
            catalogue = engine.serving.catalogue
            if "undo" in form:
                item = named(catalogue, str(form["undo"])) if form["undo"] else None
                if item is not None or not form["undo"]:
                    await engine.undo_taste(*who, item.product_id if item is not None else None)
            if "again" in form:
                visit.keep_for(COOKIE, AGAIN, REMEMBERED_SECONDS)
            if "picked" in form:
                shown = [item for one in form.getlist("shown")[: 2 * SHOWN] if (item := named(catalogue, str(one)))]
                item = named(catalogue, str(form["picked"])) if form["picked"] else None
                if item is not None or not form["picked"]:
                    tap = str(form.get("tap", ""))
                    number = int(tap) if tap.isascii() and tap.isdigit() and len(tap) < 3 else 0
                    found = await engine.answer_taste(*who, number, item, shown, "storefront")
                    if found.tap is None:
                        visit.keep_for(COOKIE, "", 0)
        return visit.keep(RedirectResponse(back_to(back), 303, HEADERS))
