"""What a causal transformer expects next after these things in this order. Serves; doesn't know how it was trained.

Each member (one trained network; several are averaged) is a table of item vectors and an ONNX graph that turns the
vectors of a history into the vector expected next. Because the graph takes vectors and not ids, a product added after
training takes part at once, in histories and as a candidate: its vector is the projection of its text
and, where the model knows pictures, of its picture beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel, InvalidInput
from regulars.language.onnx_sessions import opened
from regulars.language.text_features import TextEncoder
from regulars.recommend import compiled
from regulars.recommend.dataset import Float32, Int32, Int64, Query, Vocabulary
from regulars.recommend.sources._history import strongest
from regulars.recommend.sources._pictures import PictureSpace
from regulars.recommend.sources.answers import Answer, DenseAnswer, SparseAnswer
from regulars.recommend.sources.base import CONTEXT_EVIDENCE, DENSE_UP_TO, CandidateSource
from regulars.recommend.sources.nearest import NearestAnswer, NearestIndex

MOST_ADDED = 0.02
"""Share of items that may stand behind an index's lists before it is made anew."""


@dataclass(frozen=True, slots=True)
class Member:
    """One trained network.

    vectors: (n, d), id embedding + projected text + learned terms of each item. projection: (text dims, d) and terms:
    (number of terms, d), for items added later. temperature: factor on the cosine. graph: ONNX, "vectors" (batch, length,
    d) → "expected" (batch, d) of length 1. state: all trained numbers, by torch's names, for a training that goes on from
    here; None once loaded to serve. left_out: ONNX, "vectors" (1, t, d), "distance" (t, t) and "last" (h,) of compiled.tree_without →
    "expected" (h, d); None in models of before.
    """

    vectors: Float32
    projection: Float32
    terms: Float32
    temperature: float
    graph: bytes
    state: Mapping[str, Float32] | None = None
    left_out: bytes | None = None

    def content(self, vectors: Float32, rows: Any) -> Float32:
        """What texts alone say of m items, (m, d). vectors: (m, text dims); rows: (m, number of terms) CSR."""
        read: Float32 = vectors @ self.projection + rows @ self.terms
        return read


