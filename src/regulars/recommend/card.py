"""The model card of a version: what it is for, from what it learned, how good it is and for whom, its limits, the way back.

Made of a training's report and of what was read; holds counts and figures, never a person. `card.json` holds codes and
numbers, so that a page can say them in the reader's language; `card.md` says them in English (Mitchell et al. 2019).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from regulars.errors import DamagedModel
from regulars.language.translations import say_in
from regulars.recommend.card_words import markdown
from regulars.recommend.dataset import Histories, Vocabulary
from regulars.recommend.settings import told
from regulars.recommend.slices import MODEL
from regulars.recommend.train import TrainSettings

FORMAT = 1
FILE, TEXT = "card.json", "card.md"
FEW_CHOICES = 200
"""Held-out choices below which a card says that there are few: recall's interval is then wider than ±.05."""
FEW_PEOPLE = 500
ENOUGH_FOR_A_SLICE = 20
LITTLE_TEXT = 0.5


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version comes from. before: what served when it was made. parent: what its training went on from.
    refused: people left out because they refused personalisation.
    """

    version: str
    seed: int
    refused: int = 0
    before: str | None = None
    parent: str | None = None
    currency: str | None = None


def made(
    origin: Origin,
    vocabulary: Vocabulary,
    histories: Histories,
    settings: TrainSettings | None,
    report: dict[str, Any],
    at: datetime | None = None,
) -> dict[str, Any]:
    """The card, as JSON values. report: what fit_model gave."""
    texts = sum(1 for text in vocabulary.texts if text.strip())
    card: dict[str, Any] = {
        "format": FORMAT,
        "version": origin.version,
        "made_at": (at or datetime.now(UTC)).isoformat(timespec="seconds"),
        "lineage": {"parent": origin.parent, "before": origin.before},
        "data": {
            "people": len(histories),
            "items": len(vocabulary),
            "interactions": len(histories.items),
            "items_touched": len(np.unique(histories.items)),
            "items_with_text": texts,
            "refused": origin.refused,
            "from": _moment(histories, first=True),
            "to": _moment(histories, first=False),
        },
        "settings": {
            "seed": origin.seed,
            "changed": {
                path: {"value": value, "default": usual}
                for path, (value, usual) in told(settings or TrainSettings()).items()
            },
        },
        "parts": {
            "sources": list(report.get("weights", {})),
            "weights": report.get("weights", {}),
            "sequence_skipped": report.get("sequence_skipped"),
            "networks": [
                {name: one.get(name) for name in ("epochs", "stopped", "length")} for one in report.get("sequence", [])
            ],
        },
        "held_out": report.get("held_out", {"choices": 0, "fitted_on_them": False, "sources": {}, "slices": []}),
        "currency": origin.currency,
        "seconds": report.get("seconds", {}),
    }
    card["limits"] = _limits(card)
    return card


def save(card: dict[str, Any], folder: Path) -> None:
    """Writes card.json and card.md into a version's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / TEXT).write_text(markdown(card, say_in("en")), encoding="utf-8")


def load(folder: Path) -> dict[str, Any] | None:
    """A version's card; None for one that has none (made before there were cards). Raises DamagedModel."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        known = card["format"] == FORMAT
    except Exception as error:
        raise DamagedModel(f"{path} can't be read: {error}", file=str(path)) from error
    if not known:
        raise DamagedModel(f"{path} is a card of a format that this version doesn't know.", file=str(path))
    return dict(card)


def _moment(histories: Histories, *, first: bool) -> str | None:
    if not histories.clock or len(histories.times) == 0:
        return None
    at = histories.times.min() if first else histories.times.max()
    return datetime.fromtimestamp(float(at) / 1_000, UTC).isoformat(timespec="seconds")


def _limits(card: dict[str, Any]) -> list[dict[str, Any]]:
    """What a reader should beware of: codes with their arguments, see card_words.limit."""
    data, held = card["data"], card["held_out"]
    found: list[dict[str, Any]] = []

    def beware(code: str, **arguments: Any) -> None:
        found.append({"code": code, **arguments})

    choices = held["choices"]
    if choices == 0:
        beware("not_measured")
    elif choices < FEW_CHOICES:
        beware("few_choices", choices=choices)
    if data["people"] < FEW_PEOPLE:
        beware("few_people", people=data["people"])
    if card["parts"]["sequence_skipped"]:
        beware("without_sequence", reason=card["parts"]["sequence_skipped"])
    if data["items"] and data["items_with_text"] / data["items"] < LITTLE_TEXT:
        beware("little_text", items=data["items_with_text"], of=data["items"])
    if any(one["stopped"] == "time" for one in card["parts"]["networks"]):
        beware("stopped_by_time")
    if held["fitted_on_them"]:
        beware("fitted_on_them")
    model = held["sources"].get(MODEL)
    better = [
        name
        for name, figures in held["sources"].items()
        if model and name != MODEL and figures["ndcg_at_10"][0] > model["ndcg_at_10"][0]
    ]
    for name in better:
        beware("source_is_better", source=name)
    small: list[dict[str, Any]] = []
    for row in held["slices"]:
        gain = row.get("gain")
        if gain is None or math.isnan(gain[0]):
            continue
        where = {"kind": row["kind"], "slice": row["slice"], "choices": row["choices"]}
        if row["choices"] < ENOUGH_FOR_A_SLICE:
            small.append(where)
        elif gain[0] < 0:
            beware(
                "slice_worse" if gain[2] < 0 else "slice_not_better", gain=gain[0], low=gain[1], high=gain[2], **where
            )
    if small:
        beware("slices_too_small", slices=small)
    beware("offline_only")
    return found
