"""How somebody came to the storefront: kept as classes in a cookie while the browser is open, and with what they open.

Only of browsers that are new, and nothing at all where personal lists are refused. No address and no words are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from regulars.recommend.context import Arrival, came_from
from regulars.schema import EventType
from regulars.web.visit import Visit

COOKIE = "regulars_arrival"
REFERRERS = ("search", "social", "email", "other", "direct", "")
MOST_LANDING = 500  # characters of a category path that a cookie carries


@dataclass(frozen=True, slots=True)
class Arrived:
    """referrer: a class. landing: the category where they began, from wide to narrow."""

    referrer: str
    landing: tuple[str, ...]


def begin(visit: Visit, landing: tuple[str, ...] = ()) -> Arrived | None:
    """What is known of how they came; None of a browser that was here before. landing: this page's category, which counts
    only if it is the first page. What they open in this first session is told with it.
    """
    if not visit.consent.allows("personalisation"):
        return None
    kept = visit.request.cookies.get(COOKIE, "").split("|")
    if len(kept) == 2 and kept[0] in REFERRERS:
        found = Arrived(kept[0], tuple(part for part in unquote(kept[1]).split(" > ") if part)[:10])
    elif visit.new:
        headers = visit.request.headers
        medium = visit.request.query_params.get("utm_medium", "")[:100]
        referrer, _ = came_from(headers.get("referer", "")[:2_000], medium, headers.get("host", ""))
        found = Arrived(referrer, landing)
        landed = quote(" > ".join(landing), safe="")
        visit.keep_for(COOKIE, f"{referrer}|{landed if len(landed) <= MOST_LANDING else ''}", 0)
    else:
        return None
    facts = {"referrer": found.referrer, "locale": visit.locale, "device": _device(visit)}
    visit.facts = {name: value for name, value in facts.items() if value}
    return found


async def arrival(visit: Visit) -> Arrival | None:
    """For a list: only of somebody without a history. Raises: DatabaseUnavailable."""
    person = await visit.person()
    found = None if await visit.refused() or any(kind != EventType.TASTE for kind in person.types) else begin(visit)
    if found is None:
        return None
    now = datetime.now(ZoneInfo(visit.engine.settings.zone))
    return Arrival(found.referrer, found.landing, (), visit.locale, now.hour, now.weekday(), _device(visit))


def _device(visit: Visit) -> str:
    agent = visit.request.headers.get("user-agent", "")
    if "iPad" in agent or "Tablet" in agent:
        return "tablet"
    return "phone" if "Mobi" in agent else "desk" if agent else ""
