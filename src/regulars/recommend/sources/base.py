"""The contract of a candidate source. Every source passes tests/recommend/test_sources_contract.py.

A source is fitted offline, saved as a folder of safetensors/JSON/ONNX (never pickle), loaded for serving with NumPy and
onnxruntime alone, and immutable from then on: threads share it. It doesn't know of stock, prices or the shop's rules.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from regulars.recommend.dataset import Float32, Int32, Query, Vocabulary


@dataclass(frozen=True, slots=True)
class Proposal:
    """A source's best items for a query, best first. items: (k,), scores: (k,), in the source's own unit."""

    items: Int32
    scores: Float32


class CandidateSource(ABC):
    """One way to find items for a person."""

    name: ClassVar[str]
    """The field's standard term, as in traces and blends: "popular", "covisitation", "text", "sequence"."""

    @abstractmethod
    def scores(self, query: Query) -> Float32:
        """Scores of all items, (n,): higher is better; 0 (or the source's floor) where it has nothing to say.

        Finite, deterministic, defined for an empty history too.
        """

    @abstractmethod
    def propose(self, query: Query, k: int) -> Proposal:
        """At most k items it has something to say for, best first. Empty when it has no evidence."""

    @abstractmethod
    def evidence(self, query: Query, items: Int32) -> Int32:
        """For each item, the index into query.items that speaks most for it, or -1 when none does (m,)."""

    @abstractmethod
    def extended(self, vocabulary: Vocabulary) -> Self:
        """The same source for a longer vocabulary whose first items are the present ones: products added since."""

    @abstractmethod
    def save(self, folder: Path) -> None: ...

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self: ...
