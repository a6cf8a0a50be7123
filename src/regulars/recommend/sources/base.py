"""The contract of a candidate source. Every source passes tests/recommend/test_sources_contract.py.

A source is fitted offline, saved as a folder of safetensors/JSON/ONNX (never pickle), loaded for serving with NumPy and
onnxruntime alone, and immutable from then on: threads share it. It doesn't know of stock, prices or the shop's rules.

What a source says to a query is an `Answer` (sources/answers.py): its best items, and its scores of any items named. In a small catalogue
an answer is an array of all items' scores; in a large one it holds only what the source found, and never costs a walk over all there is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from regulars.recommend.dataset import Float32, Int32, Query, Vocabulary
from regulars.recommend.sources.answers import Answer, DenseAnswer, Mask, Proposal, best

__all__ = ["CONTEXT_EVIDENCE", "DENSE_UP_TO", "NO_EVIDENCE", "Answer", "CandidateSource", "Proposal", "best"]

DENSE_UP_TO = 50_000
"""Items up to which a source scores all of them: exact, and faster than finding the few that matter (docs/experiments.md)."""

NO_EVIDENCE = -1
"""In `evidence`: nothing the person did speaks for the item."""
CONTEXT_EVIDENCE = -2
"""In `evidence`: the item whose page is open (`Query.context`) speaks most for it."""


class CandidateSource(ABC):
    """One way to find items for a person."""

    name: ClassVar[str]
    """The field's standard term, as in traces and blends: "popular", "covisitation",
    "ease", "factors", "text", "image", "sequence"."""

    floor: ClassVar[float] = 0.0
    """A score at or below this one says nothing in favour of an item: it isn't proposed."""

    personal: ClassVar[bool] = True
    """False where the scores are the same for every query: they are then asked for once."""

    dense_up_to: int = DENSE_UP_TO
    """Items up to which this source answers with all scores."""

    @abstractmethod
    def scores(self, query: Query) -> Float32:
        """Scores of all items, (n,): higher is better; 0 (or the source's floor) where it has nothing to say.

        Finite, deterministic, defined for an empty history too. The array is the caller's to change.
        """

    def answer(self, query: Query) -> Answer:
        """All that serving asks of the source for this query, worked out once. A source that can find its best items
        without scoring all overrides this for catalogues above DENSE_UP_TO; the two must agree (see the contract's tests).
        """
        return DenseAnswer(self.scores(query), self.floor)

    def propose(self, query: Query, k: int, exclude: Mask | None = None) -> Proposal:
        """At most k items it has something to say for, best first, without the excluded. Empty when it has no evidence.

        exclude: (n,) True where an item may not be proposed.
        """
        return self.answer(query).best(k, exclude).proposal

    def at(self, query: Query, items: Int32) -> Float32:
        """Scores of these items, (m,): the same numbers as `scores` has there."""
        return self.answer(query).at(items)

    @abstractmethod
    def evidence(self, query: Query, items: Int32) -> Int32:
        """For each item, the index into query.items that speaks most for it, (m,).

        CONTEXT_EVIDENCE where the open page does, NO_EVIDENCE where nothing does: both are negative.
        """

    @abstractmethod
    def extended(self, vocabulary: Vocabulary) -> Self:
        """The same source for a longer vocabulary whose first items are the present ones: products added since."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the source's files into the folder, which is made if needed."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises DamagedModel when it can't."""
