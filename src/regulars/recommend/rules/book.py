"""Rules over one catalogue: each rule's products as a mask, and what acts for one request. Immutable; worked out once.

What is the same for many requests (a surface, a sort of person, a stretch of time) is combined once and kept: one mask, one column of
factors, a few pins and caps, however many rules there are. Only rules that ask what a person did (within … of, unless compatible) are
asked for each request, and those that act are added to it.
"""

from __future__ import annotations

import bisect
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.recommend.catalogue import Catalogue, named
from regulars.recommend.dataset import Float32, Int32, Int64
from regulars.recommend.links import Links
from regulars.recommend.rules.language import NUMBERS, Condition, Rule

Mask = npt.NDArray[np.bool_]
REGULAR_DAYS = 3  # who bought on as many days is a regular
MOST_PACKED = 20_000_000  # rules times products: beyond, masks are asked one by one
KEPT, KEPT_BYTES = 128, 60_000_000  # combinations of surface, person and time that are kept


@dataclass(frozen=True, slots=True)
class Who:
    """What a rule may ask of a person. items, ages, purchases: (h,) positions, days ago, and whether each was a purchase.

    ever_bought: whether they ever bought anything, however long ago. today: days since 1970, of now.
    """

    items: Int32
    ages: Float32
    purchases: Mask
    customer: bool = False
    ever_bought: bool = False
    today: float = 0.0

    @property
    def segments(self) -> tuple[str, ...]:
        """The sorts of people that they belong to."""
        found = ["customers" if self.customer else "visitors"]
        bought = self.ever_bought or bool(self.purchases.any())
        if not len(self.items) and not bought:
            found.append("newcomers")
        if bought:
            found.append("buyers")
        if len(np.unique(np.floor(self.today - self.ages[self.purchases].astype(np.float64)))) >= REGULAR_DAYS:
            found.append("regulars")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Pin:
    line: int
    item: int
    place: int


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` of a list stand in the mask; or, where groups is given, of each group number (−1: of none)."""

    line: int
    most: int
    mask: Mask | None = None
    groups: Int32 | None = None


@dataclass(frozen=True, slots=True)
class Bits:
    """Several masks over the products, a product's answers side by side: one read a product instead of one a mask."""

    packed: npt.NDArray[np.uint8]
    count: int

    @classmethod
    def pack(cls, masks: Sequence[Mask]) -> Bits | None:
        """None where there are none, or more than is worth packing."""
        if not masks or len(masks) * len(masks[0]) > MOST_PACKED:
            return None
        return cls(np.packbits(np.stack(masks, axis=1), axis=1), len(masks))

    def of(self, items: Int32 | Int64) -> Mask:
        """(m, count) of these items."""
        return np.unpackbits(self.packed[items], axis=1, count=self.count).view(np.bool_)


@dataclass(frozen=True)
class Steering:
    """What acts for one request. excluded: (n,) or None. factors: (n,) sums of logarithms, or None. by_line: the excluding rules' masks in order, and how many
    products each takes out. pushed: of the first rules of `moving`, which push each product.
    """

    version: int = 0
    excluded: Mask | None = None
    by_line: Sequence[tuple[int, Mask, int]] = ()
    factors: Float32 | None = None
    moving: Sequence[tuple[int, Mask, float]] = ()
    pins: Sequence[Pin] = ()
    caps: Sequence[Cap] = ()
    pushed: Bits | None = None

    def __bool__(self) -> bool:
        return bool(self.by_line or self.moving or self.pins or self.caps)

    def only_excluding(self) -> Steering:
        """Without what moves products: what a list drawn evenly obeys."""
        return replace(self, pins=(), moving=(), factors=None, pushed=None)

    def line_of(self, item: int) -> int | None:
        """The first rule that takes this item out."""
        return next((line for line, mask, _ in self.by_line if mask[item]), None)

    def pushing(self, items: Int64) -> list[list[int]]:
        """The lines of the rules that push each of these items, as `moving` has them."""
        known = 0 if self.pushed is None else self.pushed.count
        parts = [] if self.pushed is None else [self.pushed.of(items)]
        parts += [mask[items, None] for _, mask, _ in self.moving[known:]]
        if not parts:
            return [[] for _ in items]
        lines = [line for line, _, _ in self.moving]
        return [[lines[at] for at in np.flatnonzero(row).tolist()] for row in np.concatenate(parts, axis=1)]


NOTHING = Steering()


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule with its products. mask: (n,). after: those that a "within … of" asks for. groups: of "each"."""

    rule: Rule
    mask: Mask
    after: Mask | None = None
    groups: Int32 | None = None
    item: int | None = None
    count: int = 0

    @property
    def personal(self) -> bool:
        """Whether it takes more of a person than their segment to know if it acts."""
        return self.rule.after is not None or self.rule.compatible


class RuleBook:
    """All rules over one catalogue."""

    def __init__(self, version: int, rules: Sequence[Rule], catalogue: Catalogue, links: Links | None = None) -> None:
        self.version = version
        self.rules = tuple(rules)
        self.size = len(catalogue)
        self.links = links
        known = _Columns(catalogue)
        self.compiled = tuple(known.compiled(rule) for rule in rules)
        moments = {moment.timestamp() for rule in rules for moment in (rule.starts, rule.ends) if moment is not None}
        self._moments = sorted(moments)
        # What is older or newer from one day to the next has to be asked anew.
        self._aged = any(test.field == "age" for rule in rules for test in rule.tests)
        self._kept: dict[tuple[Any, ...], Steering] = {}
        self.text_of = {rule.line: rule.text for rule in rules}

    def __len__(self) -> int:
        return len(self.rules)

    @property
    def aged(self) -> bool:
        """Whether masks go stale by the mere passing of days."""
        return self._aged

    def acting(self, surface: str, who: Who, now: float, context: int | None = None) -> Steering:
        """What these rules do to one request. now: epoch seconds. context: position of the open product."""
        if not self.compiled:
            return NOTHING
        segments = who.segments
        key = (surface, segments, bisect.bisect_right(self._moments, now))
        shared = self._kept.get(key)
        if shared is None:
            live = [one for one in self.compiled if _acts(one.rule, surface, segments, now)]
            shared = self._combined([one for one in live if not one.personal])
            personal = tuple(one for one in live if one.personal)
            if len(self._kept) >= min(KEPT, KEPT_BYTES // max(5 * self.size, 1) + 1):
                self._kept.clear()
            parts = _fields(shared) | {"pushed": Bits.pack([mask for _, mask, _ in shared.moving])}
            self._kept[key] = shared = _Shared(**parts, personal=personal, after=_After.of(personal))
        assert isinstance(shared, _Shared)
        if not shared.personal:
            return shared
        own = [self._narrowed(one, who, context) for one in shared.met_by(who)]
        return shared if not own else self._added(shared, own)

    def _narrowed(self, one: Compiled, who: Who, context: int | None) -> Compiled:
        """A personal rule as it is for this person."""
        if not one.rule.compatible:
            return one
        left = one.mask & ~self._fitting(who, context)
        return replace(one, mask=left, count=int(np.count_nonzero(left)))

    def _fitting(self, who: Who, context: int | None) -> Mask:
        """What the shop says fits the open product or something they bought."""
        fitting = np.zeros(self.size, np.bool_)
        if self.links is not None:
            for anchor in [*([] if context is None else [context]), *who.items[who.purchases].tolist()]:
                fitting[self.links.near(anchor, "compatible_with")] = True
        return fitting

    def _combined(self, live: Sequence[Compiled]) -> Steering:
        return self._added(Steering(self.version), live)

    def _added(self, base: Steering, live: Sequence[Compiled]) -> Steering:
        """base with these rules besides. Masks that others hold are copied first."""
        excluded, factors = base.excluded, base.factors
        by_line, moving = list(base.by_line), list(base.moving)
        pins, caps = list(base.pins), list(base.caps)
        owned = False
        for one in live:
            rule = one.rule
            match rule.action:
                case "exclude":
                    excluded = one.mask.copy() if excluded is None else excluded | one.mask
                    by_line.append((rule.line, one.mask, one.count))
                case "boost" | "bury":
                    if factors is None or not owned:
                        factors, owned = (np.zeros(self.size, np.float32) if factors is None else factors.copy()), True
                    factors[one.mask] += np.float32(np.log(rule.factor))
                    moving.append((rule.line, one.mask, rule.factor))
                case "pin":
                    if one.item is not None:
                        pins.append(Pin(rule.line, one.item, rule.place))
                case "cap":
                    caps.append(Cap(rule.line, rule.most, None if rule.each else one.mask, one.groups))
        by_line.sort(key=lambda one: one[0])
        pins.sort(key=lambda pin: (pin.place, pin.line))
        return Steering(
            self.version, excluded, tuple(by_line), factors, tuple(moving), tuple(pins), tuple(caps), base.pushed
        )


@dataclass(frozen=True)
class _Shared(Steering):
    """What many requests share, and the rules that have to be asked for each person. after: what those ask, at once."""

    personal: tuple[Compiled, ...] = ()
    after: _After | None = None

    def met_by(self, who: Who) -> list[Compiled]:
        """Those of the personal rules that act on this person."""
        if self.after is None:
            return [one for one in self.personal if _met(one, who)]
        return [one for one, met in zip(self.personal, self.after.met(who).tolist(), strict=True) if met]


def _met(one: Compiled, who: Who) -> bool:
    """Whether somebody did what a rule asks for; one that asks for nothing is met by all."""
    after = one.rule.after
    if after is None:
        return True
    assert one.after is not None
    hits = one.after[who.items] & (who.ages <= after.days)
    return bool((hits & who.purchases if after.did == "buying" else hits).any())


@dataclass(frozen=True, slots=True)
class _After:
    """What personal rules ask a person to have done, all of them at once. days: (k,) within which. buying: (k,) whether looking isn't enough. free: (k,) of
    rules that ask nothing of the kind."""

    wanted: Bits
    days: npt.NDArray[np.float64]
    buying: Mask
    free: Mask

    @classmethod
    def of(cls, personal: Sequence[Compiled]) -> _After | None:
        """None where there are no such rules, or more than is worth packing."""
        # What a rule that asks for nothing has in its place doesn't count: it is free.
        wanted = Bits.pack([one.mask if one.after is None else one.after for one in personal])
        if wanted is None:
            return None
        asked = [one.rule.after for one in personal]
        return cls(
            wanted,
            np.array([0.0 if one is None else one.days for one in asked], np.float64),
            np.array([one is not None and one.did == "buying" for one in asked], np.bool_),
            np.array([one is None for one in asked], np.bool_),
        )

    def met(self, who: Who) -> Mask:
        """(k,) which of the rules somebody meets; as `_met` says of each."""
        hits = self.wanted.of(who.items) & (who.ages[:, None] <= self.days)
        hits &= ~self.buying | who.purchases[:, None]
        met: Mask = hits.any(axis=0) | self.free
        return met


def _fields(steering: Steering) -> dict[str, Any]:
    return {name: getattr(steering, name) for name in Steering.__dataclass_fields__}


def _acts(rule: Rule, surface: str, segments: Sequence[str], now: float) -> bool:
    if surface == "search" and rule.action == "cap" and "search" not in rule.surfaces:
        return False  # who searches sees all that answers, unless the shop says otherwise in so many words
    if not rule.acts_on(surface) or (rule.segments and not set(rule.segments) & set(segments)):
        return False
    return (rule.starts is None or rule.starts.timestamp() <= now) and (
        rule.ends is None or now < rule.ends.timestamp()
    )


@dataclass
class _Columns:
    """What rules ask of each product of a catalogue; attributes are gathered once per name."""

    catalogue: Catalogue
    attributes: dict[str, list[Any]] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)

    def compiled(self, rule: Rule) -> Compiled:
        mask = self.mask(rule.tests)
        after = None if rule.after is None else self.mask(rule.after.tests)
        groups = None
        if rule.each is not None:
            groups = self.groups(rule.each)
            groups = np.where(mask, groups, -1).astype(np.int32)
        item = None
        if rule.action == "pin":
            found = np.flatnonzero(mask)
            item = int(found[0]) if len(found) else None
        return Compiled(rule, mask, after, groups, item, int(np.count_nonzero(mask)))

    def mask(self, tests: Sequence[Condition]) -> Mask:
        """(n,) which products pass all tests."""
        out = np.ones(len(self.catalogue), np.bool_)
        for test in tests:
            out &= self.passes(test)
        return out

    def passes(self, test: Condition) -> Mask:
        catalogue = self.catalogue
        match test.field:
            case "product":
                found = self._products(test)
            case "category":
                if test.how in ("known", "unknown"):
                    found = catalogue.kinds >= 0
                else:
                    found = self._any(catalogue.in_category(str(value)) for value in test.values)
            case "brand":
                named = np.array([bool(name) for name in catalogue.brand_names] + [False], np.bool_)[catalogue.brands]
                found = (
                    named
                    if test.how in ("known", "unknown")
                    else self._any(catalogue.of_brand(str(value)) for value in test.values)
                )
            case name if name in NUMBERS:
                return self._numbers(test)
            case _:
                return self._attribute(test)
        return ~found if test.how in ("is not", "unknown") else found

    def _any(self, masks: Iterable[Mask]) -> Mask:
        out = np.zeros(len(self.catalogue), np.bool_)
        for mask in masks:
            out |= mask
        return out

    def _products(self, test: Condition) -> Mask:
        out = np.zeros(len(self.catalogue), np.bool_)
        if test.how in ("known", "unknown"):
            return ~out
        for value in test.values:
            item = named(self.catalogue, str(value))
            if item is not None:
                out[self.catalogue.place[item.product_id]] = True
        return out

    def _numbers(self, test: Condition) -> Mask:
        catalogue = self.catalogue
        if test.field == "age":
            column = np.where(catalogue.created > 0, (time.time() - catalogue.created) / 86_400, np.nan)
        else:
            column = getattr(catalogue, test.field)
        if test.how == "known":
            return ~np.isnan(column)
        if test.how == "unknown":
            return np.isnan(column)
        # A comparison with what isn't known holds for nothing.
        return _compared(column, test.how, float(test.values[0]))

    def _values(self, name: str) -> list[Any]:
        """Each product's value of an attribute, however its name is written."""
        wanted = name.casefold()
        if wanted not in self.attributes:
            found: list[Any] = []
            for item in self.catalogue.items:
                value = None
                if item is not None:
                    value = item.attributes.get(name)
                    if value is None:
                        value = next((v for k, v in item.attributes.items() if k.casefold() == wanted), None)
                found.append(value)
            self.attributes[wanted] = found
        return self.attributes[wanted]

    def _attribute(self, test: Condition) -> Mask:
        values = self._values(test.field)
        there = np.array([value not in (None, "", []) for value in values], np.bool_)
        if test.how == "known":
            return there
        if test.how == "unknown":
            return ~there
        if test.how in ("is", "is not"):
            wanted = {_folded(value) for value in test.values}
            held = np.array([bool(_parts(value) & wanted) for value in values], np.bool_)
            return held if test.how == "is" else ~held
        numbers = np.array([_number(value) for value in values], np.float64)
        return _compared(numbers, test.how, float(test.values[0]))

    def groups(self, name: str) -> Int32:
        """(n,) the number of each product's group, −1 where it has none."""
        if name == "brand":
            unnamed = {number for number, brand in enumerate(self.catalogue.brand_names) if not brand}
            return np.array([-1 if one in unnamed else one for one in self.catalogue.brands.tolist()], np.int32)
        if name == "category":
            return self.catalogue.kinds
        numbers: dict[str, int] = {}
        return np.array(
            [
                -1 if value in (None, "", []) else numbers.setdefault("\x00".join(sorted(_parts(value))), len(numbers))
                for value in self._values(name)
            ],
            np.int32,
        )


def _compared(column: npt.NDArray[Any], how: str, value: float) -> Mask:
    with np.errstate(invalid="ignore"):
        match how:
            case "<":
                found = column < value
            case "<=":
                found = column <= value
            case ">":
                found = column > value
            case ">=":
                found = column >= value
            case "=":
                found = column == value
            case _:
                found = (column != value) & ~np.isnan(column)
    return np.asarray(found, np.bool_)


def _folded(value: Any) -> str:
    return str(value).strip().casefold()


def _parts(value: Any) -> set[str]:
    """What a value says: each entry of a list, each part of "red, blue"."""
    if value is None:
        return set()
    if isinstance(value, (list, tuple)):
        return {_folded(one) for one in value}
    text = _folded(value)
    return {text, *(part.strip() for part in text.split(",") if part.strip())} if "," in text else {text}


def _number(value: Any) -> float:
    if isinstance(value, bool) or value is None:
        return float("nan")
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(str(value).split()[0].rstrip("%").replace(",", "."))
    except (ValueError, IndexError):
        return float("nan")
