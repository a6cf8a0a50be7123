"""Texts by the realiser: right by eye, whole, varied, as long as their places allow, and through the gate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from regulars.content.gate import judge, texts
from regulars.content.lexicon import Glossary
from regulars.content.realiser import WRITTEN, realise
from regulars.content.sheet import Price, Said, sheet_of
from regulars.demo import catalogue
from regulars.errors import InvalidInput, NotEnoughData
from regulars.schema.content import KINDS, Brief, Voice, joined, width

from .things import JACKET, record, trousers


def text(sheet: object, kind: str = "description", locale: str = "en", variant: int = 0, **voice: object) -> str:
    fields = realise(sheet, Brief(kind, locale, Voice(**voice), variant))  # type: ignore[arg-type]
    return "\n".join(joined(said, locale) for said in fields.values())


def test_an_english_description_reads_well() -> None:
    assert text(sheet_of(record(JACKET, description="Keeps you dry on long walks."))) == (
        "The Alpine hiking jacket by Northbound is made from nylon and comes in red and navy. It weighs 340 g and is cut to a regular fit. "
        "It has a zip closure, comes from Portugal and has 4 pockets. The lining is mesh. It is waterproof. This jacket is not machine washable. "
        "Keeps you dry on long walks.\nCare: Hand wash only, do not tumble dry"
    )


def test_a_chinese_description_reads_well() -> None:
    assert text(sheet_of(trousers()), locale="zh").startswith("衣语显瘦高腰阔腿裤")
    assert text(sheet_of(trousers()), locale="zh").endswith("。")
    for part in ("棉", "简约风格", "线条图案", "显瘦和宽松版型", "高腰", "黑色"):
        assert part in text(sheet_of(trousers()), locale="zh")


def test_number_and_article_follow_the_noun() -> None:
    shoes = record(
        {"weight": "240 g", "material": "leather"}, "Trail running shoes", category=("Running shoes",), brand=None
    )
    assert " weigh 240 g" in text(sheet_of(shoes))
    assert " are made " in text(sheet_of(shoes))
    knife = record({"shape": "oval"}, "Oyster knife", category=("Knives",), brand=None)
    assert text(sheet_of(knife)) == "The Oyster knife has an oval shape."


def test_what_the_record_denies_stays_denied() -> None:
    sheet = sheet_of(
        record({"防水": "否", "可机洗": False, "透气": True}, {"zh": "帆布包"}, category=("包",), brand=None)
    )
    said = text(sheet, locale="zh")
    assert "不防水" in said
    assert "不可机洗" in said
    assert "透气" in said
    assert "不透气" not in said


def test_little_known_is_little_said() -> None:
    assert (
        text(sheet_of(record({}, "WHITE HANGING HEART T-LIGHT HOLDER", brand=None, category=())))
        == "White Hanging Heart T-Light Holder."
    )


def test_all_of_many_attributes_are_told() -> None:
    sheet = sheet_of(record({f"Part {number}": f"value{number}" for number in range(300)}))
    said = text(sheet)
    assert all(f"value{number}" in said for number in range(300))


def test_a_price_is_told_where_it_sells_and_only_as_it_is() -> None:
    reduced = sheet_of(record(JACKET, prices=(Price(7900, 9900, "EUR", 2),)))
    assert "€79" in text(reduced, "sms")
    assert "€99" in text(reduced, "sms")
    assert "€" not in text(reduced)


def test_an_unknown_kind_is_told_of() -> None:
    with pytest.raises(InvalidInput, match="no kind"):
        realise(sheet_of(record({})), Brief("poem", "en"))


@pytest.mark.parametrize(
    ("attributes", "title", "holds"),
    [
        ({"Number of batteries": 2, "LED light": True}, "Cordless drill", ["has 2 batteries", "LED light: yes"]),
        ({"W x D x H": "169 x 55 x 178 mm"}, "Drill", ["W x D x H: 169 x 55 x 178 mm"]),
        (
            {"Author": "J. Smith", "Pages": "320"},
            "The Long Way Home",
            ["“The Long Way Home”", "320 pages", "by J. Smith"],
        ),
        (
            {"Net weight": "40g", "Allergens": "none"},
            "Green tea, 20 bags",
            ["Green tea, 20 bags: it weighs 40g", "Allergens: none"],
        ),
        ({"Batteries required": False}, "Marble run", ["Marble run", "Batteries required: no"]),
        ({"口径": "8.5cm"}, {"zh": "茶杯"}, ["口径"]),
        ({"续航时间": "21天"}, {"zh": "手环"}, ["21天"]),
        ({"材质成分": "聚酯纤维95% 氨纶5%"}, {"zh": "长裤"}, ["材质成分为聚酯纤维95% 氨纶5%"]),
        ({"面料": "100%棉"}, {"zh": "婴儿纯棉连体衣"}, ["婴儿纯棉连体衣", "100%棉"]),
        ({"是否支持NFC": "是", "是否可微波": "否"}, {"zh": "手环"}, ["支持NFC", "不可微波"]),
    ],
)
def test_sheets_as_shops_write_them(attributes: dict[str, object], title: str, holds: list[str]) -> None:
    locale = "en" if isinstance(title, str) else "zh"
    made = text(sheet_of(record(attributes, title, brand=None, category=())), locale=locale)
    for part in holds:
        assert part in made
    assert "时间时间" not in made


REVIEWS = (
    Said(5, "Pours without a drip. I use it each morning.", "en"),
    Said(4, "Good, as hoped. Write to me at a@b.example!", "en"),
    Said(2, "The lid is loose.", "en"),
    Said(5, "The best teapot in the world, buy it!", "en"),
    Said(5, "倒水很利落，每天都在用。", "zh"),
)


def test_a_digest_cites_buyers_word_for_word() -> None:
    sheet = sheet_of(record({}, {"en": "Teapot", "zh": "茶壶"}, rating=(4.2, 5), reviews=REVIEWS))
    english, chinese = text(sheet, "digest"), text(sheet, "digest", "zh")
    assert "4 gave 4 stars or 5 and 1 gave 2 stars or fewer." in english
    assert "“The lid is loose.”" in english
    assert "best" not in english
    assert "a@b" not in english
    assert "“倒水很利落，每天都在用。”" in chinese
    for locale in ("en", "zh"):
        found = judge(realise(sheet, Brief("digest", locale)), sheet, Brief("digest", locale))
        assert [one for one in found.flags if not one.warning] == []
    with pytest.raises(NotEnoughData, match="fewer than 3 reviews"):
        realise(sheet_of(record({}, rating=(5.0, 2))), Brief("digest", "en"))


@pytest.fixture(scope="module")
def demo() -> list[object]:
    """Each seventh product of the demo shop, whose words are its own."""
    from datetime import UTC, datetime

    made = []
    for item in catalogue.items()[::7]:
        told = item.record(datetime(2026, 1, 1, tzinfo=UTC))
        options: dict[str, list[str]] = {}
        for variant in told.get("variants", ()):
            for name, value in variant["options"].items():
                options.setdefault(name, []).append(value)
        bare = record(told["attributes"], told["title"], brand=told["brand"], category=tuple(told["category"]))
        chosen = {name: tuple(values) for name, values in options.items()}
        whole = replace(bare, options=chosen, rating=(4.6, 12), descriptions=told["description"])
        made.append(sheet_of(whole, Glossary(catalogue.glossary())))
    return made


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("kind", WRITTEN)
def test_every_kind_fits_its_places_and_passes_the_gate(demo: list[object], kind: str, locale: str) -> None:
    for sheet in demo[:30]:
        brief = Brief(kind, locale)
        fields = realise(sheet, brief)  # type: ignore[arg-type]
        assert set(fields) == {place.name for place in KINDS[kind]}
        for place in KINDS[kind]:
            said = joined(fields[place.name], locale)
            assert said.strip()
            if place.lines == 1:
                assert width(said, place.unit) <= place.limit, said
        found = [one for one in judge(fields, sheet, brief).flags if not one.warning]  # type: ignore[arg-type]
        assert found == [], (joined(next(iter(fields.values())), locale), found)


def test_variants_differ_in_words_and_not_in_facts(demo: list[object]) -> None:
    sheet = demo[3]
    made = {text(sheet, variant=variant) for variant in range(12)}
    assert len(made) >= 8
    assert text(sheet, variant=5) == text(sheet, variant=5)


@pytest.mark.parametrize("kind", ["seo", "ad_search", "ad_social", "push", "sms"])
@pytest.mark.parametrize("variant", range(4))
def test_nothing_is_told_twice_in_a_short_text(kind: str, variant: int) -> None:
    sheet = sheet_of(record({"colour": "white", "weight": "2.6 kg"}, "Stick vacuum", "Up to 40 min per charge."))
    said = " ".join(texts(realise(sheet, Brief(kind, "en", variant=variant)), "en").values())
    assert said.count("2.6 kg") <= (2 if kind == "ad_search" else 1)  # a search ad has headlines and descriptions
    assert said.count("white") <= (2 if kind == "ad_search" else 1)


def test_letters_of_brand_and_title_stay_apart_in_chinese() -> None:
    sheet = sheet_of(record({"重量": "5.2 kg"}, {"zh": "4K 显示器"}, brand="Lumion"))
    assert texts(realise(sheet, Brief("title", "zh")), "zh")["title"].startswith("Lumion 4K 显示器")


@pytest.mark.parametrize(
    ("title", "category", "verb"),
    [
        ("Decaf espresso beans 1kg", ("Food", "Coffee"), "weigh"),
        ("Women's running shorts", ("Clothing",), "weigh"),
        ("Espresso maker 3 cups", ("Kitchen",), "weigh"),
        ("Balance bike", ("Toys", "Bikes"), "weighs"),
        ("Glass 300 ml", ("Kitchen", "Glass"), "weighs"),
    ],
)
def test_a_verb_agrees_with_what_the_title_calls_it(title: str, category: tuple[str, ...], verb: str) -> None:
    sheet = sheet_of(record({"weight": "1 kg"}, title, category=category))
    said = texts(realise(sheet, Brief("description", "en")), "en")["body"]
    assert f"{verb} 1 kg" in said
