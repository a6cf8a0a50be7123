"""A decision on a console page: what was chosen, from what, what was taken away, how long it took, what came of it."""

from __future__ import annotations

from typing import Any

from regulars.desk import parts
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.recommend.words import arrival_words, event_words, filter_words, source_words, step_words
from regulars.schema import EventType


def explained(visit: Visit, told: dict[str, Any], *, with_items: bool = False) -> Markup:
    """told: what `explain` gives. with_items: the list itself too."""
    pieces: list[Markup | None] = [_how(visit, told)]
    if with_items:
        pieces.append(_items(visit, told))
    trace = told["trace"]
    if trace is None:
        pieces.append(tag("p", visit.say("The full account is kept for 30 days and gone by now."), class_="empty"))
    else:
        pieces += [
            _warnings(visit, trace),
            _looked_at(visit, trace),
            _arrival(visit, trace),
            _sources(visit, trace),
            _filters(visit, trace),
            _rules(visit, trace),
            _sums(visit, told),
            _candidates(visit, trace),
        ]
    pieces += [_times(visit, told), _outcomes(visit, told)]
    about = (visit.say("List"), told["decision_id"], "·", visit.say("seed"), told["seed"])
    pieces.append(tag("p", " ".join(map(str, about)), class_="soft"))
    return joined(pieces)


def _how(visit: Visit, told: dict[str, Any]) -> Markup:
    if told["mode"] == "trained":
        text = visit.say("Made by the trained model {version}.", version=told["model_version"])
    elif told["mode"] == "starter":
        text = visit.say("Made from counts and words: no model has been trained yet.")
    elif told["mode"] == "search":
        query = (told["trace"] or {}).get("query") or ""
        text = visit.say("It answers a search for “{query}”.", query=query)
    else:
        text = visit.say("The newest products: there is nothing to learn from yet.")
    context = told.get("context")
    beside = visit.say("It stood beside {product}.", product=context["title"]) if context else ""
    return tag("p", text, " ", beside)


def _items(visit: Visit, told: dict[str, Any]) -> Markup:
    say = visit.say
    sources = source_words(say)
    rows = [
        [
            item["position"] + 1,
            item["title"] or item["product"] or "–",
            item["reason"]["text"],
            sources.get(item["source"], item["source"]),
            visit.number(item["score"], 2),
            "" if item["propensity"] is None else visit.percent(item["propensity"], 0),
        ]
        for item in told["items"]
    ]
    heads = [say("Place"), say("Product"), say("Reason"), say("Found by"), say("Score"), say("Chance")]
    note = say("Chance: how likely a product drawn at random was to be drawn. Empty where nothing was random.")
    shown = parts.table(heads, rows, numbers=[0, 4, 5], caption=say("What is shown"))
    return parts.section(say("What is shown"), shown, tag("p", note, class_="soft"))


def _warnings(visit: Visit, trace: dict[str, Any]) -> Markup | None:
    told = []
    if trace["note"]:
        told.append(tag("p", trace["note"], class_="attention"))
    short = trace["short"]
    if short:
        left = visit.say("{wanted} were asked for; the filters left {left}.")
        text = left.format(wanted=short["wanted"], left=short["left_after_filters"])
        told.append(tag("p", text, class_="attention"))
    return joined(told) if told else None


def _looked_at(visit: Visit, trace: dict[str, Any]) -> Markup:
    did = event_words(visit.say)
    rows = [
        [one["title"] or "–", did.get(one["type"], one["type"]), visit.number(one["days_ago"], 1)]
        for one in reversed(trace["history"][-10:])
    ]
    heads = [visit.say("Product"), visit.say("What they did"), visit.say("Days ago")]
    nothing = visit.say("Nothing yet: to the shop this is a stranger.")
    called = visit.say("What it looked at")
    return parts.section(called, parts.table(heads, rows, numbers=[2], caption=called, empty=nothing))


def _arrival(visit: Visit, trace: dict[str, Any]) -> Markup | None:
    if not trace.get("context"):
        return None
    told = arrival_words(visit.say, trace["context"])
    rows = [[name, value, visit.number(count)] for name, value, count in told]
    called = visit.say("How they came")
    heads = [visit.say("What"), visit.say("Which"), visit.say("Counted choices of others")]
    note = visit.say("Its weight in this list: {weight}.", weight=visit.number(trace["context"]["weight"], 2))
    return parts.section(called, parts.table(heads, rows, numbers=[2], caption=called), note=note)


def _sources(visit: Visit, trace: dict[str, Any]) -> Markup:
    called = source_words(visit.say)
    rows = [
        [called.get(name, name), visit.number(count), visit.number(trace["weights"].get(name), 2)]
        for name, count in trace["sources"].items()
    ]
    heads = [visit.say("Source"), visit.say("Candidates"), visit.say("Weight")]
    title = visit.say("Where the candidates came from")
    return parts.section(title, parts.table(heads, rows, numbers=[1, 2], caption=title, empty=visit.say("Nothing.")))


def _filters(visit: Visit, trace: dict[str, Any]) -> Markup:
    called = filter_words(visit.say)
    rows = [[called.get(code, code), visit.number(count)] for code, count in trace["filters"].items() if count]
    title = visit.say("What the filters took away")
    heads = [visit.say("Filter"), visit.say("Products")]
    shown = parts.table(heads, rows, numbers=[1], caption=title, empty=visit.say("Nothing."))
    removed = None
    if trace["removed"]:
        lines = [
            tag("li", one["title"] or "–", " ", tag("small", called.get(one["filter"], one["filter"])))
            for one in trace["removed"]
        ]
        summary = visit.say("Good candidates that were left out, and why") + f" ({len(lines)})"
        removed = parts.details(summary, tag("ul", *lines))
    return parts.section(title, shown, removed)


