"""Which size of a product is the next larger or smaller one, by what sizes are called. Knows no shop."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

LETTERS = {
    name: rank
    for rank, names in enumerate(
        (("xxxs", "3xs"), ("xxs", "2xs"), ("xs", "extra small"), ("s", "small", "小号", "小"), ("m", "medium", "中号", "中"),
         ("l", "large", "大号", "大"), ("xl", "extra large", "加大"), ("xxl", "2xl"), ("xxxl", "3xl"), ("xxxxl", "4xl"))
    )
    for name in names
}  # fmt: skip
_NUMBER = re.compile(
    r"\s*(?:(?:eu|uk|us|size|码)\s*)?(\d+(?:[.,]\d+)?)\s*(½)?\s*(?:eu|uk|us|cm|mm|ml|l|g|kg|码|号|厘米|毫升|升)?\s*",
    re.I,
)


class HasOptions(Protocol):
    @property
    def options(self) -> Mapping[str, str]: ...


V = TypeVar("V", bound=HasOptions)


def rank(value: str) -> float | None:
    """Where a size stands among others of its sort; None of what is no size.

    >>> rank("M"), rank("42.5"), rank("UK 7"), rank("0,5 l"), rank("blue")
    (4.0, 42.5, 7.0, 0.5, None)
    """
    letter = LETTERS.get(" ".join(value.casefold().split()))
    if letter is not None:
        return float(letter)
    found = _NUMBER.fullmatch(value)
    return None if found is None else float(found[1].replace(",", ".")) + (0.5 if found[2] else 0.0)


def following(variants: Sequence[V], own: Mapping[str, str], step: int) -> list[V] | None:
    """The variants `step` sizes from the one with the options `own`, those like it in all else first; [] at the end, None where it can't be told.

    A size is the option whose values all stand in one order, in one unit; of several the one that is called so.
    """
    for option in sorted(own, key=lambda name: not re.search(r"size|尺|码|号|寸", name, re.I)):
        named = [one for one in variants if option in one.options]
        ranks = {one.options[option]: rank(one.options[option]) for one in named}
        here = rank(own[option])
        if here is None or len(ranks) < 2 or None in ranks.values() or len({_unit(value) for value in ranks}) > 1:
            continue
        further = sorted({there for there in ranks.values() if there is not None and (there - here) * step > 0}, key=lambda there: abs(there - here))  # fmt: skip
        if len(further) < abs(step):
            return []
        fitting = [one for one in named if ranks[one.options[option]] == further[abs(step) - 1]]
        return sorted(fitting, key=lambda one: -sum(one.options.get(name) == value for name, value in own.items()))
    return None


def next_size(variants: Sequence[V], own: Mapping[str, str], step: int) -> V | None:
    """The variant `step` sizes further that is like the one with the options `own` in all else."""
    found = following(variants, own, step)
    if not found or sum(found[0].options.get(name) != value for name, value in own.items()) != 1:
        return None
    return found[0]


def _unit(value: str) -> str:
    """What a number counts: "g" of "500 g"; letters of sizes count nothing."""
    return "" if value.casefold().strip() in LETTERS else re.sub(r"[\d\s.,½]", "", value.casefold())
