"""How good predictions are: accuracy, calibration, what is mistaken for what. Knows no model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.assist.intents.model import Prediction
from regulars.assist.intents.settings import OUT_OF_SCOPE

BINS = 15


def calibration_error(probabilities: npt.NDArray[Any], right: npt.NDArray[Any], bins: int = BINS) -> float:
    """Expected calibration error: Σ over bins of equal width, share of the texts × |accuracy − mean probability| (Guo et al. 2017).

    >>> calibration_error(np.array([0.9, 0.9]), np.array([True, True]))
    0.1
    """
    if len(probabilities) == 0:
        return 0.0
    at = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    gaps = [
        abs(float(right[at == one].mean()) - float(probabilities[at == one].mean())) * float((at == one).mean())
        for one in np.unique(at)
    ]
    return round(sum(gaps), 10)


def judged(predictions: Sequence[Prediction], intents: Sequence[str], confused: int = 20) -> dict[str, Any]:
    """Predictions against what the texts were.

    "accuracy": right intents of the texts in scope, nothing refused; "in_scope": right and not refused; "outside_recall": refused
    of the texts out of scope; "ece": of the texts in scope; "confusions": the commonest [was, taken for, times]; "by_intent": recall
    of each. What can't be said is left out.
    """
    inside = [(one, was) for one, was in zip(predictions, intents, strict=True) if was != OUT_OF_SCOPE]
    outer = [one for one, was in zip(predictions, intents, strict=True) if was == OUT_OF_SCOPE]
    out: dict[str, Any] = {"texts": len(predictions)}
    if inside:
        right = np.array([one.intent == was for one, was in inside])
        kept = np.array([one.in_scope for one, _ in inside])
        out["accuracy"] = float(right.mean())
        out["in_scope"] = float((right & kept).mean())
        out["ece"] = calibration_error(np.array([one.probability for one, _ in inside]), right)
        pairs = Counter((was, one.intent) for one, was in inside if one.intent != was)
        out["confusions"] = [[*pair, times] for pair, times in pairs.most_common(confused)]
        seen = Counter(was for _, was in inside)
        hits = Counter(was for one, was in inside if one.intent == was)
        out["by_intent"] = {name: hits[name] / seen[name] for name in sorted(seen)}
    if outer:
        out["outside_recall"] = float(np.mean([not one.in_scope for one in outer]))
    return out
