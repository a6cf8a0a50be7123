"""Which weights of the encoder are learned: all, low-rank additions, bottleneck adapters, or a head alone. Training only."""

from __future__ import annotations

from typing import cast

from regulars.errors import InvalidInput
from regulars.language.adapters import Bottleneck, LowRank
from regulars.language.bert import Bert, Layer

METHODS = ("full", "lora", "adapter", "frozen")


def prepare(bert: Bert, method: str, rank: int, width: int) -> None:
    """Freeze what isn't learned and put in what is. Raises InvalidInput for an unknown method."""
    if method not in METHODS:
        raise InvalidInput(f"There is no tuning method {method}.", hint=f"Use {', '.join(METHODS)}.", field="method")
    if method == "full":
        return
    bert.requires_grad_(False)
    for layer in cast("list[Layer]", list(bert.layers)):
        if method == "lora":
            for name in ("query", "key", "value", "attended", "inward", "outward"):
                setattr(layer, name, LowRank(getattr(layer, name), rank))
        elif method == "adapter":
            for name in ("attended", "outward"):
                setattr(layer, name, Bottleneck(getattr(layer, name), width))
