"""What is odd about a book of rules: contradictions, names that nothing has, rules that can't do anything. Found before it serves.

A finding is a code with arguments; it is said in the reader's language when shown.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np

from regulars.language.translations import Say
from regulars.recommend.catalogue import Catalogue, named
from regulars.recommend.rules.book import Compiled, RuleBook
from regulars.recommend.rules.completion import Names, names_of
from regulars.recommend.rules.language import NUMBERS, Rule

Level = Literal["contradiction", "hint"]


@dataclass(frozen=True, slots=True)
class Finding:
    """lines: of the rules that it is about, the first one first."""

    level: Level
    code: str
    lines: tuple[int, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)


def check(book: RuleBook, catalogue: Catalogue, surfaces: Iterable[str], now: float) -> list[Finding]:
    """All that is odd, by line. now: epoch seconds."""
    live = [one for one in book.compiled if not one.rule.off]
    found = [finding for one in live for finding in _alone(one, catalogue, book, now)]
    names = names_of(catalogue)
    found += [finding for one in live for finding in _unknown(one.rule, catalogue, names)]
    unnamed = {finding.lines[0] for finding in found if finding.code == "unknown_name"}
    found = [finding for finding in found if finding.code != "hits_nothing" or finding.lines[0] not in unnamed]
    lasting = [one for one in live if one.rule.ends is None or one.rule.ends.timestamp() > now]
    found += _pairs(lasting)
    found += _nothing_left(lasting, catalogue, surfaces)
    found += _crowded(lasting)
    return sorted(found, key=lambda finding: (finding.lines, finding.code))


def _alone(one: Compiled, catalogue: Catalogue, book: RuleBook, now: float) -> Iterable[Finding]:
    rule = one.rule
    if rule.ends is not None and rule.ends.timestamp() <= now:
        yield Finding("hint", "over", (rule.line,))
    if rule.action == "pin":
        if one.item is not None and not catalogue.for_sale[one.item]:
            yield Finding("hint", "not_for_sale", (rule.line,))
        elif one.item is not None and not catalogue.in_stock[one.item]:
            yield Finding("hint", "out_of_stock", (rule.line,))
    elif not one.mask.any() or (rule.after is not None and one.after is not None and not one.after.any()):
        yield Finding("hint", "hits_nothing", (rule.line,))
    if rule.compatible:
        links = book.links
        fitting = links is not None and any(
            len(links.near(int(item), "compatible_with")) for item in np.flatnonzero(one.mask)
        )
        if not fitting:
            yield Finding("hint", "nothing_fits", (rule.line,))


def _unknown(rule: Rule, catalogue: Catalogue, names: Names) -> Iterable[Finding]:
    """Names that nothing in the catalogue has."""
    attributes = {name.casefold(): name for name in names.values}
    for test in (*rule.tests, *(rule.after.tests if rule.after is not None else ())):
        there: Sequence[str]
        known: Callable[[str], bool]
        match test.field:
            case "product":
                there, known = names.products, partial(_is_product, catalogue)
            case "category":
                there, known = names.categories, partial(_is_category, catalogue)
            case "brand":
                there, known = names.brands, partial(_is_brand, catalogue)
            case attribute if attribute not in NUMBERS:
                if attribute.casefold() not in attributes:
                    near = difflib.get_close_matches(
                        attribute.casefold(), [*attributes, *NUMBERS, "brand", "category"], 1
                    )
                    yield _unnamed(rule, attribute, [attributes.get(near[0], near[0])] if near else [])
                    continue
                there = names.values[attributes[attribute.casefold()]]
                known = partial(_is_among, {value.casefold() for value in there})
            case _:
                continue
        for value in test.values:
            if isinstance(value, str) and not known(value):
                yield _unnamed(rule, value, difflib.get_close_matches(value, there, 1, 0.7))
    if rule.each is not None and rule.each not in ("brand", "category") and rule.each.casefold() not in attributes:
        yield _unnamed(rule, rule.each, difflib.get_close_matches(rule.each.casefold(), list(attributes), 1))


def _is_product(catalogue: Catalogue, name: str) -> bool:
    return named(catalogue, name) is not None


def _is_category(catalogue: Catalogue, name: str) -> bool:
    return bool(catalogue.in_category(name).any())


def _is_brand(catalogue: Catalogue, name: str) -> bool:
    return bool(catalogue.of_brand(name).any())


def _is_among(folded: Set[str], name: str) -> bool:
    return name.casefold() in folded


def _unnamed(rule: Rule, name: str, near: Sequence[str]) -> Finding:
    return Finding("hint", "unknown_name", (rule.line,), {"name": name, "near": near[0] if near else ""})


def overlap(one: Rule, other: Rule) -> bool:
    """Whether there can be a request on which both act."""
    if one.surfaces and other.surfaces and not set(one.surfaces) & set(other.surfaces):
        return False
    if one.segments and other.segments and not set(one.segments) & set(other.segments):
        return False
    starts = max((rule.starts.timestamp() for rule in (one, other) if rule.starts is not None), default=-np.inf)
    ends = min((rule.ends.timestamp() for rule in (one, other) if rule.ends is not None), default=np.inf)
    return bool(starts < ends)


def inside(one: Rule, other: Rule) -> bool:
    """Whether the other acts on every request on which this one does."""
    if other.after is not None or other.compatible:
        return False
    for own, its in ((one.surfaces, other.surfaces), (one.segments, other.segments)):
        if its and (not own or not set(own) <= set(its)):
            return False
    begins = other.starts is None or (one.starts is not None and one.starts >= other.starts)
    return begins and (other.ends is None or (one.ends is not None and one.ends <= other.ends))


def _pairs(live: Sequence[Compiled]) -> Iterable[Finding]:
    excluding = [one for one in live if one.rule.action == "exclude" and not one.rule.compatible]
    for one in live:
        rule = one.rule
        for other in excluding:
            if other is one or not inside(rule, other.rule):
                continue
            if rule.action == "pin" and one.item is not None and other.mask[one.item]:
                yield Finding("contradiction", "pin_excluded", (rule.line, other.rule.line))
            elif rule.action != "pin" and one.mask.any() and not (one.mask & ~other.mask).any():
                same = rule.action == "exclude" and np.array_equal(one.mask, other.mask) and rule.line < other.rule.line
                if rule.action != "exclude" or not same:
                    yield Finding("hint", "moot", (rule.line, other.rule.line))
    moving = [one for one in live if one.rule.action in ("boost", "bury") and one.rule.after is None and one.mask.any()]
    seen: dict[bytes, list[Compiled]] = {}
    for one in moving:
        for other in seen.get(one.mask.tobytes(), ()):
            if overlap(one.rule, other.rule):
                opposite = one.rule.action != other.rule.action
                level: Level = "contradiction" if opposite else "hint"
                yield Finding(level, "opposite" if opposite else "twice", (other.rule.line, one.rule.line))
        seen.setdefault(one.mask.tobytes(), []).append(one)
    pins = [one for one in live if one.rule.action == "pin" and one.item is not None]
    for number, one in enumerate(pins):
        for other in pins[:number]:
            if one.rule.place == other.rule.place and overlap(one.rule, other.rule):
                yield Finding(
                    "contradiction", "same_place", (other.rule.line, one.rule.line), {"place": one.rule.place + 1}
                )


def _nothing_left(live: Sequence[Compiled], catalogue: Catalogue, surfaces: Iterable[str]) -> Iterable[Finding]:
    buyable = catalogue.for_sale & catalogue.in_stock
    if not buyable.any():
        return
    told: set[tuple[int, ...]] = set()
    for surface in surfaces:
        left = buyable.copy()
        lines = []
        for one in live:
            rule = one.rule
            always = rule.after is None and not rule.compatible and not rule.segments
            if rule.action == "exclude" and always and rule.acts_on(surface) and (left & one.mask).any():
                left &= ~one.mask
                lines.append(rule.line)
        if lines and not left.any() and tuple(lines) not in told:
            told.add(tuple(lines))
            yield Finding("contradiction", "nothing_left", tuple(lines), {"surface": surface})


def _crowded(live: Sequence[Compiled]) -> Iterable[Finding]:
    """Pins that a cap doesn't leave room for."""
    for cap in live:
        if cap.rule.action != "cap":
            continue
        counts: dict[int, list[int]] = {}
        for pin in live:
            if pin.rule.action != "pin" or pin.item is None or not overlap(pin.rule, cap.rule):
                continue
            group = int(cap.groups[pin.item]) if cap.groups is not None else 0 if cap.mask[pin.item] else -1
            if group >= 0:
                counts.setdefault(group, []).append(pin.rule.line)
        for lines in counts.values():
            if len(lines) > cap.rule.most:
                yield Finding("contradiction", "crowded", (cap.rule.line, *lines), {"most": cap.rule.most})


