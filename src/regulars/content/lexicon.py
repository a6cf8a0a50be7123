"""What attributes are called and how their values read in the other language: words/*.json, and a shop's own glossary.

Knows no product. A value that neither holds is kept as it is where any reader can read it (numbers, codes, names); else it has no
translation, and whoever writes has to leave it out rather than guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from regulars.language.grounding.texts import CJK

THEMES = ("look", "shape", "use", "tech", "make", "other")
"""In which order kinds of facts are told."""


@dataclass(frozen=True, slots=True)
class Role:
    """What an attribute is about. say: ways to say it by language, "{v}" for the value.

    one: two different values contradict each other. plain: told as "label: value". measured, counted: only said of a value with a
    number. tail: endings that a Chinese value may have already. names: what shops call it.
    """

    key: str
    label: Mapping[str, str]
    theme: str
    say: Mapping[str, tuple[str, ...]]
    one: bool = False
    plain: bool = False
    measured: bool = False
    counted: bool = False
    tail: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def _read(name: str) -> dict[str, Any]:
    path = resources.files("regulars.content").joinpath("words", f"{name}.json")
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


@lru_cache(maxsize=1)
def roles() -> dict[str, Role]:
    """By the names that shops give them, in small letters."""
    found: dict[str, Role] = {}
    for key, told in _read("roles").items():
        say = {locale: tuple(told[locale]) for locale in ("en", "zh") if locale in told}
        flags = {name: told.get(name, False) for name in ("one", "plain", "measured", "counted")}
        role = Role(
            key,
            told["label"],
            told["theme"],
            say,
            **flags,
            tail=tuple(told.get("tail", ())),
            names=tuple(told["names"]),
        )
        found |= dict.fromkeys((name.casefold() for name in told["names"]), role)
        found.setdefault(key, role)
    return found


def role_of(label: str) -> Role | None:
    """The role of an attribute's name, however it is written: "Main_Colour", 主要材质."""
    return roles().get(" ".join(re.sub(r"[_\-./:：]+", " ", label).casefold().split()))


@lru_cache(maxsize=2)
def _known(locale: str) -> dict[str, str]:
    """Words of the other language → words of `locale`; the first of several is the usual one."""
    place = 1 if locale == "zh" else 0
    found: dict[str, str] = {}
    for name, pairs in _read("values").items():
        if name != "units":
            for pair in pairs:
                found.setdefault(pair[1 - place].casefold(), pair[place])
    return found


@lru_cache(maxsize=1)
def _units() -> dict[str, str]:
    return dict(_read("values")["units"])


@lru_cache(maxsize=1)
def plain_words() -> tuple[frozenset[str], frozenset[str]]:
    """English words and Chinese signs in which catalogues speak without claiming anything, beyond the shared gate's."""
    told = _read("plain")
    return frozenset(told["en"].split()), frozenset(told["zh"])


@lru_cache(maxsize=4)
def words_of(kind: str) -> tuple[tuple[str, str], ...]:
    """Pairs of English and Chinese words: "colours", "materials", "origins" or "features"."""
    return tuple((english, chinese) for english, chinese in _read("values")[kind])


_MEASURE = re.compile(
    r"(?P<number>[\d.,]+(?:\s*[×xX*–-]\s*[\d.,]+)*)\s*(?P<unit>[A-Za-z%°]{0,12}|[\u4e00-\u9fff]{0,3})$"
)
_READABLE = re.compile(r"[A-Z0-9][\w+&./'’-]*(?:\s+[A-Z0-9&][\w+&./'’-]*)*$")


class Glossary:
    """Translations of a shop's own words, before those that come with Regulars. pairs: (one language, the other), any order."""

    def __init__(self, pairs: Mapping[str, str] | None = None) -> None:
        self._own: dict[str, dict[str, str]] = {"zh": {}, "en": {}}
        for one, other in (pairs or {}).items():
            about, _, word = one.rpartition(": ")
            for source, target in ((word, other), (other, word)):
                place = self._own["zh" if CJK.search(target) else "en"]
                place.setdefault(f"{about}: {source}".strip(": ").casefold(), target.strip())

    def say(self, value: str, locale: str, about: str = "") -> str | None:
        """The value for a reader of `locale`; None where nobody knows the word. about: the attribute that it is a value of.

        >>> own = Glossary({"ash": "烟灰", "colour: ash": "灰色"})
        >>> [own.say("navy", "zh"), own.say("3 hours", "zh"), own.say("Ash", "zh"), own.say("ash", "zh", "colour")]
        ['藏青色', '3 小时', '烟灰', '灰色']
        """
        value = value.strip()
        chinese = bool(CJK.search(value))
        own = self._own[locale].get(f"{about}: {value}".casefold()) or self._own[locale].get(value.casefold())
        if own:
            return own
        if chinese == (locale == "zh"):
            return value
        found = _known(locale).get(value.casefold())
        if found is None and locale == "en" and value.endswith("的"):
            found = _known(locale).get(value[:-1])
        if found:
            return found
        if match := _MEASURE.fullmatch(value):
            if locale == "zh" and len(match["unit"]) <= 3:
                return value  # "ml" is read everywhere
            return _measure(match["number"], match["unit"], locale)
        parts = re.split(r"\s*(?:[,，、;；/]|\band\b|和)\s*", value)
        if len(parts) > 1:
            said = [self.say(part, locale, about) for part in parts if part]
            if all(said):
                return ("、" if locale == "zh" else ", ").join(part for part in said if part)
        if not chinese and _READABLE.fullmatch(value) and (re.search(r"\d", value) or value.isupper()):
            return value
        return None


def _measure(number: str, unit: str, locale: str) -> str | None:
    if not unit:
        return number
    if locale == "zh":
        known = _units().get(unit) or _units().get(unit.lower())
        return f"{number} {known}" if known else f"{number} {unit}"
    known = next((english for english, chinese in _units().items() if chinese == unit), None)
    return f"{number} {known}" if known else None
