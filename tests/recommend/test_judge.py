"""The judge of interest, with the real bundled MiniLM on the six-item shop."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from regulars.errors import DamagedModel, InvalidInput, NotEnoughData
from regulars.experiments.curves import crc32c, series_of, write_events
from regulars.language import encoder_weights as weights
from regulars.language.adapters import learned, merge
from regulars.language.bert import read_bert
from regulars.language.bert_export import export_graph
from regulars.language.bert_tuning import prepare
from regulars.language.text_encoders import read_tokenizer
from regulars.language.text_features import TextSettings
from regulars.recommend.judge.augment import augmented
from regulars.recommend.judge.export import export_source
from regulars.recommend.judge.pairs import judgements
from regulars.recommend.judge.settings import RATES, JudgeSettings
from regulars.recommend.judge.training import BiEncoder, Taught, train_judge
from regulars.recommend.model import Model
from regulars.recommend.sources.judge import JudgeSource
from regulars.recommend.sources.text import TextSource
from regulars.recommend.train import TrainSettings, fit_model

from .shop import GREEN_TEA, RUNNING_SHOES, histories, query, two_crowds, vocabulary

TINY = JudgeSettings(
    people=16, epochs=1, max_seconds=20.0, checks=2, tokens=12, threads=1, min_people=10, held_people=20, patience=0
)


@pytest.fixture(scope="module")
def folder() -> Path:
    return weights.encoder_folder()


def trained(folder: Path, **changes: object) -> Taught:
    words = vocabulary()
    near = TextSource.fit(words, TextSettings(dims=12)).neighbours
    settings = replace(TINY, **changes)  # type: ignore[arg-type]
    return train_judge(words, two_crowds(60), near, folder, settings)


def test_the_bundled_weights_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "BUNDLED_SHA256", "0" * 64)
    with pytest.raises(DamagedModel, match="checksum"):
        weights.encoder_folder()


def test_another_encoder_by_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path) -> None:
    monkeypatch.setenv("REGULARS_TEXT_ENCODER", str(tmp_path))
    with pytest.raises(InvalidInput, match=r"config\.json"):
        weights.encoder_folder()
    monkeypatch.setenv("REGULARS_TEXT_ENCODER", str(folder))
    assert weights.encoder_folder() == folder


@pytest.mark.parametrize("method", RATES)
def test_each_method_learns_its_own_weights_and_begins_as_the_pretrained(folder: Path, method: str) -> None:
    tokens, present = torch.tensor([[101, 2665, 5572, 102]]), torch.ones(1, 4)
    plain = BiEncoder(read_bert(folder)).eval()
    expected = plain(tokens, present)
    tuned = BiEncoder(read_bert(folder)).eval()
    prepare(tuned.bert, method, 4, 8)
    torch.testing.assert_close(tuned(tokens, present), expected)
    all_of_it = sum(p.numel() for p in plain.parameters())
    assert (learned(tuned) == all_of_it) == (method == "full")
    assert learned(tuned) >= plain.head.weight.numel()
    if method == "lora":
        with torch.no_grad():
            tuned.bert.layers[0].query.up.normal_()
        before = tuned(tokens, present)
        merge(tuned.bert)
        torch.testing.assert_close(tuned(tokens, present), before, rtol=1e-4, atol=1e-5)


def test_an_unknown_method_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidInput, match="lora"):
        prepare(read_bert(folder), "half", 4, 8)


def test_whitening_takes_out_what_all_vectors_share() -> None:
    folder = weights.encoder_folder()
    generator = torch.Generator().manual_seed(0)
    spread = torch.linspace(0.1, 1.0, 384)
    pooled = torch.randn(4_000, 384, generator=generator) * spread + 2.0
    encoder = BiEncoder(read_bert(folder))
    plain = torch.nn.functional.normalize(pooled, dim=-1)
    encoder.whiten(pooled)
    whitened = encoder.directed(pooled).detach()
    assert float((plain @ plain.T).mean()) > 0.5
    assert abs(float((whitened @ whitened.T).mean())) < 0.05
    deviations = whitened.std(0)
    assert float(deviations.max() / deviations.min()) < 2.5 < float(plain.std(0).max() / plain.std(0).min())


def test_the_graph_gives_what_torch_gives(folder: Path) -> None:
    taught = trained(folder)
    source = export_source(taught, TINY)
    np.testing.assert_allclose(source.encode(list(vocabulary().texts)), taught.vectors, atol=0.02)
    encoder = taught.encoder.eval()
    again = JudgeSource(taught.vectors, export_graph(encoder), source.tokenizer, 12, 0.6, 30.0)
    tokens = torch.tensor([read_tokenizer(folder, 12).encode("Green tea").ids])
    with torch.no_grad():
        expected = encoder(tokens, torch.ones(tokens.shape))[0].numpy()
    np.testing.assert_allclose(again.encode(["Green tea", ""])[0], expected, atol=1e-5)
    assert not again.encode([""]).any()


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "lora", "noise": 0.1},
        {"method": "adapter", "word_dropout": 0.2, "synonyms": True},
        {"method": "full", "teacher_seconds": 2.0},
    ],
    ids=["lora with noise", "adapter with changed words", "full with a teacher"],
)
def test_training_keeps_its_best_and_says_how_it_went(folder: Path, changes: dict[str, object]) -> None:
    taught = trained(folder, **changes)
    assert np.isfinite(taught.vectors).all()
    rows = taught.report["history"]
    assert isinstance(rows, list)
    assert len(rows) >= 2
    assert all(0 <= row["auc"] <= 1 and 0 <= row["accuracy"] <= 1 for row in rows)
    source = export_source(taught, replace(TINY, **changes))  # type: ignore[arg-type]
    np.testing.assert_allclose(source.encode(list(vocabulary().texts)), taught.vectors, atol=0.02)
    assert ("teacher" in taught.report) == ("teacher_seconds" in changes)


def test_the_same_seed_gives_the_same_vectors(folder: Path) -> None:
    np.testing.assert_allclose(trained(folder).vectors, trained(folder).vectors, atol=1e-5)


def test_too_few_people_are_refused(folder: Path) -> None:
    near = TextSource.fit(vocabulary(), TextSettings(dims=12)).neighbours
    with pytest.raises(NotEnoughData):
        train_judge(vocabulary(), histories([0, 1], [2]), near, folder, TINY)


def test_wrong_answers_are_nothing_the_person_touched() -> None:
    near = TextSource.fit(vocabulary(), TextSettings(dims=12)).neighbours
    cases = judgements(two_crowds(40), np.arange(40), near, 0, popular=1, hard=1)
    assert len(cases) > 30
    for past, row in zip(cases.pasts, cases.candidates.tolist(), strict=True):
        tea_drinker = row[0] < RUNNING_SHOES
        assert all((item < RUNNING_SHOES) == tea_drinker for item in past.tolist())
        assert all((item < RUNNING_SHOES) != tea_drinker for item in row[1:])
        assert len(past) == 2


def test_a_new_tea_is_for_tea_drinkers(folder: Path) -> None:
    source = export_source(trained(folder), TINY).extended(vocabulary(("White tea, loose leaf", "Running cap")))
    tea, run = source.scores(query(GREEN_TEA)), source.scores(query(RUNNING_SHOES))
    assert tea[6] > tea[7]
    assert run[7] > run[6]


def test_words_are_left_out_and_replaced() -> None:
    text = "small blue mug with a lid"
    changed = augmented([text] * 50, np.random.default_rng(0), 0.3, True)
    assert len(set(changed)) > 10
    assert any("cup" in one for one in changed)
    assert augmented([text], np.random.default_rng(0), 0.0, False) == [text]


def test_curves_are_tensorboard_records(tmp_path: Path) -> None:
    series = series_of([{"step": 300.0, "loss": 2.5}], step="step")
    file = write_events(tmp_path, series, 1_700_000_000.0, passed={300: 1.0})
    data, events = file.read_bytes(), []
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        event = data[12 : 12 + length]
        crc = crc32c(event)
        masked = (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
        assert struct.unpack("<I", data[12 + length : 16 + length]) == (masked,)
        events.append(event)
        data = data[16 + length :]
    assert b"brain.Event:2" in events[0]
    assert events[1].endswith(b"\x0a\x04loss\x15" + struct.pack("<f", 2.5))
    assert b"\x10\xac\x02" in events[1]


def test_a_model_with_a_judge_is_saved_loaded_and_knows_new_products(tmp_path: Path) -> None:
    settings = TrainSettings(judge=TINY, text=TextSettings(dims=12))
    model, report = fit_model(vocabulary(), two_crowds(80), settings, with_sequence=False)
    assert "judge" in model.source_names
    assert report["judge"]["method"] == "frozen"
    assert "judge" in report["weights"]
    json.dumps(report)
    model.save(tmp_path)
    longer = Model.load(tmp_path).extended(vocabulary(("White tea, loose leaf",)))
    candidates = longer.retrieve(query(GREEN_TEA))
    column = candidates.source_names.index("judge")
    assert candidates.features[candidates.items == 6, column] > 0
    without, report = fit_model(vocabulary(), two_crowds(8), settings, with_sequence=False)
    assert "judge" not in without.source_names
    assert "needs 10" in report["judge_skipped"]
