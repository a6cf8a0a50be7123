"""The linear heads, how they are blended, and where the scope ends. Fitted on rows and readings; knows no texts and no torch."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.assist.intents.model import SIGNS, Blend, Float32, Head, Readings, joined, log_softmax, measured
from regulars.assist.intents.settings import IntentSettings

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FIRST = {"latin": ("sentence", "multilingual", "terms"), "cjk": ("multilingual", "terms")}
"""Parts that read a script, the best first: its weight is 1, the others' are found."""

WEIGHTS = (0.0, 0.15, 0.3, 0.5, 0.8, 1.2)
USUAL = {"multilingual": 0.3, "terms": 0.15}
USUAL_TEXTS = 30.0
"""Other weights than USUAL have to bring as much as this many texts would lose: few validation texts choose at random."""
STEPS = 120
MIN_OUTSIDE = 15
"""Fewer examples out of scope than this fix no threshold."""
DRAW = 6.0
"""Weight of the squared logarithm of a temperature, in texts."""
TEMPERATURES = tuple(float(one) for one in np.geomspace(0.1, 8.0, 40))


def fit_head(rows: Any, labels: Int64, size: int, strength: float, shared: Bools | None = None) -> Head:
    """Multinomial logistic regression with a ridge. rows: (n, d), dense or CSR. labels: (n,) of `size` classes. shared: (n,) rows
    to learn from; None = all.
    """
    from sklearn.linear_model import LogisticRegression

    if shared is not None:
        rows, labels = rows[np.flatnonzero(shared)], labels[shared]
    learned = np.zeros(size, np.bool_)
    present = np.unique(labels)
    learned[present] = True
    weight = np.zeros((rows.shape[1], size), np.float32)
    bias = np.zeros(size, np.float32)
    if len(present) < 2:
        bias[~learned] = -10.0
        return Head(weight, bias, np.ones(size, np.bool_))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not having converged is no matter: validation judges
        model = LogisticRegression(C=strength, max_iter=STEPS, tol=1e-3).fit(rows, labels)
    coefficients, offsets = model.coef_, model.intercept_
    if len(present) == 2:
        coefficients, offsets = np.vstack([-coefficients, coefficients]) / 2, np.concatenate([-offsets, offsets]) / 2
    weight[:, present] = coefficients.T
    bias[present] = offsets
    return Head(weight, bias, learned)


def fit_blend(
    script: str, readings: Readings, labels: Int64, within: Bools, outside: int | None, settings: IntentSettings
) -> tuple[Blend, dict[str, Any]]:
    """Weights, temperature and scope for one script, from what the parts said of texts that they hadn't learned.

    labels: (n,), of the texts in scope alone they count. within: (n,) which are in scope. outside: the column of the class out
    of scope. Returns the blend and a report: "nll", "accuracy", "threshold" and, by sign,
    the share of the examples out of scope that it recognises alone at the same share of refusals.
    """
    parts = [part for part in FIRST[script] if part in readings.logits]
    if not parts:
        parts = list(readings.logits)
    if not within.any():
        rest = dict.fromkeys(parts[1:], 0.5)
        return Blend({parts[0]: 1.0, **rest}, 1.0, _one_sign("doubt"), -1.0, 0.5), {}
    weights = _weights(parts, readings.rows(within), labels[within], outside)
    scores = joined(readings, weights)
    known = scores if outside is None else np.delete(scores, outside, axis=1)
    wanted = labels if outside is None else labels - (labels > outside)
    temperature = fit_temperature(known[within], wanted[within])
    signs = measured(readings, scores, weights, temperature, outside)
    coefficients, offset, threshold, tried = fit_scope(signs, ~within, settings)
    logs = log_softmax(known[within] / np.float32(temperature))
    report = {
        "weights": weights,
        "temperature": round(temperature, 4),
        "nll": round(float(-logs[np.arange(len(logs)), wanted[within]].mean()), 4),
        "accuracy": round(float((logs.argmax(1) == wanted[within]).mean()), 4),
        **tried,
    }
    return Blend(weights, temperature, coefficients, offset, threshold), report


