"""Why a product is *not* in a list: the very source, filter, rule or place that kept it out, found by asking the engine again.

Nothing is guessed from the trace: the list is made anew for the person as they are now, and the product followed on its way.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from regulars.language.translations import Say, best_locale, say_in
from regulars.recommend import again
from regulars.recommend.catalogue import reference
from regulars.recommend.history import History
from regulars.recommend.service import Request, Serving, bar, recommend, steering_for
from regulars.recommend.surfaces import surface_named
from regulars.recommend.words import filter_words
from regulars.store.people import Person

FURTHER = 100  # the longest list there is


@dataclass(frozen=True, slots=True)
class WhyNot:
    """code: shown, unknown, a filter's, rule, cap, never_bought, not_due, no_source, or ranked_below.

    line: of the rule. others: what else would keep it out. place: where it would stand, from 1; score, wanted: its own and that
    of the list's last product. sources: {name: place in the source's own list}.
    """

    code: str
    product_id: int
    line: int | None = None
    others: tuple[str, ...] = ()
    place: int | None = None
    score: float | None = None
    wanted: float | None = None
    sources: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "product_id"}


def why_not(serving: Serving, request: Request, person: Person, product_id: int, now: float | None = None) -> WhyNot:
    """What keeps a product out of this list, the first thing first. Raises: InvalidInput as recommend does."""
    decision = recommend(serving, request, person, now)
    for action in decision.actions:
        if action.product_id == product_id:
            return WhyNot("shown", product_id, place=action.position + 1, score=action.score)
    catalogue = serving.catalogue
    item = catalogue.place.get(product_id)
    if item is None:
        return WhyNot("unknown", product_id)
    moment = decision.at.timestamp()
    surface = surface_named(request.surface, dict(serving.surfaces))
    history = History.of(person, catalogue, moment)
    context = None if request.context is None else catalogue.place.get(request.context)
    steering = steering_for(serving, surface, person, history, moment, context)
    barred = bar(serving, surface, request, history, context, steering)
    found = barred.reasons(item)
    if found:
        first, others = found[0], tuple(found[1:])
        if first.startswith("rule:"):
            return WhyNot("rule", product_id, int(first[5:]), others)
        return WhyNot(first, product_id, None, others)
    if surface.purchases:
        due = again.due(person, catalogue, serving.filters.repeatable, moment)
        if all(one.place != item for one in due):
            bought = item in history.bought
            return WhyNot("not_due" if bought else "never_bought", product_id)
    for other, line in decision.trace.get("rules", {}).get("capped", ()):
        if other == product_id:
            return WhyNot("cap", product_id, line)
    # Its own way to the list: found by which sources, and where it stands when the list is as long as it can be.
    longer = recommend(serving, replace(request, n=FURTHER, seed=decision.seed), person, moment)
    candidates = decision.trace["candidates"]
    wanted = min((action.score for action in decision.actions if action.source != "newest"), default=None)
    ids = np.asarray(candidates["products"]).tolist()
    place = next((action.position + 1 for action in longer.actions if action.product_id == product_id), None)
    capped = next(
        (line for other, line in longer.trace.get("rules", {}).get("capped", ()) if other == product_id), None
    )
    if product_id in ids:
        row = ids.index(product_id)
        ranks = np.asarray(candidates["ranks"])[row].tolist()
        sources = {name: rank + 1 for name, rank in zip(candidates["source_names"], ranks, strict=True) if rank >= 0}
        if capped is not None:
            return WhyNot("cap", product_id, capped, sources=sources)
        score = float(np.asarray(candidates["scores"])[row])
        return WhyNot("ranked_below", product_id, place=place or row + 1, score=score, wanted=wanted, sources=sources)
    if capped is not None:
        return WhyNot("cap", product_id, capped)
    if place is not None and candidates["count"] > len(ids):
        return WhyNot("ranked_below", product_id, place=place, wanted=wanted)
    return WhyNot("no_source", product_id, wanted=wanted)


def why_not_told(serving: Serving, found: WhyNot, locale: str | None = None) -> dict[str, Any]:
    """Why a product isn't in a list, for JSON: the code, a sentence, and what else stands in its way."""
    item = serving.item(found.product_id)
    return {
        "product": reference(item) if item is not None and item.names else None,
        "title": item.title(locale) if item is not None else "",
        **found.as_dict(),
        "rule": _rule_text(serving, found.line),
        "text": why_not_sentence(say_in(best_locale(locale)), serving, found),
    }


def _rule_text(serving: Serving, line: int | None) -> str | None:
    return serving.rules.text_of.get(line) if serving.rules is not None and line is not None else None


def why_not_sentence(say: Say, serving: Serving, found: WhyNot) -> str:
    """The one sentence that answers."""
    match found.code:
        case "shown":
            return say("It is there, in place {place}.").format(place=found.place)
        case "unknown":
            return say("The catalogue of now doesn't hold it.")
        case "rule":
            return say("Line {line} of the rules excludes it: {rule}").format(
                line=found.line, rule=_rule_text(serving, found.line) or ""
            )
        case "cap":
            return say("Line {line} of the rules allows no more of its sort: {rule}").format(
                line=found.line, rule=_rule_text(serving, found.line) or ""
            )
        case "never_bought":
            return say("They never bought it, and this list holds own purchases alone.")
        case "not_due":
            return say(
                "They bought it, but it isn't due: too lately, or once only and not in a category that is bought again."
            )
        case "no_source":
            return say(
                "No source proposes it for this person: nothing they did, and nothing that is popular, leads there."
            )
        case "ranked_below":
            if found.place is not None:
                return say("Others suit better: it would stand in place {place}.").format(place=found.place)
            return say("Others suit better.")
        case code:
            return say("A filter takes it out: {filter}.").format(filter=filter_words(say).get(code, code))
