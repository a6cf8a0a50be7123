"""What brings people back is told from who comes back anyway; what is learned is kept and says the same afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regulars.learning.returns import Blocks, auc, fitted, logistic
from regulars.recommend.catalogue import Catalogue, Item
from regulars.recommend.longterm import FACTS, ReturnValue
from regulars.recommend.model import Candidates

IDS = [11, 12, 13, 14, 15, 16]
FIT, NEW = FACTS.index("fit"), FACTS.index("new_kind")


def catalogue() -> Catalogue:
    items = [
        Item(
            one,
            (("shop", str(one)),),
            {"en": {"title": f"Thing {one}"}},
            None,
            ("Tea" if one < 14 else "Sport",),
            {},
            (),
            None,
            500 + one,
            None,
            "EUR",
            2,
            True,
            True,
            1e9,
            5,
            None,
        )
        for one in IDS
    ]
    return Catalogue(items, np.array(IDS, np.int64))


def blocks(people: int, works: float, seed: int = 0) -> tuple[Blocks, np.ndarray]:
    """Half of the people have even lists, half the model's. Who knows few kinds has new ones in both and comes back less often;
    only what fits brings anybody back, by `works` a unit.
    """
    generator = np.random.default_rng(seed)
    own = generator.normal(size=(people, len(FACTS)))
    even = generator.normal(size=(people, len(FACTS))) * 0.3
    even[:, NEW] = own[:, NEW]
    model = generator.random(people) < 0.5
    shown = np.where(model[:, None], own, even) + 0.2 * generator.normal(size=(people, len(FACTS)))
    chance = 0.6 - 0.12 * own[:, NEW] + works * shown[:, FIT]
    came = (generator.random(people) < chance).astype(np.float64)
    nothing = np.zeros((people, 4))
    return (
        Blocks(
            np.arange(people),
            np.zeros(people),
            came,
            nothing,
            np.zeros((people, 6)),
            shown,
            np.column_stack([own, even]),
        ),
        came,
    )


def worth(made: ReturnValue, name: str) -> tuple[float, float, bool]:
    value, error, used = made.report["worth"][name]
    return value, error, used


def test_what_fits_brings_people_back_and_who_knows_few_kinds_is_not_the_lists_doing() -> None:
    found, came = blocks(4_000, works=0.08)
    made = fitted(found, came, catalogue(), {}, {})
    value, _, used = worth(made, "fit")
    assert used
    assert value > 0.03
    assert not worth(made, "new_kind")[2]
    # Without knowing what lists of these people are like anyway, it would be blamed on the lists.
    blind = replace(found, anyway=found.anyway * 0)
    assert worth(fitted(blind, came, catalogue(), {}, {}), "new_kind")[0] < -0.05


def test_where_lists_do_nothing_mostly_nothing_is_learned() -> None:
    used = 0
    for seed in range(20):
        found, came = blocks(800, works=0.0, seed=seed)
        used += sum(worth(fitted(found, came, catalogue(), {}, {}), name)[2] for name in FACTS)
    assert used <= 0.12 * 20 * len(FACTS)


def test_what_was_learned_is_kept_and_orders_candidates(tmp_path: Path) -> None:
    found, came = blocks(2_000, works=0.08)
    shop = catalogue()
    known = {"rating": np.arange(6, dtype=np.float32)}
    made = fitted(found, came, shop, known, {})
    made.save(tmp_path)
    again = ReturnValue.load(tmp_path)
    assert again is not None
    n = len(shop)
    candidates = Candidates(
        np.arange(n, dtype=np.int32),
        np.linspace(3, 0, n, dtype=np.float32),
        np.zeros((n, 1), np.float32),
        ("popular",),
        np.zeros((n, 1), np.int16),
        ("popular",),
        np.zeros(0, np.int32),
    )
    history = np.array([0], np.int32)
    values = made.of(shop, history, {}, candidates)
    assert values == pytest.approx(again.of(shop, history, {}, candidates), abs=1e-5)
    assert values[0] > values[-1]  # what fits better is worth more
    assert ReturnValue.load(tmp_path / "nowhere") is None


def test_the_surrogates_parts_say_what_they_should() -> None:
    generator = np.random.default_rng(1)
    x = np.column_stack([np.ones(5_000), generator.normal(size=5_000)])
    y = (generator.random(5_000) < 1 / (1 + np.exp(-(0.5 + 1.5 * x[:, 1])))).astype(np.float64)
    assert logistic(x, y) == pytest.approx([0.5, 1.5], abs=0.15)
    assert auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0.0, 0.0, 1.0, 1.0])) == 0.75
    assert auc(np.ones(4), np.array([0.0, 1.0, 0.0, 1.0])) == 0.5
    assert auc(np.ones(3), np.ones(3)) == 0.5
