"""Altered copies of histories, which a network is taught to read alike (CL4SRec: Xie et al. 2022). Training only.

Off by default: what it brings is measured in docs/experiments.md.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from regulars.recommend.dataset import Int64

CROPPED, MASKED, REORDERED = 0.6, 0.3, 0.4
"""Share of the steps that cropping keeps, that masking takes out, and that reordering shuffles."""

Alter = Callable[[Int64, np.random.Generator], Int64]


def crop(steps: Int64, generator: np.random.Generator) -> Int64:
    """A piece in one run, of CROPPED of the steps."""
    length = max(1, round(len(steps) * CROPPED))
    start = int(generator.integers(0, len(steps) - length + 1))
    return steps[start : start + length]


def mask(steps: Int64, generator: np.random.Generator) -> Int64:
    """MASKED of the steps taken out: −1, which the network reads as nothing."""
    return np.where(generator.random(len(steps)) < MASKED, -1, steps)


def reorder(steps: Int64, generator: np.random.Generator) -> Int64:
    """A run of REORDERED of the steps shuffled."""
    length = round(len(steps) * REORDERED)
    start = int(generator.integers(0, len(steps) - length + 1))
    out = steps.copy()
    generator.shuffle(out[start : start + length])
    return out


ALTERATIONS: tuple[Alter, ...] = (crop, mask, reorder)


def altered(items: Int64, generator: np.random.Generator) -> Int64:
    """items: (batch, length), −1 behind a window's end. Each row altered in one of the three ways, −1 in front: its last
    step stands in the last column.
    """
    out = np.full_like(items, -1)
    for row, steps in enumerate(items):
        steps = steps[steps >= 0]
        if len(steps):
            alter = ALTERATIONS[int(generator.integers(len(ALTERATIONS)))]
            changed = alter(steps, generator)
            out[row, items.shape[1] - len(changed) :] = changed
    return out


def contrast(first: torch.Tensor, second: torch.Tensor, temperature: float = 0.1) -> torch.Tensor:
    """How badly each row of first, (batch, d) of length 1, is found among the rows of second as its own (InfoNCE: van
    den Oord et al. 2018), both ways.
    """
    logits = first @ second.T / temperature
    own = torch.arange(len(first))
    loss: torch.Tensor = (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
    return loss
