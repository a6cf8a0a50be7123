"""Which weights of the encoder are learned: all, low-rank additions, bottleneck adapters, or a head alone. Training only.

LoRA: Hu et al. 2021. Adapters: Houlsby et al. 2019. After training LoRA is merged into the weights, so that it costs nothing
when serving.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import nn

from regulars.errors import InvalidInput
from regulars.language.bert import Bert, Layer

METHODS = ("full", "lora", "adapter", "frozen")


class LowRank(nn.Module):
    """x ↦ W x + B A x: W as it was, A (rank, inward) drawn small, B (outward, rank) from zero, so it starts as W."""

    def __init__(self, inner: nn.Linear, rank: int) -> None:
        super().__init__()
        self.inner = inner
        self.down = nn.Parameter(torch.randn(rank, inner.in_features) / math.sqrt(inner.in_features))
        self.up = nn.Parameter(torch.zeros(inner.out_features, rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.inner(x) + (x @ self.down.T) @ self.up.T
        return out

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """One linear layer that gives the same."""
        self.inner.weight += self.up @ self.down
        return self.inner


class Bottleneck(nn.Module):
    """A linear layer's output plus a narrow perceptron of it, which starts at zero."""

    def __init__(self, inner: nn.Linear, width: int) -> None:
        super().__init__()
        self.inner = inner
        self.down = nn.Linear(inner.out_features, width)
        self.up = nn.Linear(width, inner.out_features)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.inner(x)
        out: torch.Tensor = x + self.up(torch.nn.functional.gelu(self.down(x)))
        return out


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


def merge(bert: Bert) -> None:
    """Put low-rank additions into the weights they were added to."""
    for layer in bert.layers:
        for name, part in list(layer.named_children()):
            if isinstance(part, LowRank):
                setattr(layer, name, part.merged())


def learned(module: nn.Module) -> int:
    """How many numbers are learned."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
