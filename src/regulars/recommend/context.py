"""What is known of somebody of whom nothing is known yet: where they came from, where they began, language, hour, device.

P(item | context) ∝ popularity · Π_facet lift(the item's category | the facet's value). Lifts are counted over people's first
sessions, with Dirichlet smoothing; what nothing was counted of keeps the lift that the categories' tree alone suggests. Knows
categories, not items: a product added a second ago has its category's lift. Keeps nothing of anybody.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from weakref import WeakKeyDictionary

import numpy as np

from regulars.errors import DamagedModel
from regulars.recommend.catalogue import Catalogue, holds
from regulars.recommend.dataset import Float32

FILE = "context.json"
FACETS = ("landing", "referrer", "locale", "hours", "device")
SMOOTHING = 30.0
"""Choices that a value without any is taken to have had: with thirty counted ones, counts and the guess weigh the same."""
WITHIN = 12.0  # lift, before anything was counted, of what stands in the category where somebody began
BESIDE = 2.0  # and of the other categories under the same widest one
UNREADABLE = 0.5  # lift of what has no text in the reader's language, where other products have
MATCHED = 8.0  # lift of what holds the words that somebody searched for: they said it, nobody guessed
MOST = math.log(12.0)  # no facet moves the odds by more than this, whatever was counted
LATER_WEIGHT = (
    0.3  # of the log lift beside the blend's score, divided by 1 + events: clicks soon say more than the way here
)

_SEARCH = ("google", "bing", "duckduckgo", "yahoo", "baidu", "sogou", "so", "sm", "yandex", "ecosia", "startpage", "qwant", "naver")  # fmt: skip
_SOCIAL = ("facebook", "instagram", "twitter", "x", "t", "weibo", "xiaohongshu", "douyin", "tiktok", "pinterest", "reddit", "linkedin", "youtube", "zhihu", "vk", "threads", "bilibili")  # fmt: skip
_MAIL = ("mail", "outlook", "webmail")
_ASKED = ("q", "query", "wd", "word", "text", "p", "keyword")  # what search engines call the words
_MEDIA = {"email": "email", "e-mail": "email", "newsletter": "email", "social": "social", "organic": "search", "cpc": "search", "referral": "other"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arrival:
    """How somebody came, as one request says it.

    referrer: search, social, email, other, direct; "" where it isn't known. landing: the category in which they began, from
    wide to narrow, or one name of it. matched: ids of the products that hold the words they searched for. hour: 0 to 23,
    theirs. device: phone, tablet, desk.
    """

    referrer: str = ""
    landing: tuple[str, ...] = ()
    matched: tuple[int, ...] = ()
    locale: str = ""
    hour: int | None = None
    weekday: int | None = None
    device: str = ""

    def values(self) -> dict[str, str]:
        """What is known, by facet, as it is counted."""
        found = {
            "landing": folded(self.landing[-1]) if self.landing else "",
            "referrer": self.referrer,
            "locale": self.locale.split("-")[0].lower(),
            "hours": hours(self.hour, self.weekday),
            "device": self.device,
        }
        return {facet: value for facet, value in found.items() if value}


def folded(name: str) -> str:
    return name.strip().casefold()


def hours(hour: int | None, weekday: int | None) -> str:
    """Six hours of a working day or of a weekend: finer bands have too few people in a small shop."""
    if hour is None:
        return ""
    band = ("night", "morning", "afternoon", "evening")[hour // 6]
    return f"weekend {band}" if weekday is not None and weekday >= 5 else band


def came_from(referrer: str, medium: str = "", own: str = "") -> tuple[str, str]:
    """The class of the page before, and the words that were searched for there, where its address tells them.

    medium: utm_medium of the landing address, which is surer. own: the shop's host; coming from there is no arrival ("").

    >>> came_from("https://www.google.co.uk/search?q=tea+pot")
    ('search', 'tea pot')
    >>> came_from("https://m.weibo.cn/", "email"), came_from("")
    (('email', ''), ('direct', ''))
    """
    named = _MEDIA.get(medium.strip().lower(), "")
    try:
        parts = urlsplit(referrer.strip())
        host = (parts.hostname or "").lower()
    except ValueError:
        return named, ""
    if not host:
        return named or "direct", ""
    if host == own.split(":")[0].lower():
        return named, ""
    labels = host.split(".")
    name = labels[-3] if len(labels) > 2 and labels[-2] in ("co", "com", "org", "net") else labels[-2:][0]
    if labels[0] in _MAIL or ".mail." in host:
        found = "email"
    elif name in _SEARCH:
        found = "search"
    elif name in _SOCIAL or host == "weixin.qq.com":
        found = "social"
    else:
        found = "other"
    words = ""
    if found == "search":
        asked = parse_qs(parts.query[:2_000], max_num_fields=50) if parts.query.count("&") < 50 else {}
        words = next((asked[key][0] for key in _ASKED if key in asked), "")
    return named or found, " ".join(words.split())[:200]


@dataclass(frozen=True, slots=True)
class Lifts:
    """log_lift: (n,) of the catalogue's items, all facets together. parts: the same by facet, for the reasons.

    learned: how many choices of others stand behind each facet's value.
    """

    log_lift: Float32
    parts: Mapping[str, Float32]
    learned: Mapping[str, int]

    def strongest(self, item: int) -> tuple[str, float]:
        """The facet that speaks most for the item, and by how much."""
        return max(((facet, float(part[item])) for facet, part in self.parts.items()), key=lambda one: one[1])


@dataclass(frozen=True, slots=True)
class ContextPrior:
    """Choices in first sessions. base: {category path: choices}. counts: {facet: {value: {category path: choices}}}.

    A path is written "Home > Kitchen", folded.
    """

    base: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str, int]]) -> Self:
        """rows: facet ("" for all choices), value, category path, choices."""
        base: dict[str, int] = {}
        counts: dict[str, dict[str, dict[str, int]]] = {}
        for facet, value, path, choices in rows:
            if not facet:
                base[path] = base.get(path, 0) + choices
            else:
                of_value = counts.setdefault(facet, {}).setdefault(value, {})
                of_value[path] = of_value.get(path, 0) + choices
        return cls(base, counts)

    def lifts(self, catalogue: Catalogue, arrival: Arrival) -> Lifts | None:
        """None where the arrival says nothing about what to show."""
        known = _paths_of(catalogue)
        parts: dict[str, Float32] = {}
        learned: dict[str, int] = {}
        for facet, value in arrival.values().items():
            guess = known.beginning_in(arrival.landing) if facet == "landing" else None
            counted = self.counts.get(facet, {}).get(value, {})
            if guess is None and not counted:
                continue
            by_path = self._smoothed(known.names, counted, guess)
            parts[facet] = np.append(by_path, np.float32(0))[catalogue.kinds]  # what has no category: the last, 0
            learned[facet] = sum(counted.values())
        unreadable = known.unreadable(catalogue, arrival.locale)
        if unreadable is not None:
            parts["locale"] = parts.get("locale", np.zeros(len(catalogue), np.float32)) + unreadable
            learned.setdefault("locale", 0)
        places = [catalogue.place[one] for one in arrival.matched if one in catalogue.place]
        if places:
            parts["words"] = np.zeros(len(catalogue), np.float32)
            parts["words"][places] = np.log(MATCHED) * np.linspace(1, 0.5, len(places), dtype=np.float32)
        if not parts:
            return None
        return Lifts(np.sum(list(parts.values()), axis=0, dtype=np.float32), parts, learned)

    def _smoothed(self, names: Sequence[str], counted: Mapping[str, int], guess: Float32 | None) -> Float32:
        """(paths,) log of (n(path, value) + α · base · guess) / ((n(value) + α) · base), the posterior mean of a Dirichlet
        prior of weight α around the guess.
        """
        total = sum(self.base.values())
        base = np.array([self.base.get(name, 0) + 1 for name in names], np.float64) / (total + len(names))
        expected = base if guess is None else base * guess
        # Without counts the guess is a lift already; with them it has to be a distribution.
        if counted:
            expected = expected * (base.sum() / expected.sum())
        seen = np.array([counted.get(name, 0) for name in names], np.float64)
        lift = (seen + SMOOTHING * expected) / ((sum(counted.values()) + SMOOTHING) * base)
        return np.clip(np.log(np.maximum(lift, 1e-6)), -MOST, MOST).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write context.json into a model's folder."""
        folder.mkdir(parents=True, exist_ok=True)
        document = {"base": dict(self.base), "counts": self.counts}
        (folder / FILE).write_text(json.dumps(document, ensure_ascii=False, default=dict), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; nothing learned where there is no such file. Raises DamagedModel when it can't be read."""
        path = folder / FILE
        if not path.exists():
            return cls()
        try:
            document: Any = json.loads(path.read_text(encoding="utf-8"))
            base = {str(name): int(count) for name, count in document["base"].items()}
            counts = {
                str(facet): {
                    str(value): {str(name): max(0, int(count)) for name, count in paths.items()}
                    for value, paths in values.items()
                }
                for facet, values in document["counts"].items()
            }
        except Exception as error:
            raise DamagedModel(f"What was learned of first visits in {folder} can't be read: {error}") from error
        return cls(base, counts)


UNLEARNED = ContextPrior()
"""Before any training: the category where somebody began, and the language they read."""


class _Paths:
    """A catalogue's category paths, in the order of its kinds' numbers."""

    def __init__(self, catalogue: Catalogue) -> None:
        paths: dict[int, tuple[str, ...]] = {}
        for kind, item in zip(catalogue.kinds.tolist(), catalogue.items, strict=True):
            if kind >= 0 and item is not None:
                paths.setdefault(kind, tuple(folded(part) for part in item.category))
        # A number without a product of its own can't be: numbers are given by the products' paths.
        self._paths = [paths.get(kind, ()) for kind in range(max(paths, default=-1) + 1)]
        self.names = [path_name(path) for path in self._paths]
        self._unreadable: dict[str, Float32 | None] = {}

    def beginning_in(self, landing: tuple[str, ...]) -> Float32 | None:
        """(paths,) the lift that the tree suggests to who began here; None for a category that isn't in it."""
        wanted = tuple(folded(part) for part in landing)
        if not wanted:
            return None
        within = np.array([holds(path, wanted) for path in self._paths], np.bool_)
        if not within.any():
            within = np.array([holds(path, wanted[-1:]) for path in self._paths], np.bool_)
        if not within.any() or within.all():
            return None
        widest = {path[0] for path, inside in zip(self._paths, within, strict=True) if inside}
        beside = np.array([bool(path) and path[0] in widest for path in self._paths], np.bool_)
        return np.where(within, WITHIN, np.where(beside, BESIDE, 1.0)).astype(np.float32)

    def unreadable(self, catalogue: Catalogue, locale: str) -> Float32 | None:
        """(n,) log lift of what the reader can't read; None where that tells no products apart."""
        language = locale.split("-")[0].lower()
        if not language:
            return None
        if language not in self._unreadable:
            readable = np.array(
                [item is not None and any(_language(key) == language for key in item.texts) for item in catalogue.items]
            )
            made = np.where(readable, 0.0, math.log(UNREADABLE)).astype(np.float32)
            if len(self._unreadable) > 50:  # languages come from requests
                self._unreadable.clear()
            self._unreadable[language] = made if readable.any() and not readable.all() else None
        return self._unreadable[language]


def _language(key: str) -> str:
    return key.split("-")[0].lower()


def path_name(path: Iterable[str]) -> str:
    """How a category path is counted."""
    return " > ".join(folded(part) for part in path)


_made: WeakKeyDictionary[Catalogue, _Paths] = WeakKeyDictionary()


def _paths_of(catalogue: Catalogue) -> _Paths:
    found = _made.get(catalogue)
    if found is None:
        found = _made[catalogue] = _Paths(catalogue)
    return found
