"""The transformer learns an order by eye, repeats with its seed, and its ONNX graph says what torch says."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch

from regulars.errors import NotEnoughData
from regulars.recommend.causes import without
from regulars.recommend.sequence_augment import altered, contrast, crop, mask, reorder
from regulars.recommend.sequence_network import Content, Network, export_member
from regulars.recommend.sequence_training import (
    Holdout,
    SequenceSettings,
    length_for,
    train_sequence,
    windows_of,
)
from regulars.recommend.sources.sequence import SequenceSource
from regulars.recommend.sources.text import TextSource

from .conftest import SMALL, TINY_NETWORK, Fitted
from .shop import RUNNING_BOTTLE, TEAPOT, histories, query, two_crowds, vocabulary


def test_windows_overlap_by_one_step_and_merge_immediate_repeats() -> None:
    windows = windows_of(histories([0, 0, 1, 2, 3, 0], [5], []), length=2)
    rows = [windows.items[a:b].tolist() for a, b in zip(windows.offsets[:-1], windows.offsets[1:], strict=True)]
    assert rows == [[2, 3, 0], [0, 1, 2]]
    # The way back to item 0 is read, not learned.
    assert windows.trained.tolist() == [True, True, False, True, True, True]


def test_length_follows_the_histories_within_bounds() -> None:
    assert length_for(histories([0, 1])) == 20
    assert length_for(histories([0, 1] * 20)) == 40
    assert length_for(histories([0, 1] * 400)) == 100
    assert length_for(histories()) == 20


def test_too_little_is_said_not_trained() -> None:
    with pytest.raises(NotEnoughData, match="50 histories"):
        train_sequence(Content.of(np.zeros((6, 4), np.float32)), histories([0, 1]), None)
    with pytest.raises(NotEnoughData):
        train_sequence(Content.of(np.zeros((6, 4), np.float32)), histories(), None)


def test_it_learns_where_tea_drinkers_and_runners_end(fitted: Fitted) -> None:
    source = fitted.sources["sequence"]
    assert source.propose(query(0, 1), 1).items.tolist() == [TEAPOT]
    assert source.propose(query(4, 3), 1).items.tolist() == [RUNNING_BOTTLE]


def test_the_graph_says_what_torch_says() -> None:
    torch.manual_seed(0)
    settings = SequenceSettings(width=32, heads=4)
    texts = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)
    network = Network(Content.of(texts), settings, 20).eval()
    member = export_member(network)
    session = onnxruntime.InferenceSession(member.graph, providers=["CPUExecutionProvider"])
    for batch, length in ((1, 1), (1, 7), (3, 20)):
        vectors = member.vectors[np.random.default_rng(length).integers(0, 50, (batch, length))]
        with torch.no_grad():
            wanted = network.encoder(torch.from_numpy(vectors))[:, -1].numpy()
        np.testing.assert_allclose(session.run(None, {"vectors": vectors})[0], wanted, atol=1e-5)


def test_histories_read_together_say_what_each_says_alone(fitted: Fitted) -> None:
    source = fitted.sources["sequence"]
    assert isinstance(source, SequenceSource)
    apart = SequenceSource([replace(member, left_out=None) for member in source.members], source.length, source.encoder)
    everything = np.arange(len(source.members[0].vectors), dtype=np.int32)
    for asked in (query(0, 1, 2), query(0, 1, 0, 3, 3, 1), query(4, 3, context=1), query(2)):
        steps = np.unique([*asked.items.tolist(), *([] if asked.context is None else [asked.context])]).astype(np.int32)
        together = source.without_each(asked, steps, everything)
        np.testing.assert_allclose(together, apart.without_each(asked, steps, everything), atol=2e-4)
        for one in (source, apart):
            answer, _ = one.answer_without(asked, steps)
            np.testing.assert_allclose(answer.at(everything), source.at(asked, everything), atol=2e-4)
        for row, step in enumerate(steps.tolist()):
            rest = without(asked, step)
            np.testing.assert_allclose(together[row], source.at(rest, everything), atol=2e-4)


@pytest.mark.parametrize("negatives", [1_000, 4])
def test_seeds_repeat_and_holdout_stops(negatives: int) -> None:
    text = TextSource.fit(vocabulary(), SMALL)
    holdout = Holdout([np.array([0, 1], np.int32), np.array([3, 4], np.int32)], np.array([2, 5], np.int32))
    settings = replace(TINY_NETWORK, epochs=12, patience=4, negatives=negatives)
    said: list[float] = []
    first = train_sequence(
        Content(text.vectors, text.rows),
        two_crowds(),
        holdout,
        settings,
        seed=3,
        progress=lambda done, line: said.append(done),
    )
    second = train_sequence(Content(text.vectors, text.rows), two_crowds(), holdout, settings, seed=3)
    np.testing.assert_array_equal(first.member.vectors, second.member.vectors)
    assert first.epochs <= len(first.history) <= 12
    assert all("ndcg_at_10" in entry for entry in first.history)
    assert said == sorted(said)
    assert 0 < said[-1] <= 1


def test_a_network_that_ran_off_is_not_the_best() -> None:
    text = TextSource.fit(vocabulary(), SMALL)
    holdout = Holdout([np.array([0, 1], np.int32)], np.array([2], np.int32))
    settings = replace(TINY_NETWORK, epochs=1, learning_rate=float("inf"), warmup_steps=1)
    entry = train_sequence(Content(text.vectors, text.rows), two_crowds(), holdout, settings).history[0]
    assert not np.isfinite(entry["loss"])
    assert entry["ndcg_at_10"] < 0.4


def test_the_clock_bounds_training() -> None:
    text = TextSource.fit(vocabulary(), SMALL)
    settings = replace(TINY_NETWORK, epochs=100_000, max_seconds=0.5)
    assert train_sequence(Content(text.vectors, text.rows), two_crowds(), None, settings).stopped == "time"


def test_members_are_averaged(fitted: Fitted) -> None:
    single = fitted.sources["sequence"]
    assert isinstance(single, SequenceSource)
    double = SequenceSource([fitted.trained.member] * 2, fitted.trained.length, single.encoder)
    np.testing.assert_allclose(double.scores(query(0, 1)), single.scores(query(0, 1)), rtol=1e-4, atol=1e-4)


def test_serving_imports_no_torch() -> None:
    code = (
        "import sys, regulars.recommend.model, regulars.recommend.train;"
        "sys.exit(any(m.split('.')[0] in ('torch', 'onnx', 'onnxscript') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_item_nobody_touched_is_its_text_alone() -> None:
    text = TextSource.fit(vocabulary(("White tea, loose leaf",)), SMALL)
    for negatives in (100, 4):
        trained = train_sequence(
            Content(text.vectors, text.rows), two_crowds(), None, replace(TINY_NETWORK, epochs=3, negatives=negatives)
        )
        member = trained.member
        read = member.content(text.vectors, text.rows)
        # Terms are kept in half precision.
        np.testing.assert_allclose(member.vectors[6], read[6], atol=1e-4)
        assert not np.allclose(member.vectors[0], read[0], atol=1e-3)
        assert np.abs(member.terms).max() > 1e-3


def test_altered_copies_keep_the_order_and_their_last_step_in_the_last_column() -> None:
    generator = np.random.default_rng(0)
    steps = np.arange(10, dtype=np.int64)
    assert crop(steps, generator).tolist() in [list(range(start, start + 6)) for start in range(5)]
    masked = mask(steps, generator)
    assert set(masked.tolist()) <= {-1, *range(10)}
    assert -1 in masked
    assert sorted(reorder(steps, generator).tolist()) == steps.tolist()
    rows = altered(np.array([[3, 4, 5, -1, -1], [7, -1, -1, -1, -1]]), generator)
    assert rows.shape == (2, 5)
    assert set(rows[0].tolist()) <= {-1, 3, 4, 5}
    assert rows[1].tolist()[:4] == [-1] * 4
    loud = contrast(torch.eye(3), torch.eye(3))
    assert loud < contrast(torch.eye(3), torch.eye(3).flip(0)), "found as its own is better than as another's"


def test_contrast_is_one_more_loss_that_trains() -> None:
    text = TextSource.fit(vocabulary(), SMALL)
    losses = []
    for weight in (0.0, 1.0):
        settings = replace(TINY_NETWORK, epochs=1, contrast=weight)
        trained = train_sequence(Content.of(text.vectors), two_crowds(), None, settings)
        losses.append(trained.history[0]["loss"])
    assert losses[1] > losses[0]
