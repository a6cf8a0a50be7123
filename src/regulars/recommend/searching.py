"""A search as a decision: what the finder found, moved and narrowed by the shop's rules, with the account of it kept like any list's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import uuid_utils

from regulars.errors import InvalidInput
from regulars.language.translations import best_locale, say_in
from regulars.recommend.described import described
from regulars.recommend.finder import Facet, Finder, Leaning, Results, narrowed
from regulars.recommend.history import History
from regulars.recommend.items import Item
from regulars.recommend.reasons import sentence
from regulars.recommend.ruled import ruled
from regulars.recommend.rules.book import Steering
from regulars.recommend.service import steering_for
from regulars.recommend.serving import Serving
from regulars.recommend.slate import Moved, Slate
from regulars.recommend.thesaurus import thesaurus_of
from regulars.recommend.tracing import add_moves
from regulars.schema import Action, Decision, Reason
from regulars.store.people import Person

MAX_FOUND = 1_000
"""Results that can be leafed through; nobody goes further."""
MOST_A_PAGE = 100
KINDS_READ = 30  # latest things of a history that say which categories a person likes


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for. narrowed: values by facet. offset: where the page begins. surface: the place whose rules apply."""

    query: str
    n: int = 24
    offset: int = 0
    narrowed: Mapping[str, str] = field(default_factory=dict)
    personal: bool = True
    surface: str = "search"


@dataclass(frozen=True, slots=True)
class Answer:
    """decision: the page that is shown. total: of all pages. facets: of what is left."""

    decision: Decision
    results: Results
    items: list[Item]
    total: int
    facets: list[Facet]


def search(serving: Serving, finder: Finder, asked: Search, person: Person, now: float | None = None) -> Answer:
    """One page of results, rules applied. Raises: InvalidInput for a page that can't be."""
    if not 1 <= asked.n <= MOST_A_PAGE:
        raise InvalidInput(f"n is {asked.n}; a page has 1 to {MOST_A_PAGE} products.", field="n")
    if asked.offset < 0:
        raise InvalidInput("offset is below 0.", field="offset")
    began = time.perf_counter()
    now = time.time() if now is None else now
    decision_id = UUID(bytes=uuid_utils.uuid7().bytes)
    catalogue = serving.catalogue
    history = History.of(person, catalogue, now)
    steering = steering_for(serving, serving.surfaces[asked.surface], person, history, now, None)
    own_words = thesaurus_of(tuple(map(tuple, serving.settings.synonyms)))
    results = finder.find(asked.query, _leaning(history, catalogue.kinds) if asked.personal else None, own_words)
    found_ms = (time.perf_counter() - began) * 1_000
    everything, slate = ruled(serving, results.items, steering)
    if asked.narrowed:
        everything = narrowed(everything, asked.narrowed)
    facets = finder.facets(everything[:MAX_FOUND])
    everything = everything[:MAX_FOUND]
    page = everything[asked.offset : asked.offset + asked.n]
    by = {item.product_id: how for item, how in zip(results.items, results.by, strict=True)}
    actions = tuple(
        Action(
            item.product_id,
            asked.offset + place,
            0.0,
            None,
            by.get(item.product_id, "rule"),
            Reason(
                {"meaning": "found_meaning"}.get(by.get(item.product_id, ""), "found_words")
                if item.product_id in by
                else "pinned"
            ),
        )
        for place, item in enumerate(page)
    )
    decision = Decision(
        decision_id=decision_id,
        at=datetime.fromtimestamp(now, UTC),
        surface=asked.surface,
        customer_id=person.customer_id,
        visitor_id=person.visitor_id,
        context_product_id=None,
        mode="search",
        model_version=None,
        policy="rank",
        seed=0,
        arm=None,
        actions=actions,
        timings_ms={"find": round(found_ms, 3), "rules": round((time.perf_counter() - began) * 1_000 - found_ms, 3)},
        trace=_trace(serving, asked, results, person, history, steering, slate, len(everything)),
    )
    return Answer(decision, results, page, len(everything), facets)


def _leaning(history: History, kinds: Any) -> Leaning:
    """Shares of the categories among the latest things they did."""
    own = kinds[history.items[-KINDS_READ:]]
    own = own[own >= 0]
    if not len(own):
        return Leaning()
    values, counts = np.unique(own, return_counts=True)
    return Leaning(dict(zip(values.tolist(), (counts / counts.sum()).tolist(), strict=True)))


def _trace(
    serving: Serving,
    asked: Search,
    results: Results,
    person: Person,
    history: History,
    steering: Steering,
    slate: Slate,
    total: int,
) -> dict[str, Any]:
    """In the form of every list's trace, so that all pages can show it. Of who refused to be remembered no word is kept."""
    trace: dict[str, Any] = {
        "request": {
            "surface": asked.surface,
            "n": asked.n,
            "exclude": [],
            "wishes": {"min_price": results.asked.least, "max_price": results.asked.most},
        },
        "history": {"products": [], "types": [], "days_ago": [], "unknown": history.unknown},
        "sources": {how: results.by.count(how) for how in dict.fromkeys(results.by)},
        "filters": {"rule": sum(count for _, _, count in steering.by_line)} if steering.by_line else {},
        "removed": [],
        "candidates": {
            "count": total,
            "products": [],
            "scores": [],
            "features": [],
            "ranks": [],
            "feature_names": [],
            "source_names": [],
        },
        "weights": {},
    }
    if person.refused:
        trace["consent"] = "refused"
    else:
        trace["request"] |= {"query": asked.query[:200], "narrowed": dict(asked.narrowed)}
        trace["taken"] = dict(results.taken)
    add_moves(trace, serving.catalogue, steering, Moved(), slate)
    return trace


def answer_told(answer: Answer, locale: str | None = None) -> dict[str, Any]:
    """A page of results for JSON."""
    say = say_in(best_locale(locale))
    results = answer.results
    return {
        "decision_id": str(answer.decision.decision_id),
        "total": answer.total,
        "items": [
            {
                **described(item, locale),
                "position": action.position,
                "in_stock": item.in_stock,
                "found_by": action.source,
                "reason": {"code": action.reason.code, "text": sentence(say, action.reason.code, {}, lambda _: "")},
            }
            for item, action in zip(answer.items, answer.decision.actions, strict=True)
        ],
        "facets": [
            {"name": facet.name, "values": [{"value": value, "count": count} for value, count in facet.values]}
            for facet in answer.facets
        ],
        "read_as": {
            "words": results.asked.words,
            "min_price": results.asked.least,
            "max_price": results.asked.most,
            "instead": dict(results.taken),
            "all_words": results.whole,
            "by_meaning": results.semantic,
        },
    }
