"""What does a customer want? Texts in, intents with calibrated probabilities out, and whether a text is any of them at all.

Serves with onnxruntime and NumPy. Doesn't know what an intent leads to, who is writing, or what was said before; a bare yes, no or
order number is better read by rules. Trained by train.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from regulars.assist.intents.settings import OUT_OF_SCOPE
from regulars.errors import DamagedModel
from regulars.language.text_encoders import OnnxTextEncoder, encode_multilingual
from regulars.language.text_features import TextEncoder
from regulars.language.unit_vectors import unit_rows

Float32 = npt.NDArray[np.float32]

MAX_CHARACTERS = 500
"""A text is read up to here: what somebody wants stands at its beginning, and a turn has to be answered in time."""

RANKED = 5
"""Intents in a prediction's ranking."""

SIGNS = ("share", "doubt", "surprise", "energy", "distance", "distance_multilingual")
"""What tells that a text is out of scope, larger = further out: log odds of the class "out of scope"; entropy of the intents;
−log of the best one's probability; −logsumexp of the first part's logits (Liu et al. 2020); 1 − cosine to the nearest example."""

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af]")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Prediction:
    """intent: the likeliest one, even when the text is out of scope. probability: of it, calibrated, given that the text is in
    scope. in_scope: is the text about any of the intents? outside: 0 to 1, the model's belief that it isn't.
    ranking: the likeliest intents with their probabilities, best first, at most RANKED.
    """

    intent: str
    probability: float
    in_scope: bool
    outside: float
    ranking: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Head:
    """A linear classifier on one part's rows: logits = rows @ weight + bias. learned: (k,) false where it never saw the class."""

    weight: Float32
    bias: Float32
    learned: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        # Half precision is what is stored: rounding now makes a loaded model equal to the fitted one.
        object.__setattr__(self, "weight", self.weight.astype(np.float16).astype(np.float32))

    def logits(self, rows: Any) -> Float32:
        """(n, k) of (n, d) dense or sparse rows; a class never seen has the smallest of its row."""
        out = np.asarray(rows @ self.weight, np.float32) + self.bias
        if not self.learned.all():
            out[:, ~self.learned] = out[:, self.learned].min(axis=1, keepdims=True)
        logits: Float32 = out
        return logits


@dataclass(frozen=True, slots=True)
class Blend:
    """How the parts are read for one kind of script. weights: of the parts' log-probabilities. temperature: of their sum.
    signs: (len(SIGNS),) and offset: belief = sigmoid(signs · measured + offset). threshold: from this belief on a text is out
    of scope.
    """

    weights: Mapping[str, float]
    temperature: float
    signs: tuple[float, ...]
    offset: float
    threshold: float


@dataclass(slots=True)
class Readings:
    """What the parts say of n texts: logits (n, k) by part, and 1 − cosine to the nearest example (n,) by part."""

    logits: dict[str, Float32]
    distances: dict[str, Float32]

    def rows(self, chosen: npt.NDArray[Any]) -> Readings:
        """Of these texts only."""
        return Readings(
            {part: values[chosen] for part, values in self.logits.items()},
            {part: values[chosen] for part, values in self.distances.items()},
        )


def log_softmax(logits: Float32) -> Float32:
    """Along the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    out: Float32 = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return out


def joined(readings: Readings, weights: Mapping[str, float]) -> Float32:
    """(n, k): Σ weight · log-softmax of each part's logits (a product of experts, Hinton 2002)."""
    total: Float32 | None = None
    for part, weight in weights.items():
        if weight:
            share = np.float32(weight) * log_softmax(readings.logits[part])
            total = share if total is None else total + share
    assert total is not None
    return total


