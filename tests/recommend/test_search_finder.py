"""Search as it serves, over a dozen things whose right answers a reader sees by eye: words, meaning, prices, facets, the person."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regulars.language.sentence_vectors import sentence_encoder
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.finder import FACET_VALUES, Finder, Leaning, narrowed
from regulars.recommend.finder import finder_of as kept_finder
from regulars.recommend.items import Item
from regulars.recommend.query import Asked, read
from regulars.recommend.search import SearchIndex
from regulars.recommend.semantic import SemanticIndex, VectorStore


def item(number: int, en: str, zh: str = "", category: str = "", **more: Any) -> Item:
    texts = {"en": {"title": en, "description": more.pop("about", "")}}
    if zh:
        texts["zh"] = {"title": zh, "description": ""}
    facts: dict[str, Any] = {
        "names": (("shop", f"p{number}"),), "texts": texts, "brand": None, "category": (category,) if category else (),
        "attributes": {}, "pictures": (), "url": None, "price": 1_000, "compare_at": None, "currency": "EUR", "exponent": 2,
        "for_sale": True, "in_stock": True, "created": 0.0,
    }  # fmt: skip
    return Item(number, **{**facts, **more})


ITEMS = [
    item(1, "Blue teapot", "蓝色茶壶", "Tea", brand="North", price=2_500, attributes={"colour": "blue"}),
    item(2, "White teapot", "白色茶壶", "Tea", brand="South", price=1_900, attributes={"colour": "white"}),
    item(3, "Green tea", "绿茶", "Tea", brand="North", price=450, attributes={"colour": ["green", "white"]}),
    item(4, "Wool blanket", "羊毛毯", "Living", price=6_000, about="Soft and warm for cold winter evenings on the sofa."),
    item(5, "Linen cushion", "亚麻靠垫", "Living", price=2_200),
    item(6, "Running shoes", "跑鞋", "Sport", price=8_000, attributes={"colour": "blue"}),
    item(7, "Hiking backpack", "登山背包", "Sport", price=9_000),
    item(8, "Wooden toy train", "木制玩具火车", "Toys", price=1_500, about="A gift for small children."),
    item(9, "Bath towel", "浴巾", "Bath", price=1_200, in_stock=False),
    item(10, "Bath soap", "香皂", "Bath", price=None),
    item(11, "Archived teapot", "旧茶壶", "Tea", for_sale=False),
]  # fmt: skip


def catalogue_of(items: Sequence[Item]) -> Catalogue:
    return Catalogue(items, np.array([one.product_id for one in items], np.int64))


def finder_of(items: Sequence[Item], semantic: SemanticIndex | None = None) -> Finder:
    catalogue = catalogue_of(items)
    return Finder(catalogue, SearchIndex(catalogue), semantic)


@pytest.fixture(scope="module")
def words() -> Finder:
    """By words alone, as while the vectors are made."""
    return finder_of(ITEMS)


@pytest.fixture(scope="module")
def both() -> Finder:
    on_sale = [one for one in ITEMS if one.for_sale]
    return finder_of(ITEMS, SemanticIndex(on_sale, VectorStore(sentence_encoder())))


def found(finder: Finder, query: str, leaning: Leaning | None = None) -> list[int]:
    return [one.product_id for one in finder.find(query, leaning).items]


# The query


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("cushion under £30", Asked("cushion", None, 30)),
        ("cushion less than 20 pounds", Asked("cushion", None, 20)),
        ("at least 30 euros", Asked("", 30, None)),
        ("mug £10 to £15", Asked("mug", 10, 15)),
        ("between 20 and 10 tea", Asked("tea", 10, 20)),
        ("20,50 or less", Asked("", None, 20.5)),
        ("cup over 20 under 30", Asked("cup", 20, 30)),
        ("20英镑以下的茶杯", Asked("茶杯", None, 20)),
        ("100到200元的茶壶", Asked("茶壶", 100, 200)),
        ("不超过50元", Asked("", None, 50)),
        ("超过100块的茶壶", Asked("茶壶", 100, None)),
        ("bottle 500 to 600 ml", Asked("bottle 500 to 600 ml")),
        ("game for 2 to 4 players", Asked("game for 2 to 4 players")),
        ("500 ml bottle", Asked("500 ml bottle")),
        ("lamp within reach", Asked("lamp within reach")),
        ("綠茶", Asked("绿茶")),
        ("", Asked("")),
    ],
)
def test_prices_are_read_out_of_a_query_and_other_numbers_are_not(query: str, expected: Asked) -> None:
    assert read(query) == expected


def test_a_price_narrows_and_needs_no_words(words: Finder) -> None:
    assert found(words, "teapot under 20") == [2]
    assert found(words, "teapot over 20") == [1]
    assert found(words, "20元以下的茶壶") == [2]
    assert found(words, "under 5") == [3]  # what has no price fits no price
    assert found(words, "teapot under 5") == []


# Words


@pytest.mark.parametrize(
    ("query", "expected", "taken"),
    [
        ("TEAPOTS", [1, 2], {}),
        ("teapto", [1, 2], {"teapto": "teapot"}),
        ("BLUE TeaPot", [1, 2], {}),
        ("bathtowel", [9, 10], {"bathtowel": "bath towel"}),
        ("查壶", [1, 2], {"查壶": "茶壶"}),  # sounds the same
        ("chahu", [1, 2], {"chahu": "茶壶"}),  # as it sounds
        ("lvcha", [3], {"lvcha": "绿茶"}),
        ("綠茶", [3], {}),  # traditional
        ("rucksack", [7], {}),
        ("抱枕", [5], {}),
    ],
)
def test_words_find_what_is_meant_however_it_is_written(
    words: Finder, query: str, expected: list[int], taken: dict[str, str]
) -> None:
    results = words.find(query)
    assert sorted(one.product_id for one in results.items) == expected
    assert results.taken == taken


def test_without_an_encoder_words_find_alone_and_say_so(words: Finder) -> None:
    results = words.find("teapot")
    assert not results.semantic
    assert results.by == ["words", "words"]
    assert found(words, "a present for a toddler") == []


def test_the_thesaurus_leaves_alone_what_the_catalogue_calls_so() -> None:
    only_backpack = finder_of([item(1, "Hiking backpack"), item(2, "Paper tray")])
    assert found(only_backpack, "rucksack") == [1]
    has_both = finder_of([item(1, "Hiking backpack"), item(2, "Canvas rucksack")])
    assert found(has_both, "rucksack") == [2]


def test_all_of_the_words_come_before_some_of_them(words: Finder) -> None:
    results = words.find("blue teapot")
    assert (results.whole, results.items[0].product_id) == (True, 1)
    some = words.find("purple teapot")
    assert not some.whole
    assert {one.product_id for one in some.items} == {1, 2}


def test_sold_out_comes_last_and_what_is_not_for_sale_never(words: Finder) -> None:
    assert found(words, "bath") == [10, 9]
    assert 11 not in found(words, "teapot")
    assert found(words, "archived") == []


# Meaning


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("something warm for winter evenings", 4),
        ("present for a toddler", 8),
        ("送给小孩的礼物", 8),
        ("jogging footwear", 6),
        ("毯子", 4),
        ("trainers", 6),
    ],
)
def test_meaning_finds_across_words_and_languages(both: Finder, query: str, expected: int) -> None:
    results = both.find(query)
    assert results.semantic
    assert expected in [one.product_id for one in results.items[:2]]


def test_a_title_in_one_language_is_found_in_the_other() -> None:
    items = [item(1, "Violin"), item(2, "Fountain pen"), item(3, "Garden chair"), item(4, "Bread")]
    made = finder_of(items, SemanticIndex(items, VectorStore(sentence_encoder())))
    for query, expected in (("小提琴", 1), ("面包", 4)):
        results = made.find(query)
        assert [one.product_id for one in results.items][:1] == [expected]
        assert results.by[0] == "meaning"


@pytest.mark.parametrize("query", ["xqzvw", "asdf jkl qwrt", "zzzzzzz", "@@@ ###", "0x5f3759df"])
def test_nonsense_finds_nothing(both: Finder, words: Finder, query: str) -> None:
    assert found(both, query) == []
    assert found(words, query) == []


@pytest.mark.parametrize(
    "query",
    [
        "", "   ", "a" * 10_000, "tea " * 2_500, "🍵" * 300, "🫖 teapot 🫖", "'; DROP TABLE products; --", "茶" * 10_000,
        "<script>alert(1)</script>", "\x00\x01", "((((", "under", "under under under £", "£", "1 " * 5_000, "\\", "%s%s", "ﬁﬂ",
    ],
)  # fmt: skip
def test_hostile_queries_are_inert(both: Finder, words: Finder, query: str) -> None:
    for finder in (both, words):
        results = finder.find(query)
        assert all(one.for_sale for one in results.items)
        assert len(results.by) == len(results.items)


def test_an_emoji_beside_a_word_does_no_harm(words: Finder) -> None:
    assert found(words, "🫖 teapot 🫖") == found(words, "teapot")
    assert found(words, "teapot'; DROP TABLE products; --")[:2] == found(words, "teapot")


def test_a_query_that_says_nothing_finds_nothing(both: Finder) -> None:
    assert found(both, "") == []
    assert found(both, "?!") == []


def test_an_empty_catalogue_is_searched_too() -> None:
    empty = finder_of([])
    assert found(empty, "tea") == []
    assert empty.facets([]) == []


# The person


def test_of_two_that_answer_alike_the_liked_category_comes_first() -> None:
    items = [item(1, "Plain bowl", category="Kitchen"), item(2, "Plain bowl", category="Garden")]
    finder = finder_of(items)
    assert found(finder, "bowl") == [1, 2]
    garden = int(catalogue_of(items).kinds[1])
    assert found(finder, "bowl", Leaning({garden: 1.0})) == [2, 1]
    assert found(finder, "bowl", Leaning()) == [1, 2]


def test_leaning_does_not_overrule_what_was_asked(words: Finder) -> None:
    sport = int(catalogue_of(ITEMS).kinds[5])
    assert found(words, "blue teapot", Leaning({sport: 1.0}))[0] == 1


# Facets


def test_facets_count_what_was_found_and_narrowing_keeps_what_has_all(words: Finder) -> None:
    items = [one for one in ITEMS if one.category == ("Tea",) and one.for_sale]
    facets = {facet.name: dict(facet.values) for facet in words.facets(items)}
    assert facets == {"brand": {"North": 2, "South": 1}, "colour": {"white": 2, "blue": 1, "green": 1}}
    for name, values in facets.items():
        for value, count in values.items():
            assert len(narrowed(items, {name: value})) == count
    assert [one.product_id for one in narrowed(items, {"colour": "white", "brand": "North"})] == [3]
    assert narrowed(items, {"colour": "pink"}) == []
    assert narrowed(items, {"no such": "facet"}) == []
    assert narrowed(items, {}) == items


def test_a_facet_of_one_value_or_of_few_products_is_left_out(words: Finder) -> None:
    same = [item(n, "Bowl", category="Kitchen", attributes={"glaze": "matt"}) for n in range(5)]
    assert words.facets(same) == []
    rare = [item(n, "Bowl", category="AB"[n % 2], attributes={"size": n} if n < 4 else {}) for n in range(20)]
    assert [facet.name for facet in words.facets(rare)] == ["category"]
    many = [item(n, "Bowl", category=f"C{n}") for n in range(40)]
    assert [len(facet.values) for facet in words.facets(many)] == [FACET_VALUES]


# Vectors that are kept


class Counting:
    """An encoder that counts what it is asked."""

    dims = 4

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray[Any, Any]:
        self.asked += texts
        return np.array([[len(text), 1, 0, text.count("e")] for text in texts], np.float32)


def test_vectors_are_kept_in_a_file_and_only_new_texts_are_encoded(tmp_path: Path) -> None:
    path = tmp_path / "run" / "vectors.safetensors"
    first = Counting()
    store = VectorStore(first, path)  # type: ignore[arg-type]
    rows = store.rows(["tea", "pot"])
    store.keep(["tea"])
    again = Counting()
    kept = VectorStore(again, path)  # type: ignore[arg-type]
    assert kept.rows(["tea", "cup"])[0].tolist() == pytest.approx(rows[0].tolist())
    assert again.asked == ["cup"]
    path.write_bytes(b"broken")
    broken = Counting()
    assert VectorStore(broken, path).rows(["tea"]).shape == (1, 4)  # type: ignore[arg-type]
    assert broken.asked == ["tea"]


def test_a_catalogue_that_is_gone_is_forgotten() -> None:
    """Every change of a price makes a new catalogue: what search keeps of the one before must not pile up."""
    made = Catalogue([], np.zeros(0, np.int64))
    kept = weakref.ref(made)
    kept_finder(made)
    del made
    gc.collect()
    assert kept() is None