def _rules(visit: Visit, trace: dict[str, Any]) -> Markup | None:
    """What the shop's rules did to this list."""
    rules = trace.get("rules")
    if not rules:
        return None
    say = visit.say

    def text(one: dict[str, Any]) -> Markup:
        return joined(
            [say("Line {line}", line=one["line"]), ": ", tag("code", one["rule"] or say("not in force any more"))]
        )

    lines = [
        tag(
            "li",
            text(one),
            " ",
            tag("small", visit.many("took out {count} product", "took out {count} products", one["products"])),
        )
        for one in rules["excluding"]
    ]
    lines += [tag("li", text(one), " ", tag("small", f"× {visit.number(one['factor'], 2)}")) for one in rules["moving"]]
    lines += [
        tag("li", say("Line {line}", line=one["line"]), ": ", say("pinned {product}", product=one["title"] or "–"))
        for one in rules["pinned"]
    ]
    lines += [
        tag(
            "li",
            say("Line {line}", line=one["line"]),
            ": ",
            say("{product} couldn't be pinned", product=one["title"] or "–"),
            " ",
            tag("small", one["filter"]),
        )
        for one in rules["unpinned"]
    ]
    lines += [
        tag("li", say("Line {line}", line=one["line"]), ": ", say("no room for {product}", product=one["title"] or "–"))
        for one in rules["capped"][:20]
    ]
    title = say("What the rules did")
    if not lines:
        return None
    return parts.section(title, tag("ul", *lines), note=say("Rules of version {version}.", version=rules["version"]))


def _sums(visit: Visit, told: dict[str, Any]) -> Markup | None:
    """What adds up to the score of each product that is shown."""
    say = visit.say
    called = source_words(say)
    after = {"rules": say("rules"), "tired": say("shown often"), "return": say("for coming back")}
    by_product = {one["product"]: one for one in told["trace"]["candidates"]["rows"]}
    rows = []
    for item in told["items"]:
        found = by_product.get(item["product"])
        if found is None or not found["adds"]:
            continue
        adds = sorted(found["adds"].items(), key=lambda pair: -abs(pair[1]))
        sums = [f"{called.get(name, name)} {value:+.2f}" for name, value in adds if abs(value) >= 0.005]
        sums += [f"{after.get(name, name)} {value:+.2f}" for name, value in found["moved"].items()]
        rows.append([item["position"] + 1, item["title"] or "–", ", ".join(sums)])
    if not rows:
        return None
    title = say("What adds up")
    note = say(
        "Each source's weight times what it says; a ranker, where one serves, puts the best hundred of that sum in its own order; then what moved them."
    )
    shown = parts.table([say("Place"), say("Product"), say("Adds")], rows, numbers=[0], caption=title)
    return parts.section(title, parts.details(title, shown), note=note)


def _candidates(visit: Visit, trace: dict[str, Any]) -> Markup:
    found = trace["candidates"]
    called = source_words(visit.say)
    title = visit.say("Candidates and their scores")

    def cell(one: dict[str, Any], name: str) -> Markup:
        rank = tag("small", f"#{one['ranks'][name] + 1}") if name in one["ranks"] else None
        return joined([visit.number(one["features"][name], 2), rank])

    rows = [
        [
            place,
            one["title"] or "–",
            visit.number(one["score"], 2),
            *(cell(one, name) for name in found["feature_names"]),
        ]
        for place, one in enumerate(found["rows"], start=1)
    ]
    heads = [visit.say("Place"), visit.say("Product"), visit.say("Score")]
    heads += [called.get(name, name) for name in found["feature_names"]]
    numbers = [0, *range(2, len(heads))]
    nothing = visit.say("None: no source had anything to say, so the newest products stand here.")
    shown = parts.table(heads, rows, numbers=numbers, caption=title, empty=nothing)
    note = visit.say(
        "{count} in all. # is the place that the source gave the product.", count=visit.number(found["count"])
    )
    return parts.section(title, parts.details(visit.say("The best {count}", count=len(rows)), shown), note=note)


def _times(visit: Visit, told: dict[str, Any]) -> Markup:
    called = step_words(visit.say)
    rows = [[called.get(step, step), visit.number(ms, 2)] for step, ms in told["timings_ms"].items()]
    rows.append([tag("b", visit.say("In all")), tag("b", visit.number(sum(told["timings_ms"].values()), 2))])
    title = visit.say("How long it took")
    heads = [visit.say("Step"), visit.say("Milliseconds")]
    return parts.section(title, parts.table(heads, rows, numbers=[1], caption=title))


def _outcomes(visit: Visit, told: dict[str, Any]) -> Markup | None:
    if not told["outcomes"]:
        return None
    did = event_words(visit.say)
    lines = [
        tag("li", did.get(one["type"], one["type"]), ": ", one.get("title") or "–")
        for one in told["outcomes"]
        if one["type"] != EventType.IMPRESSION
    ]
    count = visit.say("{count} events name this list.", count=visit.number(len(told["outcomes"])))
    return parts.section(visit.say("What came of it"), tag("p", count), tag("ul", *lines) if lines else None)
