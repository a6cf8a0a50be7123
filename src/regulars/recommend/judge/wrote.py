"""What customers wrote, beside what they looked at: searches put into histories where they happened, and a customer as one text.

Training and offline re-ranking read a customer by the same function here. Arrays and strings only; knows no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from regulars.recommend.dataset import Histories, Int64

TITLES_READ = 3
"""Titles of a past that are read, newest first: each more makes every pair longer."""

SEARCHES_READ = 2
"""Searches of a past that are read, newest first."""

SEARCH_CHARACTERS = 40
"""Of each search that are read: words stand first in a customer's text, and titles have to find room behind them."""


def with_searches(texts: Sequence[str], histories: Histories) -> tuple[list[str], Histories]:
    """(texts, histories) with searches among the things that were looked at: a search is an "item" whose number is len(texts) or more.

    A search stands where it was made: behind everything of that very moment, so that nothing of then is learned from it. What was
    searched after a person's last step is left out, and all searches are where histories have no clock or don't name their people.
    """
    found = histories.searches
    if found is None or not len(found.people) or histories.people is None or not histories.clock:
        return list(texts), histories
    numbers: dict[str, int] = {}
    items, times, offsets = [], [], [0]
    begins = np.searchsorted(found.people, histories.people, "left")
    ends = np.searchsorted(found.people, histories.people, "right")
    for person in range(len(histories)):
        span = histories.of(person)
        own, moments = histories.items[span].astype(np.int64), histories.times[span]
        last = int(moments[-1]) if len(moments) else -1
        searched = [at for at in range(int(begins[person]), int(ends[person])) if int(found.times[at]) < last]
        said = [numbers.setdefault(found.words[at][:SEARCH_CHARACTERS], len(numbers)) for at in searched]
        everything = np.concatenate([own, np.asarray(said, np.int64) + len(texts)])
        moment = np.concatenate([moments, found.times[searched] if searched else moments[:0]])
        order = np.lexsort((np.arange(len(everything)), moment))  # steps before searches of the same moment
        items.append(everything[order])
        times.append(moment[order])
        offsets.append(offsets[-1] + len(order))
    merged = np.concatenate(items) if items else np.zeros(0, np.int64)
    together = replace(
        histories,
        offsets=np.asarray(offsets, np.int64),
        items=merged.astype(np.int32),
        times=np.concatenate(times) if times else histories.times,
        strengths=np.ones(len(merged), np.float32),
    )
    return [*texts, *numbers], together


def latest(past: Int64, titles: int, most: int) -> Int64:
    """The newest `most` titles and SEARCHES_READ searches of a past, oldest first → newest first. titles: how many texts are titles."""
    newest = past[::-1]
    searched = newest >= titles
    kept = np.where(searched, np.cumsum(searched) <= SEARCHES_READ, np.cumsum(~searched) <= most)
    return newest[kept]


def looked_at(past: Int64, titles: int) -> Int64:
    """What a past holds of things that were looked at, without searches."""
    return past[past < titles]


def customer_text(texts: Sequence[str], past: Int64, titles: int) -> str:
    """A customer as one text: what they searched for, then the latest titles, both newest first.

    >>> customer_text(["Green tea", "Teapot", "cast iron pot"], np.array([2, 1, 0]), titles=2)
    'cast iron pot; Teapot; Green tea'
    """
    wrote = past[past >= titles][:SEARCHES_READ].tolist()
    return "; ".join(texts[item] for item in (*wrote, *looked_at(past, titles)[:TITLES_READ].tolist()))
