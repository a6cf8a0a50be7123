"""Pictures beside the record, and how hard a text is to read."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.content.gate import judge
from regulars.content.looks import mismatches, read
from regulars.content.readability import hardness
from regulars.content.sheet import sheet_of
from regulars.content.writers import in_sentences
from regulars.schema.content import Brief
from regulars.shop import Shop
from regulars.store.database import sql

from .test_studio import put
from .things import record


def crowd(kinds: int, each: int, spread: float = 0.15, seed: int = 1) -> tuple[np.ndarray, list[str]]:
    """Vectors around one middle a kind."""
    generator = np.random.default_rng(seed)
    middles = np.eye(16, dtype=np.float32)[:kinds]
    vectors = np.concatenate([middle + generator.normal(0, spread, (each, 16)) for middle in middles]).astype(
        np.float32
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, [f"kind {number}" for number in range(kinds) for _ in range(each)]


def test_a_bag_filed_under_shoes_is_found() -> None:
    vectors, kinds = crowd(3, 20)
    filed = list(kinds)
    filed[4] = "kind 2"
    (found,) = mismatches(range(60), vectors, filed)
    assert (found.product_id, found.filed, found.looks) == (4, "kind 2", "kind 0")
    assert found.share >= 0.75
    assert all(kinds[one] == "kind 0" for one in found.like)


def test_nothing_is_said_where_everything_fits_or_little_is_known() -> None:
    vectors, kinds = crowd(3, 20)
    assert mismatches(range(60), vectors, kinds) == []
    filed = [*kinds[:4], "a kind of its own", *kinds[5:]]
    assert mismatches(range(60), vectors, filed) == []
    assert mismatches([], np.zeros((0, 16), np.float32), []) == []


def test_one_drawing_for_all_says_nothing() -> None:
    """A shop that shows the same picture everywhere isn't told that all of it is misfiled."""
    vectors = np.zeros((40, 16), np.float32)
    vectors[:, 0] = 1.0
    assert mismatches(range(40), vectors, ["shoes"] * 20 + ["bags"] * 20) == []


def test_it_reads_what_is_encoded(shop: Shop) -> None:
    ids = put(
        shop, *({"id": f"P{n}", "title": f"Thing {n}", "category": ["Bags" if n < 12 else "Shoes"]} for n in range(24))
    )
    vectors, _ = crowd(2, 12)
    with shop.database.connect() as connection:
        assert read(connection) == ([], 0)
        for place, product in enumerate(ids):
            vector = vectors[place if place != 3 else 20].astype("<f2")
            if place == 3:
                vector = (vectors[20] * 0.9 + vectors[21] * 0.1).astype("<f2")
            connection.execute(
                sql("INSERT INTO picture_vectors (product_id, url, vector) VALUES (%s, 'x', %s)"),
                (product, vector.tobytes()),
            )
        found, compared = read(connection)
    assert compared == 24
    assert [(one.product_id, one.filed, one.looks) for one in found] == [(ids[3], "Bags", "Shoes")]


PLAIN = (
    "The bag holds a book and a lunch. It has two straps. You can wash it by hand. It dries in a day. The straps are long. "
    * 2
)
HARD = (
    "Notwithstanding considerable multifunctionality, the aforementioned receptacle accommodates heterogeneous miscellaneous "
    "paraphernalia, incorporating ergonomically individualised compartmentalisation alongside comprehensively adjustable "
    "configurations, facilitating extraordinarily uncomplicated transportation, organisation and accessibility throughout "
    "internationally diversified environmental circumstances and operational considerations."
)


def told(text: str, locale: str) -> float:
    found = hardness(text, locale)
    assert found is not None
    return found


def test_hardness_tells_plain_from_hard_in_both_languages() -> None:
    assert told(PLAIN, "en") < 5
    assert told(HARD, "en") > 20
    assert hardness("A bag.", "en") is None
    easy = "这款包能装下一本书，还有午饭。" * 5
    hard = "这款可以同时容纳书本和午饭以及其他各种各样日常用品的多功能大容量双肩背包" * 2
    assert told(easy, "zh") < 12
    assert told(hard, "zh") > 26


@pytest.mark.parametrize(("text", "hard"), [(PLAIN, False), (HARD, True)])
def test_a_hard_text_is_noted_and_not_held_back(text: str, hard: bool) -> None:
    sheet = sheet_of(record({}, "Bag"))
    flags = judge({"body": in_sentences(text)}, sheet, Brief("description", "en")).flags
    noted = [one for one in flags if one.kind == "readability" and "years of school" in one.reason]
    assert bool(noted) == hard
    assert all(one.warning for one in noted)
