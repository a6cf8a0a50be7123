"""What a ranker is told, read off by eye in the six-item shop."""

from __future__ import annotations

import numpy as np

from regulars.recommend.blend import Blend
from regulars.recommend.dataset import ItemFacts
from regulars.recommend.features import FEATURES
from regulars.recommend.model import Model

from .conftest import Fitted
from .shop import BLACK_TEA, GREEN_TEA, RUNNING_SHOES, TEAPOT, query, vocabulary

FACTS = ItemFacts(
    prices=np.array([5, 5, 20, 80, 10, np.nan], np.float32),
    kinds=np.array([0, 0, 1, 2, 2, -1], np.int32),
    brands=np.array([7, 8, 7, 9, 9, -1], np.int32),
    created=np.array([0, 0, 86_400.0 * 9, 0, 0, np.nan]),
)


def told(fitted: Fitted, asked: object, facts: ItemFacts | None = None) -> dict[int, dict[str, float]]:
    """item → feature → value."""
    names = ("popular", "covisitation", "text", "sequence")
    model = Model(vocabulary().product_ids, [fitted.sources[name] for name in names], Blend.default(names), facts=facts)
    found = model.retrieve(asked)  # type: ignore[arg-type]
    return {
        int(item): dict(zip(FEATURES, row.tolist(), strict=True))
        for item, row in zip(found.items, found.rows, strict=True)
    }


def test_prices_categories_brands_and_age(fitted: Fitted) -> None:
    asked = query(GREEN_TEA, BLACK_TEA)
    rows = told(fitted, type(asked)(asked.items, asked.ages, asked.strengths, None, at=86_400.0 * 10), FACTS)
    teapot, shoes = rows[TEAPOT], rows[RUNNING_SHOES]
    np.testing.assert_allclose(teapot["price_fit"], np.log(4), rtol=1e-5)  # 20 beside teas of 5
    np.testing.assert_allclose(shoes["price_fit"], np.log(16), rtol=1e-5)
    assert (teapot["kind_share"], teapot["brand_share"]) == (0, 0.5)  # the green tea is of its brand
    assert (teapot["brand_last"], rows[BLACK_TEA]["kind_last"], rows[BLACK_TEA]["kind_share"]) == (0, 1, 1)
    np.testing.assert_allclose(teapot["days_old"], np.log(2), rtol=1e-5)
    unknown = rows[5]
    assert all(np.isnan(unknown[name]) for name in ("price_fit", "price_known", "kind_share", "brand_last", "days_old"))


def test_the_latest_steps_speak_for_themselves(fitted: Fitted) -> None:
    rows = told(fitted, query(RUNNING_SHOES, GREEN_TEA))
    assert rows[TEAPOT]["together_last"] > 0  # with the tea, the latest
    assert rows[5]["together_last"] == 0  # nobody has tea and bottles
    assert rows[5]["together_most"] > 0
    assert rows[TEAPOT]["steps"] == np.float32(np.log1p(2))
    assert rows[TEAPOT]["next_last"] > rows[5]["next_last"]
    assert np.isnan(rows[TEAPOT]["price_fit"])


def test_an_open_page_is_the_latest_step(fitted: Fitted) -> None:
    rows = told(fitted, query(RUNNING_SHOES, context=GREEN_TEA))
    assert rows[TEAPOT]["together_last"] > 0


def test_a_stranger_has_no_steps(fitted: Fitted) -> None:
    rows = told(fitted, query())
    assert rows
    for row in rows.values():
        assert row["steps"] == 0
        assert np.isnan(row["together_last"])
        assert np.isnan(row["ease"])  # a source that the model doesn't have
        assert np.isfinite(row["popular"])
