"""Texts that share words, or pieces of words, are near; in any script; down to one empty text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from regulars.errors import DamagedModel, InvalidInput
from regulars.language.text_features import TextEncoder, TextSettings, normalise, pieces, words

ENGLISH = ["red cotton shirt", "blue cotton shirts", "steel kettle", "copper kettles", "garden hose"]
CHINESE = ["纯棉红色衬衫", "纯棉蓝色衬衫", "不锈钢电热水壶", "铜制热水壶", "花园水管"]


def test_words_and_pieces() -> None:
    assert words("red cotton") == ["red", "cotton", "red cotton"]
    assert words("3.5 oz") == ["3.5", "oz", "3.5 oz"]
    assert words("热水壶") == ["热", "水", "壶", "热 水", "水 壶"]
    assert words("usb数据线") == ["usb", "数", "据", "线", "usb 数", "数 据", "据 线"]
    assert pieces("ox") == [" ox", "ox ", " ox "]
    assert pieces("") == []


def test_normalise_folds_width_case_and_latin_accents_only() -> None:
    assert normalise("Ｃafé ＡＢ") == "cafe ab"
    assert normalise("ガラス") == "ガラス"
    assert len(normalise("x" * 10_000)) == 2_000


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE])
def test_like_texts_are_near(texts: list[str]) -> None:
    vectors = TextEncoder.fit(texts, TextSettings(dims=8)).transform(texts)
    near = vectors @ vectors.T
    np.fill_diagonal(near, -1)
    assert near[:4].argmax(axis=1).tolist() == [1, 0, 3, 2]


@pytest.mark.parametrize("texts", [[""], ["tea"], ["", "", ""], ["a"], ["!!!", "…"], ["tea", ""], ["茶"]])
def test_tiny_catalogues(texts: list[str]) -> None:
    encoder, rows = TextEncoder.fit_rows(texts)
    vectors = encoder.project(rows)
    assert vectors.shape == (len(texts), 256)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-4) | (lengths == 0))
    np.testing.assert_allclose(encoder.transform(texts), vectors, atol=1e-5)


def test_no_texts_at_all() -> None:
    with pytest.raises(InvalidInput):
        TextEncoder.fit([])
    assert TextEncoder.fit(ENGLISH).transform([]).shape == (0, 256)


def test_unknown_words_have_no_direction() -> None:
    assert not TextEncoder.fit(ENGLISH, TextSettings(dims=4)).transform(["zzzz"]).any()


def test_a_vocabulary_has_a_bound() -> None:
    settings = TextSettings(dims=4, max_words=3, max_pieces=5)
    encoder = TextEncoder.fit(ENGLISH, settings)
    assert (len(encoder.terms["words"]), len(encoder.terms["pieces"])) == (3, 5)
    assert TextEncoder.fit(ENGLISH, TextSettings(dims=4, max_pieces=0)).terms["pieces"] == []


def test_the_same_seed_gives_the_same_vectors() -> None:
    first, second = (TextEncoder.fit(ENGLISH, TextSettings(dims=4), seed=3).transform(ENGLISH) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    encoder = TextEncoder.fit(ENGLISH + CHINESE, TextSettings(dims=6))
    encoder.save(tmp_path)
    loaded = TextEncoder.load(tmp_path)
    assert loaded.same_as(encoder)
    np.testing.assert_array_equal(loaded.transform(["blue kettle", "衬衫"]), encoder.transform(["blue kettle", "衬衫"]))
    assert {file.suffix for file in tmp_path.iterdir()} == {".json", ".safetensors"}


def test_damage_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(DamagedModel):
        TextEncoder.load(tmp_path)
    TextEncoder.fit(ENGLISH, TextSettings(dims=6)).save(tmp_path / "a")
    TextEncoder.fit(CHINESE, TextSettings(dims=6)).save(tmp_path / "b")
    (tmp_path / "a" / "text_terms.json").write_text((tmp_path / "b" / "text_terms.json").read_text())
    with pytest.raises(DamagedModel):
        TextEncoder.load(tmp_path / "a")
