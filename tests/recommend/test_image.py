"""Pictures in a model: a product nobody touched, catalogues without pictures or with few, the transformer's item vectors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from regulars.recommend.dataset import Vocabulary
from regulars.recommend.model import Model
from regulars.recommend.sources.image import ImageSource
from regulars.recommend.train import TrainSettings, fit_model

from .conftest import SMALL, TINY_NETWORK
from .shop import BLACK_TEA, GREEN_TEA, RUNNING_SHOES, query, two_crowds, vocabulary

LOOKING = TrainSettings(
    sequence=replace(TINY_NETWORK, epochs=3),
    text=SMALL,
    picture_source=True,
    picture_content=True,
    held_out_share=0.1,
)


def test_a_catalogue_with_few_pictures_does_without_them() -> None:
    words = vocabulary()
    assert words.pictures is not None
    assert ImageSource.fits(words)
    few = words.pictures.copy()
    few[1:] = 0
    assert not ImageSource.fits(replace(words, pictures=few))
    assert not ImageSource.fits(replace(words, pictures=None))
    model, report = fit_model(replace(words, pictures=None), two_crowds(80), LOOKING)
    assert "image" not in model.sources
    assert report["pictures"] == 0


def test_a_missing_picture_is_near_to_nothing() -> None:
    words = vocabulary()
    assert words.pictures is not None
    some = words.pictures.copy()
    some[BLACK_TEA] = 0
    source = ImageSource.fit(replace(words, pictures=some))
    assert source.scores(query(BLACK_TEA)).max() == 0
    assert source.scores(query(GREEN_TEA))[BLACK_TEA] == 0


def test_a_new_product_is_placed_by_its_picture_where_its_text_says_nothing(tmp_path: Path) -> None:
    model, report = fit_model(vocabulary(), two_crowds(80), LOOKING)
    assert report["pictures"] == 6
    assert "image" in model.sources
    model.save(tmp_path)
    longer = vocabulary(("", ""))
    for one in (model, Model.load(tmp_path)):
        grown = one.extended(longer)
        source = grown.sources["image"]
        assert source.scores(query(GREEN_TEA))[6] > source.scores(query(GREEN_TEA))[7]
        sequence = grown.sources["sequence"].scores(query(GREEN_TEA, BLACK_TEA))
        assert sequence[6] > sequence[7]
        found = grown.retrieve(query(GREEN_TEA), exclude=np.array([GREEN_TEA], np.int32))
        assert 6 in found.items.tolist()
        # What nobody touched is lent what its neighbours have, by its picture alone here.
        row, shoes = found.items.tolist().index(6), found.source_names.index("covisitation")
        assert found.features[row, shoes] > 0
        without = one.extended(Vocabulary(longer.product_ids, longer.texts))
        assert np.isfinite(without.retrieve(query(RUNNING_SHOES)).scores).all()
