"""Goes on from a trained model with all that happened since, offline: every night, say, where a full training is weekly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from regulars.errors import DamagedModel
from regulars.recommend.dataset import Float32, Histories, Int64, Vocabulary
from regulars.recommend.model import COUNTING, Model
from regulars.recommend.sources.base import CandidateSource
from regulars.recommend.sources.image import ImageSource
from regulars.recommend.sources.sequence import SequenceSource
from regulars.recommend.sources.text import TextSource
from regulars.recommend.train import (
    Clock,
    Progress,
    TrainSettings,
    content_of,
    finish_sequence,
    recounted,
    require_items,
    silent,
)


def continue_model(
    vocabulary: Vocabulary,
    histories: Histories,
    folder: Path,
    settings: TrainSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Model, dict[str, Any]]:
    """What `fit_model` gives, from the model in a folder and all that happened since: in a fraction of the time.

    Counts are made anew; the network reads everything finish_epochs times more, from where it was; weights, ranker, the
    text encoder and how fast things fade stay. New products join, products that went leave. What the folder's report says
    of its quality stays the latest that was measured: train in full every so often. Raises DamagedModel, NotEnoughData.
    """
    require_items(vocabulary)
    settings = settings or TrainSettings()
    report: dict[str, Any] = {"items": len(vocabulary), "people": len(histories), "interactions": len(histories.items)}
    seconds: dict[str, float] = {}
    tell = progress or silent
    clock = Clock(seconds)
    tell(0.0, "texts")
    before = Model.load(folder)
    text_before = before.sources.get("text")
    if not isinstance(text_before, TextSource):
        raise DamagedModel(f"The model in {folder} has no text source to go on from.", hint="Train in full.")
    text = TextSource.read_with(text_before.encoder, vocabulary, text_before.settings)
    clock.lap("text")
    sequence = before.sources.get("sequence")
    states = SequenceSource.states(folder / "sequence") if isinstance(sequence, SequenceSource) else []
    sources: list[CandidateSource] = []
    if isinstance(sequence, SequenceSource) and states:
        tell(0.2, "everything once more")
        place = {int(product): item for item, product in enumerate(before.product_ids)}
        old = np.array([place.get(int(product), -1) for product in vocabulary.product_ids], np.int64)
        space = sequence.space
        content = content_of(text, None if space is None else space.project(vocabulary.pictures, len(vocabulary)))
        moved = [_rearranged(state, old) for state in states]
        sources.append(finish_sequence(sequence, moved, content, histories, settings, seed))
        clock.lap("finish_sequence")
    judge = before.sources.get("judge")
    if judge is not None:
        # Its vectors stand in the order of the items: new ones are encoded and put behind, but none can be taken out.
        if np.array_equal(vocabulary.product_ids[: len(before)], before.product_ids):
            sources.append(judge.extended(vocabulary))
        else:
            report["judge_skipped"] = "Products went since it was trained; train in full to have it again."
    tell(0.8, "counts")
    sources += recounted(
        [one for one in before.sources.values() if one.name in COUNTING], len(vocabulary), histories, seed
    )
    sources.append(text)
    image = before.sources.get("image")
    if isinstance(image, ImageSource) and ImageSource.fits(vocabulary):
        sources.append(ImageSource.fit(vocabulary, image.settings))
    clock.lap("final_counts")
    report["weights"] = dict(before.blend.weights)
    report["seconds"] = {**seconds, "total": round(sum(seconds.values()), 3)}
    tell(1.0, "done")
    return Model(vocabulary.product_ids, sources, before.blend, before.ranker, vocabulary.facts), report


def _rearranged(state: Mapping[str, Float32], old: Int64) -> dict[str, Float32]:
    """A network's numbers for other items: old[i] is item i's place before, −1 where it is new (it has no id yet)."""
    ids = state["items.ids"]
    moved = np.where((old >= 0)[:, None], ids[np.maximum(old, 0)], np.float32(0))
    return {**state, "items.ids": moved}
