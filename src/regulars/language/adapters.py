"""What may be learned beside a network's weights: low-rank additions, narrow perceptrons. Training only; knows no network.

LoRA: Hu et al. 2021. AdaLoRA: Zhang et al. 2023. Adapters: Houlsby et al. 2019. What is linear is merged into the weights after
training, so that it costs nothing when serving.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import nn


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
        self.inner.weight += (self.up @ self.down).to(self.inner.weight.dtype)
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


class AdaptiveLowRank(nn.Module):
    """x ↦ W x + P Λ Q x, where Budget decides how many of the strengths Λ a layer keeps. Λ starts at zero."""

    strengths: nn.Parameter

    def __init__(self, inner: nn.Linear, rank: int) -> None:
        super().__init__()
        self.inner = inner
        self.right = nn.Parameter(torch.randn(rank, inner.in_features) / math.sqrt(inner.in_features))
        self.strengths = nn.Parameter(torch.zeros(rank))
        self.left = nn.Parameter(torch.randn(inner.out_features, rank) / math.sqrt(inner.out_features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.inner(x) + ((x @ self.right.T) * self.strengths) @ self.left.T
        return out

    def skew(self) -> torch.Tensor:
        """How far P and Q are from having directions at right angles: ‖PᵀP − I‖² + ‖QQᵀ − I‖²."""
        one = torch.eye(len(self.strengths), device=self.left.device)
        out: torch.Tensor = (self.left.T @ self.left - one).square().sum() + (
            self.right @ self.right.T - one
        ).square().sum()
        return out

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """One linear layer that gives the same."""
        self.inner.weight += ((self.left * self.strengths) @ self.right).to(self.inner.weight.dtype)
        return self.inner


class Budget:
    """AdaLoRA's division of ranks: after each step the directions that matter least are put to zero, until `keep` of all are left.

    How much one matters is |weight × gradient| of its numbers, smoothed over steps, times how much that varies (Zhang et al.,
    formulas 8 to 11). keep: the share that stays; warm and end: the shares of the training between which it shrinks.
    """

    SMOOTH, VARIED = 0.85, 0.85

    def __init__(self, network: nn.Module, keep: float = 0.5, warm: float = 0.2, end: float = 0.7) -> None:
        self.parts = [part for part in network.modules() if isinstance(part, AdaptiveLowRank)]
        self.keep, self.warm, self.end = keep, warm, end
        self.means = {name: torch.zeros_like(value) for name, value in self._numbers()}
        self.spreads = {name: torch.zeros_like(value) for name, value in self._numbers()}

    def _numbers(self) -> Iterator[tuple[str, nn.Parameter]]:
        for place, part in enumerate(self.parts):
            for name in ("left", "strengths", "right"):
                yield f"{place}.{name}", getattr(part, name)

    @torch.no_grad()
    def step(self, done: float) -> int:
        """After the optimiser's step, before the gradients go. done: the share of the training. Returns how many ranks are left."""
        for name, value in self._numbers():
            if value.grad is None:
                continue
            felt = (value * value.grad).abs()
            mean = self.means[name].lerp_(felt, 1 - self.SMOOTH)
            self.spreads[name].lerp_((felt - mean).abs(), 1 - self.VARIED)
        total = sum(len(part.strengths) for part in self.parts)
        left = min(1.0, max(0.0, (done - self.warm) / (self.end - self.warm)))
        many = round(total * (self.keep + (1 - self.keep) * (1 - left) ** 3))
        if many < total:
            matters = torch.cat([self._matters(place) for place in range(len(self.parts))])
            least = matters.kthvalue(total - many).values
            for place, part in enumerate(self.parts):
                part.strengths[self._matters(place) <= least] = 0.0
        return many

    def _matters(self, place: int) -> torch.Tensor:
        """(rank,) of one part: its strength's and the mean of its directions'."""
        of = {
            name: self.means[f"{place}.{name}"] * self.spreads[f"{place}.{name}"]
            for name in ("left", "strengths", "right")
        }
        out: torch.Tensor = of["strengths"] + of["left"].mean(0) + of["right"].mean(1)
        return out


def merge(network: nn.Module) -> None:
    """Put low-rank additions into the weights they were added to."""
    for module in list(network.modules()):
        for name, part in list(module.named_children()):
            if isinstance(part, LowRank | AdaptiveLowRank):
                setattr(module, name, part.merged())


def learned(module: nn.Module) -> int:
    """How many numbers are learned."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
