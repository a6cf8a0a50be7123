"""A decision made readable: names for ids, sentences for codes. For "Why this list?", the API and the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regulars.language.translations import best_locale, say_in
from regulars.recommend.reasons import sentence
from regulars.recommend.service import Serving
from regulars.store.database import Row


def _rules(
    serving: Serving, rules: dict[str, Any] | None, product: Callable[[int], dict[str, Any]]
) -> dict[str, Any] | None:
    """What the shop's rules did, with their texts as far as they are still in force."""
    if not rules:
        return None
    book = serving.rules
    texts = book.text_of if book is not None and book.version == rules["version"] else {}
    return {
        "version": rules["version"],
        "excluding": [{"line": line, "rule": texts.get(line), "products": count} for line, count in rules["excluding"]],
        "moving": [{"line": line, "rule": texts.get(line), "factor": factor} for line, factor in rules["moving"]],
        "moved": [{**product(one), "lines": lines} for one, lines in rules["moved"]],
        "pinned": [{**product(one), "line": line} for one, line in rules["pinned"]],
        "unpinned": [{**product(one), "line": line, "filter": why} for one, line, why in rules["unpinned"]],
        "capped": [{**product(one), "line": line} for one, line in rules["capped"]],
    }


def explain(
    serving: Serving,
    row: Row,
    outcomes: list[Row],
    locale: str | None = None,
    label: Callable[[str], str] = str,
) -> dict[str, Any]:
    """Everything kept of a decision, as JSON-ready data. Without its trace (after 30 days) the slim part remains.

    label: a category as this language says it.
    """
    say = say_in(best_locale(locale))

    def title(product_id: int) -> str:
        item = serving.item(product_id)
        return item.title(locale) if item else ""

    def product(product_id: int) -> dict[str, Any]:
        item = serving.item(product_id)
        return {"product": item.names[0][1] if item and item.names else None, "title": title(product_id)}

    shown = []
    for position, product_id in enumerate(row["product_ids"]):
        reason = dict(row["reasons"][position])
        code = str(reason.pop("code"))
        shown.append(
            {
                **product(product_id),
                "position": position,
                "score": row["scores"][position],
                "propensity": row["propensities"][position],
                "source": row["sources"][position],
                "reason": {"code": code, "text": sentence(say, code, reason, title, label)},
            }
        )
    out: dict[str, Any] = {
        "decision_id": str(row["decision_id"]),
        "at": row["at"].isoformat(),
        "surface": row["surface"],
        "mode": row["mode"],
        "model_version": row["model_version"],
        "policy": row["policy"],
        "seed": row["seed"],
        "arm": row["arm"],
        "items": shown,
        "timings_ms": row["timings_ms"],
        "outcomes": [
            {
                "type": outcome["type"],
                "at": outcome["occurred_at"].isoformat(),
                "position": outcome["position"],
                **(product(outcome["product_id"]) if outcome["product_id"] is not None else {}),
            }
            for outcome in outcomes
        ],
        "trace": None,
    }
    if row["context_product_id"] is not None:
        out["context"] = product(row["context_product_id"])
    trace = row["trace"]
    if trace is not None:
        candidates = trace["candidates"]
        out["trace"] = {
            "request": {**trace["request"], "exclude": [product(one) for one in trace["request"]["exclude"]]},
            "note": trace.get("note"),
            "consent": trace.get("consent"),
            "short": trace.get("short"),
            "context": trace.get("context"),
            "put_off_for_variety": trace.get("put_off_for_variety", 0),
            "history": [
                {**product(product_id), "type": kind, "days_ago": days}
                for product_id, kind, days in zip(
                    trace["history"]["products"], trace["history"]["types"], trace["history"]["days_ago"], strict=True
                )
            ],
            "unknown_products_in_history": trace["history"]["unknown"],
            "sources": trace["sources"],
            "weights": trace["weights"],
            "filters": trace["filters"],
            "removed": [
                {
                    **product(product_id),
                    "filter": code.split(":")[0],
                    **({"line": int(code[5:])} if code.startswith("rule:") else {}),
                }
                for product_id, code in trace["removed"]
            ],
            "rules": _rules(serving, trace.get("rules"), product),
            "query": trace["request"].get("query"),
            "instead": trace.get("taken") or {},
            "candidates": {
                "count": candidates["count"],
                "feature_names": candidates["feature_names"],
                "source_names": candidates["source_names"],
                "rows": [
                    {
                        **product(product_id),
                        "score": score,
                        "features": dict(zip(candidates["feature_names"], features, strict=True)),
                        "ranks": {
                            name: rank
                            for name, rank in zip(candidates["source_names"], ranks, strict=True)
                            if rank >= 0
                        },
                        # What each source adds to the blended score, and what moved it afterwards.
                        "adds": {
                            name: round(float(trace["weights"].get(name, 0.0)) * float(value), 4)
                            for name, value in zip(candidates["feature_names"], features, strict=True)
                            if trace["weights"].get(name)
                        },
                        "moved": {
                            name: float(column[row])
                            for name, column in candidates.get("moved", {}).items()
                            if column[row]
                        },
                    }
                    for row, (product_id, score, features, ranks) in enumerate(
                        zip(
                            candidates["products"],
                            candidates["scores"],
                            candidates["features"],
                            candidates["ranks"],
                            strict=True,
                        )
                    )
                ],
            },
        }
    return out
