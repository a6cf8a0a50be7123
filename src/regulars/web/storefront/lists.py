"""The page that answers "Why this list?", and how a list counts as seen where the script does not run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request, Response

from regulars.language.translations import Say
from regulars.recommend import words
from regulars.recommend.catalogue import named
from regulars.recommend.explain import explain
from regulars.schema import EventType
from regulars.web.storefront.site import Site
from regulars.web.visit import Visit

_DOT = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00"
    b"\x01\x00\x00\x02\x02D\x01\x00;"
)


def add(app: FastAPI, site: Site) -> None:
    @site.get(app, "/why/{decision_id}")
    async def why(request: Request, decision_id: str) -> Response:
        visit = site.visit(request)
        found = await _decision(visit, decision_id)
        if found is None:
            return site.missing(visit, visit.say("There is no such list, or it isn't yours."))
        told = explain(visit.engine.serving, *found, visit.locale, visit.label)
        return site.show(
            visit,
            "why.html",
            told=told,
            in_shop=lambda name: named(visit.engine.serving.catalogue, name) is not None,
            filters=_filter_words(visit.say),
            sources=words.source_words(visit.say),
            steps=words.step_words(visit.say),
            did=event_words(visit.say),
            arrival=_arrival(visit, told),
        )

    @site.get(app, "/seen/{decision_id}.gif")
    async def seen(request: Request, decision_id: str) -> Response:
        """A dot within <noscript>: a browser that loads it shows the row, and its script won't say so.

        Each place of a list has one impression, whoever reports it: the id is made of decision and place.
        """
        visit = site.visit(request)
        found = await _decision(visit, decision_id)
        if found is not None:
            decision = found[0]
            for position, product_id in enumerate(decision["product_ids"]):
                item = visit.engine.serving.item(product_id)
                if item is not None and item.names:
                    visit.did(
                        EventType.IMPRESSION,
                        item,
                        message_id=f"impression:{decision['decision_id']}:{position}",
                        decision_id=decision["decision_id"],
                        position=position,
                        surface=decision["surface"],
                    )
            await visit.write()
        return Response(_DOT, media_type="image/gif", headers={"Cache-Control": "no-store"})


async def _decision(visit: Visit, decision_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """A list, if it may be shown: it tells what its owner looked at, so to them only."""
    try:
        found = await visit.engine.decision(UUID(decision_id))
    except ValueError:
        return None
    return found if found is not None and await _may_see(visit, found[0]) else None


async def _may_see(visit: Visit, decision: Mapping[str, Any]) -> bool:
    """A list made for nobody in particular may be opened by anybody who has its address."""
    person = await visit.engine.person(visit.customer, visit.visitor)
    same_visitor = decision["visitor_id"] in (None, person.visitor_id)
    return bool(same_visitor and decision["customer_id"] in (None, person.customer_id))


def _arrival(visit: Visit, told: dict[str, Any]) -> list[tuple[str, str, int]]:
    context = (told["trace"] or {}).get("context")
    return words.arrival_words(visit.say, context, visit.label) if context else []


def _filter_words(say: Say) -> dict[str, str]:
    """As the person who was looking reads them."""
    return {
        **words.filter_words(say),
        "already_bought": say("You bought it already"),
        "seen_lately": say("You saw it in the last days"),
        "rule": say("Left out by the shop"),
        "familiar_kind": say("Of a kind that you know already"),
        "other_kind": say("Of another kind than the open product"),
        "same_kind": say("Of the same kind as the open product"),
    }


def event_words(say: Say) -> dict[str, str]:
    """What they did, as they read it themselves."""
    return {
        **words.event_words(say),
        EventType.PAGE: say("opened a category"),
        EventType.CONSENT: say("answered about consent"),
    }
