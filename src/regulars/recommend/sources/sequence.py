"""What a causal transformer expects next after these things in this order. Serves; doesn't know how it was trained.

Each member (one trained network; several are averaged) is a table of item vectors and an ONNX graph that turns the
vectors of a history into the vector expected next. Because the graph takes vectors and not ids, a product added after
training takes part at once, in histories and as a candidate: its vector is the projection of its text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import onnxruntime
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel, InvalidInput
from regulars.language.text_features import TextEncoder
from regulars.recommend.dataset import Float32, Int32, Query, Vocabulary
from regulars.recommend.sources._history import strongest
from regulars.recommend.sources.base import CONTEXT_EVIDENCE, CandidateSource


@dataclass(frozen=True, slots=True)
class Member:
    """One trained network.

    vectors: (n, d), id embedding + projected text of each item. projection: (text dims, d), for items added later.
    temperature: factor on the cosine. graph: ONNX, "vectors" (batch, length, d) → "expected" (batch, d) of length 1.
    """

    vectors: Float32
    projection: Float32
    temperature: float
    graph: bytes


class SequenceSource(CandidateSource):
    """Score of an item: the mean over members of temperature · cos(expected vector, item vector), a log-odds."""

    name: ClassVar[str] = "sequence"
    floor: ClassVar[float] = -1e30

    def __init__(self, members: Sequence[Member], length: int, encoder: TextEncoder) -> None:
        """length: steps of a history that are read. Raises InvalidInput without members, DamagedModel for a bad
        graph.
        """
        if not members:
            raise InvalidInput("A sequence source needs at least one trained network.", field="members")
        self.members = tuple(members)
        self.length = length
        self.encoder = encoder
        # All members' directions side by side: one matrix product scores every item under every member.
        # Column by column: this product reads all of the table, and so a quarter faster.
        self._directions = np.asfortranarray(
            np.concatenate([_directions(member, len(members)) for member in members], axis=1)
        )
        self._sessions = [_session(member.graph) for member in members]

    def scores(self, query: Query) -> Float32:
        """(n,); all zeros for an empty history without an open page."""
        items, _ = self._recent(query)
        if len(items) == 0:
            return np.zeros(len(self._directions), np.float32)
        expected = [
            session.run(None, {"vectors": member.vectors[items][None]})[0][0]
            for member, session in zip(self.members, self._sessions, strict=True)
        ]
        scores: Float32 = self._directions @ np.concatenate(expected)
        return scores

    def propose(self, query: Query, k: int) -> Any:
        """As the contract says: without a history there is no evidence, so nothing is proposed."""
        return super().propose(query, k if len(self._recent(query)[0]) else 0)

    def evidence(self, query: Query, items: Int32) -> Int32:
        """The history item whose learned vector is nearest, later ones a little ahead (attention is no explanation)."""
        recent, indices = self._recent(query)
        scale = np.float32(1 / max(member.temperature for member in self.members))
        similarities = (self._directions[recent] @ self._directions[items].T) * scale**2 * len(self.members)
        steps = np.arange(len(recent) - 1, -1, -1, dtype=np.float32)
        return strongest(similarities * (0.9**steps)[:, None], indices)

    def extended(self, vocabulary: Vocabulary) -> Self:
        texts = self.encoder.transform(list(vocabulary.texts[len(self._directions) :]))
        members = [
            Member(
                np.concatenate([member.vectors, texts @ member.projection]),
                member.projection,
                member.temperature,
                member.graph,
            )
            for member in self.members
        ]
        return type(self)(members, self.length, self.encoder)

    def save(self, folder: Path) -> None:
        self.encoder.save(folder)
        for number, member in enumerate(self.members):
            tensors = {"vectors": member.vectors, "projection": member.projection}
            save_file(tensors, folder / f"sequence_{number}.safetensors")
            (folder / f"sequence_{number}.onnx").write_bytes(member.graph)
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
                members.append(Member(tensors["vectors"], tensors["projection"], float(temperature), graph))
        except Exception as error:
            raise DamagedModel(f"The sequence source in {folder} can't be read: {error}") from error
        return cls(members, int(document["length"]), encoder)

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


def _directions(member: Member, members: int) -> Float32:
    lengths = np.linalg.norm(member.vectors, axis=1, keepdims=True)
    scale = np.float32(member.temperature / members)
    return np.asarray(member.vectors / np.maximum(lengths, 1e-6) * scale, np.float32)


def _session(graph: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    # One query is microseconds of work: a thread pool per session costs more than it brings, and the API has many.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise DamagedModel(f"A sequence network's graph can't be loaded: {error}") from error
