"""Search over six things whose right answers a reader sees by eye."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from regulars.recommend.catalogue import Catalogue, Item
from regulars.recommend.search import SearchIndex, distance, index_of, terms


def item(number: int, en: str, zh: str = "", **more: Any) -> Item:
    texts = {"en": {"title": en, "description": more.pop("about", "")}, "zh": {"title": zh}}
    facts: dict[str, Any] = {
        "names": (("shop", f"p{number}"),), "texts": texts, "brand": None, "category": (), "attributes": {}, "pictures": (),
        "url": None, "price": 100, "compare_at": None, "currency": "EUR", "exponent": 2, "for_sale": True, "in_stock": True,
        "created": 0.0,
    }  # fmt: skip
    return Item(number, **{**facts, **more})


ITEMS = [
    item(1, "Blue teapot", "蓝色茶壶", brand="North", category=("Tea", "Teapots")),
    item(2, "White teapot", "白色茶壶", in_stock=False),
    item(3, "Tea tin", "茶叶罐", about="Keeps tea dry, also beside a teapot."),
    item(4, "Running shoes", "跑鞋", attributes={"colour": "blue"}),
    item(5, "Crème brûlée dishes", "布丁碗"),
    item(6, "Archived teapot", "旧茶壶", for_sale=False),
]


@pytest.fixture(scope="module")
def index() -> SearchIndex:
    return SearchIndex(Catalogue(ITEMS, np.array([one.product_id for one in ITEMS], np.int64)))


def found(index: SearchIndex, query: str) -> list[int]:
    return [one.product_id for one in index.find(query).items]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("teapot", [1, 3, 2]),  # in stock first; a title says more than a description
        ("TEAPOTS", [1, 3, 2]),
        ("teapto", [1, 3, 2]),
        ("teap", [1, 3, 2]),
        ("blue", [1, 4]),
        ("blue teapot", [1]),
        ("茶壶", [1, 2]),
        ("蓝色", [1]),
        ("跑鞋", [4]),
        ("north", [1]),
        ("creme brulee", [5]),
        ("CRÈME", [5]),
        ("shoe", [4]),
    ],
)
def test_the_right_things_in_the_right_order(index: SearchIndex, query: str, expected: list[int]) -> None:
    assert found(index, query) == expected


def test_it_says_what_it_read(index: SearchIndex) -> None:
    assert index.find("teapto").taken == {"teapto": "teapot"}
    assert index.find("teapot").taken == {}
    some = index.find("running teapot")
    assert not some.whole
    assert {one.product_id for one in some.items} == {1, 2, 3, 4}


@pytest.mark.parametrize(
    "query",
    ["", " ", "zzzz", "'; DROP TABLE products; --", "<script>alert(1)</script>", "%00\x00", "((((", "a" * 5_000, "{{7*7}}", "\\", "🍵" * 300, "茶" * 500, "1 " * 400],
)  # fmt: skip
def test_hostile_queries_are_inert(index: SearchIndex, query: str) -> None:
    assert all(one.for_sale for one in index.find(query).items)


def test_numbers_are_not_misspelt() -> None:
    catalogue = Catalogue([item(1, "Bottle 5000"), item(2, "Bottle 6000")], np.array([1, 2], np.int64))
    assert found(SearchIndex(catalogue), "bottle 5000") == [1]


def test_an_index_follows_its_catalogue() -> None:
    first = Catalogue([item(1, "Green cup")], np.array([1], np.int64))
    assert found(index_of(first), "green") == [1]
    assert index_of(first) is index_of(first)
    second = Catalogue([item(1, "Red cup")], np.array([1], np.int64))
    assert found(index_of(second), "green") == []
    assert found(index_of(second), "red") == [1]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("tea", "tea", 0), ("tea", "tee", 1), ("tea", "te", 1), ("tea", "teas", 1), ("aet", "ate", 1), ("abcd", "badc", 2), ("tea", "pots", 3)],
)  # fmt: skip
def test_distance(one: str, other: str, expected: int) -> None:
    assert distance(one, other, 2) == expected
    assert distance(other, one, 2) == expected


def test_terms_of_both_scripts() -> None:
    assert terms("Glass bus boxes berries") == ["glass", "bus", "box", "berry"]
    assert terms("茶") == ["茶"]
    assert "茶壶" in terms("蓝色茶壶 0.8L")


def test_the_word_asked_for_comes_before_rarer_words_that_begin_with_it() -> None:
    items = [item(1, "Roses without tears"), *(item(number, f"Oolong tea {number}") for number in range(2, 8))]
    index = SearchIndex(Catalogue(items, np.array([one.product_id for one in items], np.int64)))
    assert found(index, "tea")[-1] == 1
    assert sorted(found(index, "tea")) == [1, 2, 3, 4, 5, 6, 7]
    assert found(index, "tears") == [1]