def fit_temperature(scores: Float32, labels: Int64) -> float:
    """The temperature with the smallest negative log-likelihood (Guo et al. 2017), of TEMPERATURES, then between neighbours.

    Drawn towards 1, the more the fewer texts there are: a handful that all went right would ask for certainty.
    """
    rows = np.arange(len(labels))

    def loss(temperature: float) -> float:
        away = np.log(temperature) ** 2 * DRAW / len(labels)
        return float(away - log_softmax(scores / np.float32(temperature))[rows, labels].mean())

    best = min(range(len(TEMPERATURES)), key=lambda at: loss(TEMPERATURES[at]))
    low, high = TEMPERATURES[max(best - 1, 0)], TEMPERATURES[min(best + 1, len(TEMPERATURES) - 1)]
    return min((float(one) for one in np.linspace(low, high, 15)), key=loss)


def fit_scope(
    signs: Float32, outside: Bools, settings: IntentSettings
) -> tuple[tuple[float, ...], float, float, dict[str, Any]]:
    """signs: (n, len(SIGNS)). outside: (n,) true where the text is out of scope. Returns coefficients, offset, threshold, report.

    With MIN_OUTSIDE examples out of scope all signs are weighed by logistic regression, both sides counting the same, and from a
    belief of one half on a text is refused, but no more than 1 − settings.kept of what is in scope. Without, the doubt alone decides,
    and that share is refused.
    """
    tried: dict[str, Any] = {"outside": int(outside.sum())}
    if outside.sum() < MIN_OUTSIDE:
        doubt = signs[~outside, SIGNS.index("doubt")]
        edge = float(np.quantile(doubt, settings.kept)) if len(doubt) else 1.0
        slope = 4.0 / max(edge, 1e-3)
        return _one_sign("doubt", slope), -slope * edge, 0.5, tried
    recalls = {}
    for at, name in enumerate(SIGNS):
        if np.ptp(signs[:, at]) > 0:
            edge = float(np.quantile(signs[~outside, at], settings.kept))
            recalls[name] = round(float((signs[outside, at] > edge).mean()), 4)
    from sklearn.linear_model import LogisticRegression

    mean, deviation = signs.mean(0), signs.std(0)
    scale = np.where(deviation > 1e-6, deviation, 1.0)
    model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=1000).fit((signs - mean) / scale, outside)
    coefficients = np.asarray(model.coef_[0] / scale, np.float64)
    offset = float(model.intercept_[0] - coefficients @ mean)
    belief = 1 / (1 + np.exp(-np.clip(signs @ coefficients + offset, -60, 60)))
    edge = float(np.quantile(belief[~outside], settings.kept))
    threshold = max(0.5, edge)
    refused = belief >= threshold
    recalls["together"] = round(float((belief[outside] > edge).mean()), 4)
    tried |= {
        "recall_when_kept": recalls,
        "threshold": round(threshold, 4),
        "outside_recall": round(float(refused[outside].mean()), 4),
        "wrongly_refused": round(float(refused[~outside].mean()), 4),
    }
    return tuple(float(one) for one in coefficients), offset, threshold, tried


def _weights(parts: Sequence[str], readings: Readings, labels: Int64, outside: int | None) -> dict[str, float]:
    """Of WEIGHTS for all parts but the first, those with the smallest negative log-likelihood at their best temperature."""
    logs = {part: log_softmax(readings.logits[part]) for part in parts}
    if outside is not None:
        logs = {part: np.delete(values, outside, axis=1) for part, values in logs.items()}
        labels = labels - (labels > outside)
    rows = np.arange(len(labels))
    best, found = np.inf, dict.fromkeys(parts, 0.0)
    for others in itertools.product(WEIGHTS, repeat=len(parts) - 1):
        total = logs[parts[0]].copy()
        for part, weight in zip(parts[1:], others, strict=True):
            if weight:
                total += np.float32(weight) * logs[part]
        away = sum((weight - USUAL[part]) ** 2 for part, weight in zip(parts[1:], others, strict=True))
        # Few temperatures here: this is asked dozens of times, and the chosen weights get an exact one afterwards.
        for temperature in (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0):
            loss = float(-log_softmax(total / np.float32(temperature))[rows, labels].mean())
            loss += away * USUAL_TEXTS / len(labels)
            if loss < best:
                best, found = loss, {parts[0]: 1.0, **dict(zip(parts[1:], others, strict=True))}
    return found


def _one_sign(name: str, value: float = 1.0) -> tuple[float, ...]:
    return tuple(value if sign == name else 0.0 for sign in SIGNS)
