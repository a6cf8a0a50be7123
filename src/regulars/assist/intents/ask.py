"""Which unlabelled texts are worth a person's time? Offline; knows the model, not the people.

A label is worth most where the model wavers and where many like texts are waiting: margin × density (Settles 2009, information
density), chosen one after the other so that twenty questions aren't one question twenty times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from regulars.assist.intents.model import IntentModel, Prediction, clean

ASKED = 20
NEAR = 10
"""Neighbours whose likeness is a text's density."""

POOL = 4_000
"""Texts that are compared with each other, at most: all pairs of more would cost seconds and gigabytes."""

ALIKE = 0.9
"""Cosine from which two texts are the same question."""


@dataclass(frozen=True, slots=True)
class Question:
    """A text to be labelled. value: unsure × density, larger = worth more. unsure: 1 − (best − second best), 1 where the model
    can't tell whether it is in scope. density: mean cosine to its nearest waiting texts. prediction: the model's guess.
    """

    text: str
    value: float
    unsure: float
    density: float
    prediction: Prediction


def worth_asking(
    unlabelled: Sequence[str], model: IntentModel, count: int = ASKED, known: Sequence[str] = (), seed: int = 0
) -> list[Question]:
    """The `count` texts worth most, best first. known: labelled texts, near which nothing is asked again. seed: of the sample when
    more than POOL texts are waiting.
    """
    labelled = {clean(text).casefold() for text in known}
    unique: dict[str, str] = {}
    for text in map(clean, unlabelled):
        if text and text.casefold() not in labelled:
            unique.setdefault(text.casefold(), text)
    texts = list(unique.values())
    if len(texts) > POOL:
        chosen = np.random.default_rng(seed).choice(len(texts), POOL, replace=False)
        texts = [texts[at] for at in np.sort(chosen).tolist()]
    if not texts:
        return []
    predictions = model.predict(texts)
    vectors = model.vectors(texts)
    unsure = np.array([_unsure(one) for one in predictions])
    density = _density(vectors)
    value = unsure * density
    told = model.vectors(sorted(labelled)) if labelled else np.zeros((0, vectors.shape[1]), np.float32)
    nearest = (vectors @ told.T).max(axis=1) if len(told) else np.full(len(texts), -1.0)
    out: list[Question] = []
    free = np.ones(len(texts), np.bool_)
    while len(out) < count and free.any():
        # What is like something asked or known already tells less: its value fades with the likeness.
        left = np.where(free, value * (1 - np.clip(nearest, 0, 1) ** 2), -1.0)
        at = int(np.argmax(left))
        if left[at] <= 0:
            break
        free[at] = False
        if nearest[at] < ALIKE:
            out.append(Question(texts[at], float(left[at]), float(unsure[at]), float(density[at]), predictions[at]))
            nearest = np.maximum(nearest, vectors @ vectors[at])
    return out


def _unsure(prediction: Prediction) -> float:
    probabilities = [share for _, share in prediction.ranking[:2]]
    margin = probabilities[0] - (probabilities[1] if len(probabilities) > 1 else 0.0)
    edge = 1 - abs(2 * prediction.outside - 1)
    return max(1 - margin, edge) if prediction.in_scope else max(edge, (1 - prediction.outside) * (1 - margin))


def _density(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Mean cosine to the NEAR nearest others, at least a little: a lone text may still be asked."""
    near = min(NEAR, len(vectors) - 1)
    if near < 1:
        return np.ones(len(vectors))
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1.0)
    nearest = np.partition(likeness, -near, axis=1)[:, -near:]
    density: npt.NDArray[np.float64] = np.clip(nearest.mean(axis=1).astype(np.float64), 0.05, 1.0)
    return density
