"""Rules of what a text may not claim, as data with the source named: packs/*.json. Knows how to read them and where they match."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Rule:
    """said: what it forbids. stated: allowed where an attribute of the record has the same words. needs: a fact that
    allows it."""

    pack: str
    key: str
    said: re.Pattern[str]
    reason: Mapping[str, str]
    stated: bool = False
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """title, reasons: by language. source: the law or code that the rules follow."""

    name: str
    title: Mapping[str, str]
    source: str
    locales: tuple[str, ...]
    rules: tuple[Rule, ...]


@lru_cache(maxsize=1)
def packs() -> dict[str, Pack]:
    """All packs that come with Regulars, by name."""
    found = {}
    for file in sorted(resources.files("regulars.content").joinpath("packs").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".json"):
            told = json.loads(file.read_text(encoding="utf-8"))
            rules = tuple(
                Rule(
                    told["name"],
                    rule["key"],
                    re.compile("|".join(f"(?:{form})" for form in rule["said"]), re.I),
                    rule["reason"],
                    rule.get("stated", False),
                    rule.get("needs", ""),
                )
                for rule in told["rules"]
            )
            found[told["name"]] = Pack(told["name"], told["title"], told["source"], tuple(told["locales"]), rules)
    return found


def matches(text: str, locale: str) -> Iterator[tuple[Rule, re.Match[str]]]:
    """Where the packs of a language match."""
    for pack in packs().values():
        if locale in pack.locales:
            for rule in pack.rules:
                for match in rule.said.finditer(text):
                    yield rule, match
