"""Search on the demo shop's catalogue: 503 judged queries in two languages, ours beside PostgreSQL's full text and vectors alone.

The queries (queries.json) were written from the catalogue, apart from the search and before it; half of each sort ("dev") may be looked at while
building, the other half ("scored") is asked here. A query's own words say what is right: 3 for a product of the wanted kind that holds all
that is asked of it, 1 for its near relations. NDCG@10 with gains of 2^grade − 1.
"""

from __future__ import annotations

import json
import math
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from regulars.demo.catalogue import Item, by_id, items
from regulars.language.sentence_vectors import sentence_encoder
from regulars.recommend.finder import finder_of
from regulars.recommend.metrics import paired_bootstrap
from regulars.recommend.search import index_of
from regulars.recommend.serving import Serving
from regulars.shop import Shop

QUERIES = Path(__file__).parent / "queries.json"
TEN = 10
Find = Callable[[str], Sequence[str]]


@cache
def queries(part: str) -> list[dict[str, Any]]:
    """The judged queries of a part: dev or scored."""
    return [one for one in json.loads(QUERIES.read_text(encoding="utf-8"))["queries"] if one["part"] == part]


def grades(want: dict[str, Any]) -> dict[str, int]:
    """{product id: 3 or 1} of what answers."""
    out = {}
    kinds = set(want.get("kinds", ()))
    constrained = any(name in want for name in ("colours", "facets", "collections", "brands", "authors", "max_price"))
    for item in items():
        fits = (not kinds or item.kind.key in kinds) and _holds(item, want)
        if item.id in want.get("ids", ()) or ((kinds or constrained) and fits):
            out[item.id] = 3
        elif item.kind.key in kinds or item.kind.key in want.get("also_kinds", ()):
            out[item.id] = 1
    return out


def _holds(item: Item, want: dict[str, Any]) -> bool:
    book = bool(item.kind.titles)
    facet = item.facet[0].lstrip("=")
    author = item.record(_DAY)["attributes"].get("author")
    tests: dict[str, Callable[[Any], bool]] = {
        "colours": lambda wanted: not book and item.collection.colour[0] in wanted,
        "facets": lambda wanted: facet in wanted,
        "collections": lambda wanted: not book and item.collection.key in wanted,
        "brands": lambda wanted: item.brand in wanted,
        "authors": lambda wanted: author in wanted,
        "max_price": lambda wanted: min(choice.price for choice in item.choices) <= wanted,
    }
    return all(test(want[name]) for name, test in tests.items() if name in want)


def _day() -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 1, 1, tzinfo=UTC)


_DAY = _day()


def ndcg(found: Sequence[str], graded: dict[str, int]) -> float:
    """NDCG@10 with gains of 2^grade − 1."""
    gains = [2 ** graded.get(one, 0) - 1 for one in found[:TEN]]
    best = sorted((2**grade - 1 for grade in graded.values()), reverse=True)[:TEN]
    return _dcg(gains) / _dcg(best)


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def judged(find: Find, part: str) -> list[float]:
    """NDCG@10 of each query."""
    return [ndcg(find(one["query"]), grades(one["want"])) for one in queries(part)]


def by(scores: Sequence[float], part: str, name: str) -> dict[str, float]:
    """Means by a field of the queries."""
    found: dict[str, list[float]] = defaultdict(list)
    for one, score in zip(queries(part), scores, strict=True):
        found[one[name]].append(score)
    return {key: statistics.mean(values) for key, values in found.items()}


def lexical(serving: Serving) -> Find:
    """Words alone, as the search was before."""
    index = index_of(serving.catalogue)
    return lambda query: [item.names[0][1] for item in index.find(query).items[:TEN]]


def ours(serving: Serving) -> Find:
    """The search as it serves."""
    finder = finder_of(serving.catalogue, wait=True)
    return lambda query: [item.names[0][1] for item in finder.find(query).items[:TEN]]