_SENTENCES: dict[str, Callable[[Say], str]] = {
    "over": lambda say: say("Line {line}: its time is over."),
    "not_for_sale": lambda say: say("Line {line}: the product isn't for sale, so it isn't shown."),
    "out_of_stock": lambda say: say("Line {line}: the product is out of stock, so it isn't shown until there is some."),
    "hits_nothing": lambda say: say("Line {line}: no product fits it, so it does nothing."),
    "nothing_fits": lambda say: say("Line {line}: none of its products is linked as compatible with anything, so it counts for all of them. Link some first."),
    "unknown_name": lambda say: say("Line {line}: nothing is called {name}."),
    "unknown_name_near": lambda say: say("Line {line}: nothing is called {name}. Did you mean {near}?"),
    "pin_excluded": lambda say: say("Line {line} pins a product that line {other} excludes. The exclusion wins."),
    "moot": lambda say: say("Line {line} does nothing: line {other} excludes everything that it is about."),
    "opposite": lambda say: say("Lines {line} and {other} push the same products up and down."),
    "twice": lambda say: say("Lines {line} and {other} do the same to the same products; both count."),
    "same_place": lambda say: say("Lines {line} and {other} pin two products to place {place}. The first gets it, the second the next one."),
    "nothing_left": lambda say: say("Together with others, line {line} leaves no product on {surface} (lines {lines})."),
    "crowded": lambda say: say("Line {line} allows {most}, but more are pinned (lines {lines}). The cap wins."),
}  # fmt: skip


def sentence(say: Say, finding: Finding) -> str:
    """The finding in the reader's language."""
    code = finding.code
    if code == "unknown_name" and finding.arguments.get("near"):
        code = "unknown_name_near"
    others = finding.lines[1:]
    return _SENTENCES[code](say).format(
        line=finding.lines[0],
        other=others[0] if others else "",
        lines=", ".join(map(str, others if finding.code == "crowded" else finding.lines)),
        **{"name": "", "near": "", "place": "", "surface": "", "most": "", **finding.arguments},
    )
