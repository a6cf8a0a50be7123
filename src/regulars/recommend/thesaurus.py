"""Other words for the same thing: what shoppers say, beside what shops write. Bundled for everyday goods; a shop adds its own.

A group of phrases means one thing. A phrase that stands in a query and whose words the catalogue doesn't hold is replaced by the first of its
group that it does hold; what the catalogue knows by that name is left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from importlib import resources

LONGEST = 4  # words of a phrase


class Thesaurus:
    """Groups of phrases, folded. Immutable."""

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        self.groups = [tuple(phrase.casefold().strip() for phrase in group if phrase.strip()) for group in groups]
        self._of: dict[str, list[int]] = {}
        for number, group in enumerate(self.groups):
            for phrase in group:
                self._of.setdefault(phrase, []).append(number)
        latin = sorted((one for one in self._of if one.isascii()), key=len, reverse=True)
        other = sorted((one for one in self._of if not one.isascii()), key=len, reverse=True)
        self._latin = (
            re.compile(r"(?<![\w])(" + "|".join(map(re.escape, latin)) + r")(?:s|es)?(?![\w])") if latin else None
        )
        self._other = re.compile("|".join(map(re.escape, other))) if other else None

    def known(self, text: str, holds: Callable[[str], bool]) -> str:
        """The text in words that the catalogue holds, where it would be in others. holds: whether some product is called that."""

        def replaced(found: re.Match[str]) -> str:
            phrase = found.group(1) if found.lastindex else found.group()
            if holds(phrase):
                return found.group()
            for number in self._of[phrase]:
                for other in self.groups[number]:
                    if other != phrase and holds(other):
                        return f" {other} "
            return found.group()

        for pattern in (self._latin, self._other):
            if pattern is not None:
                text = pattern.sub(replaced, text)
        return text


@cache
def _bundled() -> list[list[str]]:
    document = json.loads(resources.files(__package__).joinpath("thesaurus.json").read_text(encoding="utf-8"))
    return [list(group) for group in document["groups"]]


@lru_cache(maxsize=4)
def thesaurus_of(own: tuple[tuple[str, ...], ...] = ()) -> Thesaurus:
    """The everyday groups, a shop's own before them."""
    return Thesaurus([*own, *_bundled()])