class SequenceSource(CandidateSource):
    """Score of an item: the mean over members of temperature · cos(expected vector, item vector), a log-odds."""

    name: ClassVar[str] = "sequence"
    floor: ClassVar[float] = -1e30

    def __init__(
        self,
        members: Sequence[Member],
        length: int,
        encoder: TextEncoder,
        space: PictureSpace | None = None,
        index: NearestIndex | None = None,
        dense_up_to: int = DENSE_UP_TO,
    ) -> None:
        """length: steps of a history that are read. space: of the pictures beside the texts, if they were trained with.
        index: of the same items; made here where there are more than dense_up_to.

        Raises InvalidInput without members, DamagedModel for a bad graph.
        """
        if not members:
            raise InvalidInput("A sequence source needs at least one trained network.", field="members")
        self.members = tuple(members)
        self.length = length
        self.encoder = encoder
        self.space = space
        self.dense_up_to = dense_up_to
        self._scales = [_scales(member, len(members)) for member in members]
        self._size = len(members[0].vectors)
        self._width = sum(member.vectors.shape[1] for member in members)
        # All members' directions side by side: one matrix product scores every item under every member.
        # Column by column: this product reads all of the table, and so a quarter faster. Many items have an index instead of it.
        self._table: Float32 | None = None
        self.index: NearestIndex | None = None
        if self._size <= dense_up_to:
            self._table = np.asfortranarray(self._directions(np.arange(self._size, dtype=np.int32)))
        elif index is not None and len(index) == self._size:
            self.index = index
        else:
            self.index = NearestIndex.build(self._directions, self._size)
        self._sessions = [opened(member.graph, "A sequence network's graph") for member in members]
        self._left_out = [
            opened(member.left_out, "A sequence network's graph of histories with something left out")
            for member in members
            if member.left_out is not None
        ]

    def scores(self, query: Query) -> Float32:
        """(n,); all zeros for an empty history without an open page."""
        items, _ = self._recent(query)
        if len(items) == 0:
            return np.zeros(self._size, np.float32)
        table = self._table if self._table is not None else self._directions(np.arange(self._size, dtype=np.int32))
        scores: Float32 = table @ self._expected(items)
        return scores

    def answer(self, query: Query) -> Answer:
        """As the contract says: without a history there is no evidence, so nothing is proposed."""
        items, _ = self._recent(query)
        return self._nothing() if len(items) == 0 else self._answered(self._expected(items))

    def answer_without(self, query: Query, steps: Int32) -> tuple[Answer, Float32]:
        """`answer`, and (h, members · d) what is expected without each of the steps of the query's history, 0 where nothing is left
        of it: in one pass, because most of the time of a pass goes into reading the network's weights.

        What lies further back than is read doesn't move up into a history of which something is taken away.
        """
        expected = self._expected_each(query, steps)
        there = len(query.items) > 0 or query.context is not None
        return self._answered(expected[-1]) if there else self._nothing(), expected[:-1]

    def without_each(self, query: Query, steps: Int32, items: Int32, expected: Float32 | None = None) -> Float32:
        """(h, m) scores of these items without each of the steps of the query's history, 0 where nothing is left of it.

        expected: what `answer_without` gave for these steps, where that was asked.
        """
        if expected is None:
            expected = self._expected_each(query, steps)[:-1]
        scores: Float32 = expected @ self._directions(items).T
        return scores

    def _nothing(self) -> Answer:
        return SparseAnswer(np.zeros(0, np.int32), np.zeros(0, np.float32), self._size)

    def _answered(self, expected: Float32) -> Answer:
        if self._table is not None:
            return DenseAnswer(self._table @ expected, self.floor)
        assert self.index is not None
        return NearestAnswer(self.index, self._directions, expected)

    def _expected_each(self, query: Query, steps: Int32) -> Float32:
        """(h + 1, members · d) what is expected without each of the steps, and last of all with all of them; 0 where nothing is left."""
        done = _done(query)
        if len(done) and len(self._left_out) < len(self.members):
            whole = self._expected(self._recent(query)[0])
            return np.concatenate([self._expected_apart(done, steps), whole[None]])
        tokens, distance, last = compiled.tree_without(done, steps, self.length)
        there = last >= 0
        expected = np.zeros((len(last), self._width), np.float32)
        if there.any():
            expected[there] = self._of_tree(tokens, distance, last[there])
        return expected

    def _of_tree(self, tokens: Int32, distance: Int64, last: Int64) -> Float32:
        """(h, members · d) what each member expects after the steps `last` of a tree, side by side."""
        expected = [
            session.run(None, {"vectors": member.vectors[tokens][None], "distance": distance, "last": last})[0]
            for member, session in zip(self.members, self._left_out, strict=True)
        ]
        return expected[0] if len(expected) == 1 else np.concatenate(expected, axis=1)

    def _expected_apart(self, done: Int32, steps: Int32) -> Float32:
        """What is expected without each of the steps, each history read by itself; those of one length take one pass together."""
        histories, lengths = compiled.histories_without(done, steps, self.length)
        out = np.zeros((len(steps), self._width), np.float32)
        for length in set(lengths.tolist()) - {0}:
            rows = np.flatnonzero(lengths == length)
            batch = histories[rows, :length]
            expected = [
                session.run(None, {"vectors": member.vectors[batch]})[0]
                for member, session in zip(self.members, self._sessions, strict=True)
            ]
            out[rows] = np.concatenate(expected, axis=1)
        return out

    def _expected(self, items: Int32) -> Float32:
        """What each member expects next after these, side by side."""
        return np.concatenate(
            [
                session.run(None, {"vectors": member.vectors[items][None]})[0][0]
                for member, session in zip(self.members, self._sessions, strict=True)
            ]
        )

    def _directions(self, items: Int32) -> Float32:
        """(m, members · d) of these items: their product with what is expected is the score.

        Not from the table, whose columns stand one after the other: a row of it lies in as many places as it has numbers.
        """
        if len(self.members) == 1:
            return self.members[0].vectors[items] * self._scales[0][items]
        return np.concatenate(
            [member.vectors[items] * scale[items] for member, scale in zip(self.members, self._scales, strict=True)],
            axis=1,
        )

    def evidence(self, query: Query, items: Int32) -> Int32:
        """The history item whose learned vector is nearest, later ones a little ahead (attention is no explanation)."""
        recent, indices = self._recent(query)
        similarities = self.likeness(recent, items)
        steps = np.arange(len(recent) - 1, -1, -1, dtype=np.float32)
        return strongest(similarities * (0.9**steps)[:, None], indices)

    def likeness(self, first: Int32, items: Int32) -> Float32:
        """Cosines of learned vectors, (h, m), the mean over members."""
        scale = np.float32(1 / max(member.temperature for member in self.members))
        cosines: Float32 = (self._directions(first) @ self._directions(items).T) * scale**2 * len(self.members)
        return cosines

    def extended(self, vocabulary: Vocabulary) -> Self:
        old = self._size
        rows = self.encoder.rows(list(vocabulary.texts[old:]))
        texts = self.encoder.project(rows)
        if self.space is not None:
            pictures = None if vocabulary.pictures is None else vocabulary.pictures[old:]
            texts = np.concatenate([texts, self.space.project(pictures, len(texts))], axis=1)
        members = [
            replace(member, vectors=np.concatenate([member.vectors, member.content(texts, rows)]))
            for member in self.members
        ]
        index = self.index
        if index is not None:
            scales = [_scales(member, len(members), self._size) for member in members]
            added = [member.vectors[self._size :] * scale for member, scale in zip(members, scales, strict=True)]
            index = index.extended(np.concatenate(added, axis=1))
            if index.added > MOST_ADDED * len(index):
                index = None  # it is made anew: what stands behind the lists is looked through each time
        return type(self)(members, self.length, self.encoder, self.space, index, self.dense_up_to)

    def save(self, folder: Path) -> None:
        self.encoder.save(folder)
        if self.space is not None:
            self.space.save(folder)
        for number, member in enumerate(self.members):
            tensors: dict[str, npt.NDArray[Any]] = {
                "vectors": member.vectors,
                "projection": member.projection,
                "terms": member.terms.astype(np.float16),
            }
            save_file(tensors, folder / f"sequence_{number}.safetensors")
            if member.state is not None:
                state: dict[str, npt.NDArray[Any]] = dict(member.state)
                save_file(state, folder / f"training_{number}.safetensors")
            (folder / f"sequence_{number}.onnx").write_bytes(member.graph)
            if member.left_out is not None:
                (folder / f"left_out_{number}.onnx").write_bytes(member.left_out)
        if self.index is not None:
            save_file(self.index.tensors(), folder / "sequence_index.safetensors")
        document = {"length": self.length, "temperatures": [member.temperature for member in self.members]}
        (folder / "sequence.json").write_text(json.dumps(document))

    @classmethod
    def load(cls, folder: Path) -> Self:
        encoder = TextEncoder.load(folder)
        try:
            document = json.loads((folder / "sequence.json").read_text())
            members = []
            for number, temperature in enumerate(document["temperatures"]):
                tensors = load_file(folder / f"sequence_{number}.safetensors")
                graph = (folder / f"sequence_{number}.onnx").read_bytes()
                parts = tensors["vectors"], tensors["projection"], tensors["terms"].astype(np.float32)
                kept = folder / f"left_out_{number}.onnx"
                left_out = kept.read_bytes() if kept.exists() else None
                members.append(Member(*parts, float(temperature), graph, left_out=left_out))
            kept = folder / "sequence_index.safetensors"
            index = NearestIndex.of_tensors(load_file(kept)) if kept.exists() else None
        except Exception as error:
            raise DamagedModel(f"The sequence source in {folder} can't be read: {error}") from error
        return cls(members, int(document["length"]), encoder, PictureSpace.load(folder), index)

    @staticmethod
    def states(folder: Path) -> list[dict[str, Float32]]:
        """What training goes on from, one for each network. Raises DamagedModel when it can't be read."""
        try:
            return [load_file(path) for path in sorted(folder.glob("training_*.safetensors"))]
        except Exception as error:
            raise DamagedModel(f"The trained numbers in {folder} can't be read: {error}") from error

    def share_encoder(self, encoder: TextEncoder) -> None:
        """Use this encoder in place of the own one, if the two are the same, to save memory after loading."""
        if self.encoder.same_as(encoder):
            self.encoder = encoder

    def _recent(self, query: Query) -> tuple[Int32, Int32]:
        """The latest items that are read, oldest first, without immediate repeats, and each one's index."""
        items, indices = query.items, np.arange(len(query.items), dtype=np.int32)
        if query.context is not None:
            items = np.append(items, np.int32(query.context))
            indices = np.append(indices, np.int32(CONTEXT_EVIDENCE))
        if len(items) > 1:
            # A look, a cart and a purchase of one thing are one step, as in training. The last of them is kept.
            kept = np.append(items[1:] != items[:-1], True)
            items, indices = items[kept], indices[kept]
        return items[-self.length :].astype(np.int32), indices[-self.length :]


def _done(query: Query) -> Int32:
    """(h,) the query's history, the open page last."""
    items = query.items if query.context is None else np.append(query.items, np.int32(query.context))
    return np.ascontiguousarray(items, np.int32)


def _scales(member: Member, members: int, first: int = 0) -> Float32:
    """(n − first, 1) what makes each vector from `first` on a direction of length temperature / members."""
    lengths = np.linalg.norm(member.vectors[first:], axis=1, keepdims=True)
    return np.asarray(np.float32(member.temperature / members) / np.maximum(lengths, 1e-6), np.float32)
