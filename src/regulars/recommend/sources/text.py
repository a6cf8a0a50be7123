"""Things whose texts resemble what the person did. Doesn't know what others chose: a product added today counts too."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel
from regulars.language.text_features import TextEncoder, TextSettings
from regulars.recommend.dataset import Float32, Int32, Query, Vocabulary
from regulars.recommend.sources._history import strongest, weighted_history
from regulars.recommend.sources.base import CandidateSource


@dataclass(frozen=True, slots=True)
class TextSourceSettings:
    """history_decay per step back, history_half_life_days where there is a clock."""

    history_decay: float = 0.6
    history_half_life_days: float = 30.0


class TextSource(CandidateSource):
    """Score of an item: cosine between its text vector and the weighted mean of the history's."""

    name: ClassVar[str] = "text"

    def __init__(self, vectors: Float32, encoder: TextEncoder, settings: TextSourceSettings | None = None) -> None:
        """vectors: (n, dims), rows of length 1, or zeros where a product has no text."""
        self.vectors = np.ascontiguousarray(vectors)
        self.encoder = encoder
        self.settings = settings or TextSourceSettings()

    @classmethod
    def fit(
        cls,
        vocabulary: Vocabulary,
        text_settings: TextSettings | None = None,
        settings: TextSourceSettings | None = None,
        seed: int = 0,
    ) -> Self:
        """Fit the encoder on the catalogue. Raises InvalidInput for an empty one."""
        encoder, vectors = TextEncoder.fit_transform(vocabulary.texts, text_settings, seed)
        return cls(vectors, encoder, settings)

    def scores(self, query: Query) -> Float32:
        history = weighted_history(query, self.settings.history_decay, self.settings.history_half_life_days)
        mean = history.weights @ self.vectors[history.items]
        length = float(np.linalg.norm(mean))
        if length < 1e-6:
            return np.zeros(len(self.vectors), np.float32)
        scores: Float32 = self.vectors @ (mean / np.float32(length))
        return scores

    def evidence(self, query: Query, items: Int32) -> Int32:
        history = weighted_history(query, self.settings.history_decay, self.settings.history_half_life_days)
        similarities = self.vectors[history.items] @ self.vectors[items].T
        return strongest(history.weights[:, None] * similarities, history.indices)

    def extended(self, vocabulary: Vocabulary) -> Self:
        added = self.encoder.transform(list(vocabulary.texts[len(self.vectors) :]))
        return type(self)(np.concatenate([self.vectors, added]), self.encoder, self.settings)

    def save(self, folder: Path) -> None:
        self.encoder.save(folder)
        save_file({"vectors": self.vectors}, folder / "text.safetensors")
        (folder / "text.json").write_text(json.dumps(asdict(self.settings)))

    @classmethod
    def load(cls, folder: Path) -> Self:
        encoder = TextEncoder.load(folder)
        try:
            vectors = load_file(folder / "text.safetensors")["vectors"]
            settings = TextSourceSettings(**json.loads((folder / "text.json").read_text()))
        except Exception as error:
            raise DamagedModel(f"The text source in {folder} can't be read: {error}") from error
        return cls(vectors, encoder, settings)