def measured(
    readings: Readings, scores: Float32, weights: Mapping[str, float], temperature: float, outside: int | None
) -> Float32:
    """(n, len(SIGNS)). scores: from `joined` with these weights; parts without weight aren't looked at, the first one's energy is.
    outside: the column of the class out of scope.
    """
    first = next(iter(weights))
    scaled = scores / np.float32(temperature)
    every = log_softmax(scaled)
    zeros = np.zeros(len(scores), np.float32)
    share = zeros
    if outside is not None:
        within = np.log1p(-np.exp(np.minimum(every[:, outside], -1e-6)))
        share = np.clip(every[:, outside] - within, -30, 30)
        scaled = np.delete(scaled, outside, axis=1)
    logs = log_softmax(scaled)
    probabilities = np.exp(logs)
    raw = readings.logits[first] if outside is None else np.delete(readings.logits[first], outside, axis=1)
    top = raw.max(axis=1)
    energy = -(top + np.log(np.exp(raw - top[:, None]).sum(axis=1)))
    columns = [share, -(probabilities * logs).sum(axis=1), -logs.max(axis=1), energy]
    columns += [
        readings.distances[part] if weights.get(part) and part in readings.distances else zeros
        for part in ("sentence", "multilingual")
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def clean(text: str) -> str:
    """As the parts read it: one space where there were several, at most MAX_CHARACTERS."""
    return _SPACES.sub(" ", text[: 4 * MAX_CHARACTERS]).strip()[:MAX_CHARACTERS]


def script_of(text: str) -> str:
    """ "cjk" when the text has Chinese, Japanese or Korean characters, else "latin"."""
    return "cjk" if _CJK.search(text) else "latin"


@dataclass(slots=True)
class Reader:
    """Texts → rows by part. encoder: of the part "sentence". terms: of the part "terms". Each may be missing."""

    encoder: OnnxTextEncoder | None = None
    terms: TextEncoder | None = None
    multilingual: bool = True

    @property
    def parts(self) -> tuple[str, ...]:
        """Those that are there."""
        there = {
            "sentence": self.encoder is not None,
            "multilingual": self.multilingual,
            "terms": self.terms is not None,
        }
        return tuple(part for part, is_there in there.items() if is_there)

    def rows(self, part: str, texts: Sequence[str]) -> Any:
        """(n, d), dense or CSR; rows of length 1 or empty."""
        if part == "sentence":
            assert self.encoder is not None
            return self.encoder.encode(texts)
        if part == "multilingual":
            return encode_multilingual(texts)
        assert self.terms is not None
        return self.terms.rows(texts)


@dataclass(slots=True)
class IntentModel:
    """classes: the heads' columns in order, with OUT_OF_SCOPE when there were examples of it. heads, by part. examples: by dense
    part, (m, d) the rows that distances are measured to. blends: by script. report: see train.py.
    """

    classes: tuple[str, ...]
    reader: Reader
    heads: Mapping[str, Head]
    examples: Mapping[str, Float32]
    blends: Mapping[str, Blend]
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def intents(self) -> tuple[str, ...]:
        """What can be predicted."""
        return tuple(name for name in self.classes if name != OUT_OF_SCOPE)

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction a text. A text without a letter or digit is out of scope. Raises DamagedModel, Unavailable."""
        out: list[Prediction | None] = [None] * len(texts)
        cleaned = [clean(text) for text in texts]
        for script, blend in self.blends.items():
            chosen = [place for place, text in enumerate(cleaned) if script_of(text) == script]
            if chosen:
                given = [cleaned[place] for place in chosen]
                found = self.decide(
                    given, self.read(given, [p for p, weight in blend.weights.items() if weight]), blend
                )
                for place, prediction in zip(chosen, found, strict=True):
                    out[place] = prediction
        return [prediction for prediction in out if prediction is not None]

    def read(self, texts: Sequence[str], parts: Sequence[str]) -> Readings:
        """What these parts say of cleaned texts."""
        logits: dict[str, Float32] = {}
        distances: dict[str, Float32] = {}
        for part in parts:
            rows = self.reader.rows(part, texts)
            logits[part] = self.heads[part].logits(rows)
            if part in self.examples:
                distances[part] = 1 - (rows @ self.examples[part].T).max(axis=1)
        return Readings(logits, distances)

    def vectors(self, texts: Sequence[str]) -> Float32:
        """(n, d) unit rows in which texts that say the same are near; for choosing among unlabelled texts."""
        cleaned = [clean(text) for text in texts]
        dense = [self.reader.rows(part, cleaned) for part in self.reader.parts if part != "terms"]
        rows = np.hstack(dense) if dense else np.asarray(self.reader.rows("terms", cleaned).todense(), np.float32)
        return unit_rows(rows)

    def decide(self, texts: Sequence[str], readings: Readings, blend: Blend) -> list[Prediction]:
        """Predictions from what the parts said of cleaned texts."""
        scores = joined(readings, blend.weights)
        outside = self.classes.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in self.classes else None
        signs = measured(readings, scores, blend.weights, blend.temperature, outside)
        belief = 1 / (1 + np.exp(-np.clip(signs @ np.asarray(blend.signs, np.float32) + blend.offset, -60, 60)))
        within = scores if outside is None else np.delete(scores, outside, axis=1)
        probabilities = np.exp(log_softmax(within / np.float32(blend.temperature)))
        names = self.intents
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :RANKED]
        out = []
        for row, text in enumerate(texts):
            ranking = tuple((names[column], float(probabilities[row, column])) for column in best[row].tolist())
            said = any(character.isalnum() for character in text)
            outer = float(belief[row]) if said else 1.0
            out.append(Prediction(*ranking[0], said and outer < blend.threshold, outer, ranking))
        return out

    def save(self, folder: Path) -> None:
        """Write intents.json, intents.safetensors and the parts' files into the folder, which is made if needed."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors: dict[str, npt.NDArray[Any]] = {}
        for part, head in self.heads.items():
            # Half precision halves the file; it moves a probability by less than a thousandth.
            weight = head.weight.astype(np.float16)
            tensors |= {f"{part}.weight": weight, f"{part}.bias": head.bias, f"{part}.learned": head.learned}
        for part, rows in self.examples.items():
            tensors[f"{part}.examples"] = rows.astype(np.float16)
        save_file(
            {name: np.ascontiguousarray(value) for name, value in tensors.items()}, folder / "intents.safetensors"
        )
        encoder = self.reader.encoder
        if encoder is not None:
            (folder / "encoder.onnx").write_bytes(encoder.graph)
            (folder / "tokenizer.json").write_text(encoder.tokenizer, encoding="utf-8")
        if self.reader.terms is not None:
            self.reader.terms.save(folder / "terms")
        document = {
            "classes": self.classes,
            "parts": self.reader.parts,
            "encoder": None if encoder is None else {"tokens": encoder.tokens, "width": encoder.width},
            "blends": {script: asdict(blend) for script, blend in self.blends.items()},
            "report": self.report,
        }
        (folder / "intents.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises DamagedModel when a file is missing or the parts don't fit."""
        try:
            document = json.loads((folder / "intents.json").read_text(encoding="utf-8"))
            tensors = load_file(folder / "intents.safetensors")
            parts, encoder = document["parts"], None
            if "sentence" in parts:
                encoder = OnnxTextEncoder(
                    (folder / "encoder.onnx").read_bytes(),
                    (folder / "tokenizer.json").read_text(encoding="utf-8"),
                    int(document["encoder"]["tokens"]),
                    int(document["encoder"]["width"]),
                    "The intent model's text encoder",
                )
            terms = TextEncoder.load(folder / "terms") if "terms" in parts else None
            heads = {
                part: Head(
                    tensors[f"{part}.weight"].astype(np.float32),
                    tensors[f"{part}.bias"],
                    tensors[f"{part}.learned"].astype(np.bool_),
                )
                for part in parts
            }
            examples = {
                part: tensors[f"{part}.examples"].astype(np.float32) for part in parts if f"{part}.examples" in tensors
            }
            blends = {
                script: Blend(**{**one, "signs": tuple(one["signs"])}) for script, one in document["blends"].items()
            }
            model = cls(
                tuple(document["classes"]),
                Reader(encoder, terms, "multilingual" in parts),
                heads,
                examples,
                blends,
                document["report"],
            )
            if any(head.weight.shape[1] != len(model.classes) for head in heads.values()) or not blends:
                raise ValueError("its parts have different sizes")
        except DamagedModel:
            raise
        except Exception as error:
            raise DamagedModel(f"The intent model in {folder} can't be read: {error}") from error
        return model