def vectors(part_of: Sequence[Item]) -> Find:
    """The bundled multilingual sentence encoder alone: the query against title and description in the nearer language."""
    encoder = sentence_encoder()
    rows = [
        encoder.encode([f"{item.title[language]}. {item.record(_DAY)['description'][language]}" for item in part_of])
        for language in ("en", "zh")
    ]

    def find(query: str) -> list[str]:
        asked = encoder.encode([query])[0]
        near = np.maximum(rows[0] @ asked, rows[1] @ asked)
        return [part_of[place].id for place in np.argsort(-near, kind="stable")[:TEN].tolist()]

    return find


def full_text(shop: Shop) -> Find:
    """PostgreSQL's own: English stemming and whole words, all of the query first, then any of it."""
    with shop.database.connect() as connection:
        connection.execute(
            "CREATE TEMP TABLE asked AS SELECT p.product_id, x.value AS id,"
            " setweight(to_tsvector('english', coalesce(p.texts->'en'->>'title', '')), 'A')"
            " || setweight(to_tsvector('simple', coalesce(p.texts->'zh'->>'title', '')), 'A')"
            " || setweight(to_tsvector('english', array_to_string(p.category, ' ') || ' ' || coalesce(p.brand, '')), 'B')"
            " || setweight(to_tsvector('english', p.attributes::text), 'C')"
            " || setweight(to_tsvector('english', coalesce(p.texts->'en'->>'description', '')), 'D')"
            " || setweight(to_tsvector('simple', coalesce(p.texts->'zh'->>'description', '')), 'D') AS words"
            " FROM products p JOIN external_ids x ON x.kind = 'product' AND x.namespace = 'shop' AND x.id = p.product_id"
        )
        rows = connection.execute("SELECT id, words::text AS words FROM asked").fetchall()
    kept = [(row["id"], row["words"]) for row in rows]

    def find(query: str) -> list[str]:
        with shop.database.connect() as connection:
            for made in (
                "websearch_to_tsquery('english', %s)",
                "replace(plainto_tsquery('english', %s)::text, '&', '|')::tsquery",
            ):
                found = connection.execute(
                    f"WITH q AS (SELECT {made} AS q), t AS (SELECT * FROM unnest(%s::text[], %s::text[]) AS t (id, words))"
                    " SELECT id FROM t, q WHERE words::tsvector @@ q.q ORDER BY ts_rank(words::tsvector, q.q) DESC, id LIMIT 10",
                    (query, [one for one, _ in kept], [words for _, words in kept]),
                ).fetchall()
                if found:
                    return [row["id"] for row in found]
        return []

    return find


def measure(shop: Shop, seed: int) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """search_ndcg_at_10 with its intervals over the peers, and the time of a query."""
    serving = shop.live.serving()
    assert set(by_id()) == {item.names[0][1] for item in serving.catalogue.items if item is not None}
    own = ours(serving)
    began = time.monotonic()
    mine = judged(own, "scored")
    print(f"{len(mine)} queries in {time.monotonic() - began:.1f} s", flush=True)
    milliseconds = []
    for one in queries("scored"):
        started = time.perf_counter()
        own(one["query"])
        milliseconds.append((time.perf_counter() - started) * 1_000)
    figures = {
        "search_ndcg_at_10": statistics.mean(mine),
        "search_queries": float(len(mine)),
        "search_p50_ms": float(np.percentile(milliseconds, 50)),
        "search_p95_ms": float(np.percentile(milliseconds, 95)),
        "search_nothing_right": sum(score == 0 for score in mine) / len(mine),
    }
    peers = {}
    for name, find in {
        "words alone": lexical(serving),
        "PostgreSQL full text": full_text(shop),
        "vectors alone": vectors(items()),
    }.items():
        theirs = judged(find, "scored")
        gain = paired_bootstrap(np.array(theirs), np.array(mine), seed=seed)
        print(f"NDCG@10 over {name}: {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]")
        peers[name] = {
            "search_ndcg_at_10": statistics.mean(theirs),
            "search_nothing_right": sum(score == 0 for score in theirs) / len(theirs),
        }
        for field in ("language", "sort"):
            peers[name] |= {f"search_{key}": value for key, value in by(theirs, "scored", field).items()}
    for field in ("language", "sort"):
        figures |= {f"search_{key}": value for key, value in by(mine, "scored", field).items()}
    return figures, peers
