"""Intents with the real bundled encoders, on a handful of phrases whose right answer a reader sees."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regulars.assist.intents import bundled
from regulars.assist.intents.bundled import LOCALES, bundled_model, bundled_phrases
from regulars.assist.intents.fitting import fit_temperature
from regulars.assist.intents.measures import calibration_error, judged
from regulars.assist.intents.model import MAX_CHARACTERS, IntentModel, Prediction, clean
from regulars.assist.intents.settings import OUT_OF_SCOPE, Example, IntentSettings
from regulars.assist.intents.train import fit_intents, folds, held_rows
from regulars.errors import DamagedModel, InvalidInput, NotEnoughData

from .conftest import CHEAP, FEW

FLOWS = {
    *(
        "track_order",
        "cancel_order",
        "change_address",
        "change_items",
        "change_payment",
        "return_items",
        "exchange_items",
    ),
    *("refund_status", "invoice", "store_credit", "stock_alert", "update_profile_address", "recommend", "find_product"),
    *("ask_help", "product_question", "confirm", "deny", "cancel_flow", "greeting", "thanks", "goodbye"),
    *("bot_challenge", "abuse", "praise", "complaint", "handover", "out_of_scope"),
}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_flow_has_phrases_of_its_own(locale: str) -> None:
    phrases = bundled_phrases(locale)
    assert set(phrases) == FLOWS
    assert min(map(len, phrases.values())) >= 40
    said = [text.casefold() for texts in phrases.values() for text in texts]
    assert len(said) == len(set(said))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("has my parcel been sent out already?", "track_order"),
        ("wher is my pakage", "track_order"),
        ("I would like to cancel what I ordered an hour ago", "cancel_order"),
        ("could you mail me the invoice of March", "invoice"),
        ("我上周买的东西寄到哪里了", "track_order"),
        ("麻烦给我开一张发票", "invoice"),
        ("订单我想取消掉", "cancel_order"),
    ],
)
def test_both_languages_are_understood(full: IntentModel, cheap: IntentModel, text: str, intent: str) -> None:
    for model in (full, cheap):
        (prediction,) = model.predict([text])
        assert (prediction.intent, prediction.in_scope) == (intent, True)
        assert prediction.probability == prediction.ranking[0][1] > 0.4


@pytest.mark.parametrize("text", ["how do I bake a chocolate cake", "who painted the Mona Lisa", "今天股市怎么样"])
def test_what_is_out_of_scope_is_refused(full: IntentModel, text: str) -> None:
    (prediction,) = full.predict([text])
    assert not prediction.in_scope
    assert prediction.intent != OUT_OF_SCOPE
    assert OUT_OF_SCOPE not in dict(prediction.ranking)


def test_odd_texts_are_answered(full: IntentModel) -> None:
    texts = ["", "   ", "!!!", "😀😀", "where is my order " * 2000, "\x00\u202e", "我的 order 到哪了 where is it"]
    predictions = full.predict(texts)
    assert len(predictions) == len(texts)
    assert [one.in_scope for one in predictions[:4]] == [False] * 4
    assert predictions[4].intent == predictions[6].intent == "track_order"
    assert len(clean(texts[4])) <= MAX_CHARACTERS
    assert full.predict([]) == []


def test_a_batch_gives_what_single_texts_give(full: IntentModel) -> None:
    texts = ["where is it", "发票", "cancel my order please", "你好"]
    together, alone = full.predict(texts), [full.predict([text])[0] for text in texts]
    assert [one.intent for one in together] == [one.intent for one in alone]
    np.testing.assert_allclose([o.probability for o in together], [o.probability for o in alone], atol=1e-3)


def test_probabilities_are_calibrated_and_the_report_says_how_good(full: IntentModel) -> None:
    validation = full.report["validation"]
    assert validation["accuracy"] > 0.9
    assert validation["outside_recall"] > 0.8
    assert validation["ece"] < 0.08
    assert set(validation["by_intent"]) == set(FEW) - {OUT_OF_SCOPE}
    assert full.report["blends"]["cjk"]["weights"]["multilingual"] == 1.0
    assert "sentence" not in full.report["blends"]["cjk"]["weights"]
    json.dumps(full.report)


def test_what_is_loaded_predicts_what_was_saved(full: IntentModel, tmp_path: Path) -> None:
    full.save(tmp_path / "model")
    loaded = IntentModel.load(tmp_path / "model")
    texts = ["where's my stuff", "取消订单", "tell me a joke"]
    assert loaded.predict(texts) == full.predict(texts)
    assert loaded.report == full.report
    (tmp_path / "model" / "intents.safetensors").unlink()
    with pytest.raises(DamagedModel, match="intent model"):
        IntentModel.load(tmp_path / "model")


def test_the_same_seed_gives_the_same_model(few: list[Example], cheap: IntentModel) -> None:
    again = fit_intents(few, CHEAP)
    for part, head in cheap.heads.items():
        np.testing.assert_array_equal(head.weight, again.heads[part].weight)
    assert again.blends == cheap.blends


def test_without_examples_out_of_scope_the_doubtful_are_refused(few: list[Example]) -> None:
    model = fit_intents([one for one in few if one.intent != OUT_OF_SCOPE], CHEAP)
    validation = model.report["validation"]
    assert "outside_recall" not in validation
    assert validation["accuracy"] - 0.08 < validation["in_scope"] < validation["accuracy"] + 1e-9
    assert OUT_OF_SCOPE not in model.classes


def test_too_few_intents_and_wrong_settings_are_told() -> None:
    with pytest.raises(NotEnoughData, match="two intents"):
        fit_intents([Example("where is it", "track_order"), Example("a joke", OUT_OF_SCOPE)], CHEAP)
    with pytest.raises(InvalidInput, match="method"):
        IntentSettings(method="magic")
    with pytest.raises(InvalidInput, match="part"):
        IntentSettings(parts=("words",))


@pytest.mark.parametrize("method", ["lora", "full"])
def test_tuning_learns_and_serves_what_it_learned(few: list[Example], method: str) -> None:
    chosen = [one for one in few if one.locale == "en" and one.intent in ("track_order", "invoice")][:24]
    chosen += [one for one in few if one.locale == "en" and one.intent == "recommend"][:12]
    settings = IntentSettings(method=method, epochs=5.0, batch=8, threads=1)
    model = fit_intents(chosen, settings)
    (tuning,) = model.report["tuning"]
    assert tuning["stopped"] == "epochs"
    assert tuning["losses"][-1] < tuning["losses"][0]
    plain = fit_intents(chosen, replace(settings, method="frozen"))
    assert model.reader.encoder is not None
    assert plain.reader.encoder is not None
    text = ["where is my parcel"]
    assert np.abs(model.reader.encoder.encode(text) - plain.reader.encoder.encode(text)).max() > 1e-3


def test_the_mean_of_two_networks_stands_between_them(few: list[Example]) -> None:
    english = [one for one in few if one.locale == "en"]
    chosen = [
        one for name in ("track_order", "recommend") for one in [one for one in english if one.intent == name][:12]
    ]
    settings = IntentSettings(method="full", epochs=2.0, batch=8, threads=1, parts=("sentence",))
    vectors = {}
    for networks in (1, 2):
        model = fit_intents(chosen, replace(settings, networks=networks))
        (tuning,) = model.report["tuning"]
        assert tuning["networks"] == networks
        assert model.reader.encoder is not None
        vectors[networks] = model.reader.encoder.encode(["where is my parcel"])
    assert np.abs(vectors[1] - vectors[2]).max() > 1e-4
    assert float((vectors[1] @ vectors[2].T)[0, 0]) > 0.9
    with pytest.raises(InvalidInput, match="0 networks"):
        IntentSettings(networks=0)


def test_the_bundled_model_is_made_once(tmp_path: Path, few: list[Example], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "bundled_examples", lambda: few)
    first = bundled_model(tmp_path / "models", CHEAP)
    (folder,) = (tmp_path / "models").iterdir()
    made = (folder / "intents.json").stat().st_mtime_ns
    assert bundled_model(tmp_path / "models", CHEAP).predict(["hello"]) == first.predict(["hello"])
    assert (folder / "intents.json").stat().st_mtime_ns == made
    (folder / "intents.json").write_text("{")
    assert bundled_model(tmp_path / "models", CHEAP).predict(["hello"]) == first.predict(["hello"])
    assert [one.name for one in (tmp_path / "models").iterdir()] == [folder.name]


def test_classes_are_held_out_and_folded_evenly() -> None:
    labels = np.array([0] * 10 + [1] * 3 + [2] * 2)
    held = [np.bincount(labels[held_rows(labels, 0.2, seed)], minlength=3).tolist() for seed in range(30)]
    assert {tuple(one) for one in held} == {(2, 0, 0), (2, 1, 0)}
    which = folds(labels, 5, seed=1)
    assert np.bincount(which[labels == 0], minlength=5).tolist() == [2, 2, 2, 2, 2]


def test_temperature_undoes_a_known_stretch() -> None:
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(4000, 5)).astype(np.float32)
    chances = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    labels = np.array([generator.choice(5, p=row / row.sum()) for row in chances.astype(np.float64)])
    assert fit_temperature(scores * 3, labels) == pytest.approx(3, abs=0.3)


def test_measures_by_hand() -> None:
    assert calibration_error(np.array([0.9, 0.9, 0.2, 0.2]), np.array([True, True, False, True])) == pytest.approx(0.2)

    def said(intent: str, in_scope: bool) -> Prediction:
        return Prediction(intent, 0.5, in_scope, 0.0, ((intent, 0.5),))

    found = judged(
        [said("a", True), said("a", False), said("a", True), said("b", False)], ["a", "a", "b", OUT_OF_SCOPE]
    )
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["in_scope"] == pytest.approx(1 / 3)
    assert found["outside_recall"] == 1
    assert found["confusions"] == [["b", "a", 1]]
