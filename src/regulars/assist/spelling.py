"""Slips of the fingers mended, for the eyes of the intent model alone: names, numbers and what is quoted stay as they were written."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache

from regulars.assist.intents.bundled import bundled_phrases
from regulars.assist.texts import alike

SHORTEST = 4
_WORD = re.compile(r"[A-Za-z']+")


@cache
def _vocabulary() -> tuple[frozenset[str], dict[str, list[str]]]:
    """Words of the English phrases, and those long enough to be mended to, by their first letter; the more frequent ones first."""
    counts: dict[str, int] = defaultdict(int)
    for phrases in bundled_phrases("en").values():
        for phrase in phrases:
            for word in _WORD.findall(phrase.casefold()):
                counts[word] += 1
    by_letter: dict[str, list[str]] = defaultdict(list)
    for word in sorted(counts, key=lambda one: (-counts[one], one)):
        # A word that occurs once may itself be one of the slips that the phrases hold on purpose.
        if len(word) >= SHORTEST and counts[word] >= 3:
            by_letter[word[0]].append(word)
    return frozenset(counts), dict(by_letter)


def mended(text: str) -> str:
    """The text with each unknown word of four letters or more read as the frequent word of a shop that it is one slip away from.

    >>> mended("Please set up a rteurn for NB-10415, the packge is damaged")
    'Please set up a return for NB-10415, the package is damaged'
    """
    known, by_letter = _vocabulary()

    def mend(match: re.Match[str]) -> str:
        word = match.group()
        said = word.casefold()
        if len(said) < SHORTEST or said in known:
            return word
        first = (*by_letter.get(said[0], ()), *by_letter.get(said[1], ()))
        return next((one for one in first if alike(said, one)), word)

    return _WORD.sub(mend, text)
