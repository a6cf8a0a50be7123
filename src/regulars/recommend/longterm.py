"""What showing a product is worth for the person's coming back: a learned sum over a few facts of the product beside this person.

Learned in learning/returns.py from lists that were shown and from who came back within 28 days; this file only adds up. Never
imports torch or polars.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from weakref import WeakKeyDictionary

import numpy as np
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.dataset import Float32, Int32, Int64
from regulars.recommend.model import Candidates
from regulars.recommend.slate import in_spreads

FACTS = ("fit", "tired", "new_kind", "fresh", "price_fit", "rating", "buyers_return", "popular")
"""What is asked of a product beside a person.

fit: its score among the candidates, in spreads. tired: log(1 + times shown and not followed). new_kind: 1 where the person never
touched its category. fresh: log(1 + days since it was added). price_fit: |log of its price over the median of the history|.
rating: mean of its reviews, drawn towards the shop's. buyers_return: share of its buyers who ordered again within 28 days,
drawn towards the shop's. popular: log(1 + times it was chosen).
"""
FILE = "return_value"


def facts(
    catalogue: Catalogue,
    history: Int32,
    tired: Mapping[int, int],
    items: Int32,
    fit: Float32,
    known: Mapping[str, Float32],
) -> Float32:
    """(c, len(FACTS)) of these items; 0 where something isn't known.

    history: positions, oldest first. fit: (c,). known: rating, buyers_return and popular of all items, (n,).
    """
    out = np.zeros((len(items), len(FACTS)), np.float32)
    out[:, 0] = fit
    if tired:
        out[:, 1] = np.log1p([tired.get(item, 0) for item in items.tolist()])
    kinds = catalogue.kinds[items]
    touched = np.unique(catalogue.kinds[history]) if len(history) else np.zeros(0, np.int32)
    out[:, 2] = (kinds >= 0) & ~np.isin(kinds, touched)
    newest = float(catalogue.created.max(initial=0.0))
    out[:, 3] = np.log1p(np.maximum(newest - catalogue.created[items], 0) / 86_400)
    paid = catalogue.price[history] if len(history) else np.zeros(0)
    paid = paid[paid > 0]
    if len(paid):
        prices = catalogue.price[items]
        with np.errstate(divide="ignore", invalid="ignore"):
            away = np.abs(np.log(prices / np.median(paid)))
        out[:, 4] = np.nan_to_num(away, nan=0.0, posinf=0.0, neginf=0.0)
    for column, name in ((5, "rating"), (6, "buyers_return"), (7, "popular")):
        if name in known:
            out[:, column] = known[name][items]
    return out


@dataclass(frozen=True, eq=False)
class ReturnValue:
    """The learned sum. weights, means, widths: (len(FACTS),) of facts as they were learned from.

    product_ids, known: (n,) what is kept of each product. report: how it was learned and how far off it was.
    """

    weights: Float32
    means: Float32
    widths: Float32
    product_ids: Int64
    known: Mapping[str, Float32]
    report: Mapping[str, Any]

    def of(self, catalogue: Catalogue, history: Int32, tired: Mapping[int, int], candidates: Candidates) -> Float32:
        """(c,) each candidate's worth, in standard deviations among these candidates."""
        fit = in_spreads(candidates.scores)
        found = facts(catalogue, history, tired, candidates.items, fit, self._aligned(catalogue))
        values = ((found - self.means) / self.widths) @ self.weights
        apart = float(values[:200].std())
        return np.asarray((values - values.mean()) / (apart if apart > 1e-9 else 1.0), np.float32)

    def _aligned(self, catalogue: Catalogue) -> dict[str, Float32]:
        kept = _aligned.get(catalogue)
        if kept is not None and kept[0]() is self:
            return kept[1]
        places = np.array([-1 if (at := catalogue.place.get(one)) is None else at for one in self.product_ids.tolist()])
        columns = {}
        for name, values in self.known.items():
            usual = float(np.median(values)) if len(values) else 0.0
            column = np.full(len(catalogue), usual, np.float32)
            column[places[places >= 0]] = values[places >= 0]
            columns[name] = column
        _aligned[catalogue] = weakref.ref(self), columns
        return columns

    def save(self, folder: Path) -> None:
        tensors = {f"known.{name}": values for name, values in self.known.items()}
        save_file({"product_ids": self.product_ids, **tensors}, folder / f"{FILE}.safetensors")
        document = {
            "facts": list(FACTS),
            "weights": self.weights.tolist(),
            "means": self.means.tolist(),
            "widths": self.widths.tolist(),
            "report": dict(self.report),
        }
        (folder / f"{FILE}.json").write_text(json.dumps(document, indent=1))

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """What `save` wrote, None where there is none or it was learned on other facts. Raises: DamagedModel."""
        if not (folder / f"{FILE}.json").exists():
            return None
        try:
            document = json.loads((folder / f"{FILE}.json").read_text())
            if tuple(document["facts"]) != FACTS:
                return None
            tensors = load_file(folder / f"{FILE}.safetensors")
            weights, means, widths = (np.array(document[name], np.float32) for name in ("weights", "means", "widths"))
            known = {
                name.removeprefix("known."): values for name, values in tensors.items() if name.startswith("known.")
            }
            return cls(weights, means, widths, tensors["product_ids"], known, document["report"])
        except Exception as error:
            raise DamagedModel(f"What coming back is worth in {folder} can't be read: {error}") from error


_aligned: WeakKeyDictionary[Catalogue, tuple[weakref.ref[ReturnValue], dict[str, Float32]]] = WeakKeyDictionary()
