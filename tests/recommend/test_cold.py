"""A forgotten item is what an added one is: nothing counted, its text alone."""

from __future__ import annotations

import numpy as np

from regulars.recommend.blend import Blend
from regulars.recommend.cold import forgetting
from regulars.recommend.model import Model
from regulars.recommend.sources.covisitation import CovisitationSource
from regulars.recommend.sources.sequence import SequenceSource

from .conftest import Fitted
from .shop import BLACK_TEA, GREEN_TEA, TEAPOT, query, vocabulary


def test_forgotten_is_as_if_added_today(fitted: Fitted) -> None:
    names = ("popular", "covisitation", "ease", "text", "sequence")
    sources = [fitted.sources[name] for name in names]
    model = Model(vocabulary().product_ids, sources, Blend.default(names))
    hazy = forgetting(model, np.array([TEAPOT], np.int32))
    asked = query(GREEN_TEA, BLACK_TEA)
    place = {name: number for number, name in enumerate(hazy.source_names)}
    counted = hazy.sources["covisitation"]
    assert isinstance(counted, CovisitationSource)
    assert counted.scores(asked)[TEAPOT] == 0
    assert counted.scores(query(TEAPOT)).max() == 0
    assert hazy.sources["popular"].scores(asked)[TEAPOT] == 0
    found = hazy.retrieve(asked)
    row = found.items.tolist().index(TEAPOT)
    assert found.features[row, place["text"]] > 0
    before, after = model.sources["sequence"], hazy.sources["sequence"]
    assert isinstance(before, SequenceSource)
    assert isinstance(after, SequenceSource)
    changed = np.abs(before.members[0].vectors - after.members[0].vectors).max(axis=1) > 1e-6
    assert changed.tolist() == [item == TEAPOT for item in range(6)]
    # The model itself remembers.
    assert model.sources["covisitation"].scores(asked)[TEAPOT] > 0
