"""What a pretrained language model, tuned on this shop's people, takes for interest. Serves; doesn't know how it was trained.

A customer's vector is the fading mean of the vectors of what they looked at; items' vectors are computed beforehand. A
product added later is encoded from its text with the ONNX graph.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel
from regulars.language.text_encoders import OnnxTextEncoder
from regulars.recommend.dataset import Float32, Int32, Query, Vocabulary
from regulars.recommend.sources._history import Weighted, strongest, weighted_history
from regulars.recommend.sources.base import CandidateSource


class JudgeSource(CandidateSource):
    """Score of an item: cos(Σ_h history weight(h) · vector(h), vector of the item)."""

    name: ClassVar[str] = "judge"

    def __init__(
        self,
        vectors: Float32,
        graph: bytes,
        tokenizer: str,
        tokens: int,
        history_decay: float,
        history_half_life_days: float,
        report: Mapping[str, Any] | None = None,
    ) -> None:
        """vectors: (n, width) unit rows, zeros where an item has no text. graph: see judge/export.py. tokenizer: the content of a
        tokenizer.json. tokens: of a text that are read. report: of its training. Raises DamagedModel for a bad tokenizer.
        """
        self.vectors = vectors
        self.graph = graph
        self.tokenizer = tokenizer
        self.tokens = tokens
        self.history_decay = history_decay
        self.history_half_life_days = history_half_life_days
        self.report = dict(report or {})
        # Opened when a product is added: most processes never need it, and it is the heaviest part.
        self._opened: OnnxTextEncoder | None = None

    def scores(self, query: Query) -> Float32:
        history = self._history(query)
        customer = history.weights @ self.vectors[history.items]
        length = float(np.linalg.norm(customer))
        if length < 1e-9:
            return np.zeros(len(self.vectors), np.float32)
        scores: Float32 = self.vectors @ np.asarray(customer / length, np.float32)
        return scores

    def evidence(self, query: Query, items: Int32) -> Int32:
        history = self._history(query)
        likeness = self.vectors[history.items] @ self.vectors[items].T
        return strongest(likeness * history.weights[:, None], history.indices)

    def extended(self, vocabulary: Vocabulary) -> Self:
        added = self.encode(list(vocabulary.texts[len(self.vectors) :]))
        longer = type(self)(
            np.concatenate([self.vectors, added]),
            self.graph,
            self.tokenizer,
            self.tokens,
            self.history_decay,
            self.history_half_life_days,
            self.report,
        )
        longer._opened = self._opened
        return longer

    def encode(self, texts: Sequence[str]) -> Float32:
        """(len(texts), width) unit rows, zeros for an empty text. About 200 titles a second on a core."""
        return self._encoder().encode(texts)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        save_file({"vectors": self.vectors}, folder / "judge.safetensors")
        (folder / "encoder.onnx").write_bytes(self.graph)
        (folder / "tokenizer.json").write_text(self.tokenizer, encoding="utf-8")
        document = {
            "tokens": self.tokens,
            "history_decay": self.history_decay,
            "history_half_life_days": self.history_half_life_days,
            "report": self.report,
        }
        (folder / "judge.json").write_text(json.dumps(document))

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            vectors = load_file(folder / "judge.safetensors")["vectors"]
            graph = (folder / "encoder.onnx").read_bytes()
            tokenizer = (folder / "tokenizer.json").read_text(encoding="utf-8")
            document = json.loads((folder / "judge.json").read_text())
            return cls(
                vectors,
                graph,
                tokenizer,
                int(document["tokens"]),
                float(document["history_decay"]),
                float(document["history_half_life_days"]),
                document["report"],
            )
        except Exception as error:
            raise DamagedModel(f"The judge source in {folder} can't be read: {error}") from error

    def _history(self, query: Query) -> Weighted:
        return weighted_history(query, self.history_decay, self.history_half_life_days)

    def _encoder(self) -> OnnxTextEncoder:
        if self._opened is None:
            width = self.vectors.shape[1]
            self._opened = OnnxTextEncoder(self.graph, self.tokenizer, self.tokens, width, "The judge's text encoder")
        return self._opened
