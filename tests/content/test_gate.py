"""The gate over product texts: what is true passes, each kind of falsehood is found where it stands."""

from __future__ import annotations

import pytest

from regulars.content.gate import judge
from regulars.content.rules import packs
from regulars.content.sheet import Price, Said, Sheet, sheet_of
from regulars.content.writers import in_sentences
from regulars.schema.content import Brief, Voice

from .things import JACKET, record


@pytest.fixture(scope="module")
def english() -> Sheet:
    return sheet_of(record(JACKET, description="Keeps you dry on long walks.", rating=(4.4, 31)))


@pytest.fixture(scope="module")
def chinese() -> Sheet:
    return sheet_of(
        record({"材质": "不锈钢", "颜色": ["白色", "黑色"], "容量": "500ml", "重量": "280g", "产地": "浙江", "防水": False}, {"zh": "不锈钢保温杯"}, brand="暖行", category=("厨具", "保温杯"))
    )  # fmt: skip


def said(text: str, sheet: Sheet, locale: str, kind: str = "description", **voice: object) -> list[tuple[str, str]]:
    fields = {("body" if kind in ("description", "sms") else "title"): in_sentences(text)}
    found = judge(fields, sheet, Brief(kind, locale, Voice(**voice)), ["Tarn"])  # type: ignore[arg-type]
    return [(one.kind, one.said) for one in found.flags if not one.warning]


@pytest.mark.parametrize(
    "text",
    [
        "Made of nylon, this jacket weighs just 340 g and comes in red or navy.",
        "A waterproof jacket with a regular fit and four pockets.",
        "It zips up, keeps you dry on long walks and has a mesh lining.",
        "Please wash it by hand: it isn't machine washable.",
        "Rated 4.4 out of 5 in 31 reviews.",
        "Wear it in the rain. Northbound makes it in Portugal.",
    ],
)
def test_true_copy_by_a_person_passes(english: Sheet, text: str) -> None:
    assert said(text, english, "en") == []


@pytest.mark.parametrize(
    "text",
    [
        "采用不锈钢材质，容量500ml，重280g。",
        "白色与黑色两款可选，产自浙江。",
        "这款保温杯不防水，请勿整杯浸泡。",
        "暖行不锈钢保温杯，握感舒适。",
    ],
)
def test_true_chinese_copy_passes(chinese: Sheet, text: str) -> None:
    assert said(text, chinese, "zh") == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("It weighs 430 g.", "430 g"),
        ("It weighs 340 kg.", "340 kg"),
        ("Made of leather.", "leather"),
        ("It comes in green.", "green"),
        ("It is machine washable.", "machine washable"),
        ("It isn't waterproof.", "waterproof"),
        ("The best jacket for rain.", "best"),
        ("Why is it the world's favourite?", "world's"),
        ("Made in Italy.", "Italy"),
        ("It is certified by OEKO-TEX.", "OEKO-TEX"),
        ("Customers love the fit.", "Customers love"),
        ("Half price this week.", "Half price"),
        ("Free shipping on this one.", "Free shipping"),
        ("Warmer than other jackets.", "Warmer than"),
        ("It boosts your immune system.", "boosts your immune system"),
        ("An eco-friendly choice.", "eco-friendly"),
        ("Softer than Tarn.", "Tarn"),
        ("So easy that even women can close it.", "even women can"),
        ("这款夹克很好。", "这款夹克很好"),
        ("<b>Waterproof</b>", "<b>"),
        ("Write to help@shop.example.", "help@shop.example"),
    ],
)
def test_a_falsehood_is_found(english: Sheet, text: str, wrong: str) -> None:
    found = said(text, english, "en")
    assert any(wrong.casefold() in span.casefold() or span.casefold() in wrong.casefold() for _, span in found if span), found  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("容量800ml。", "800ml"), ("采用陶瓷材质。", "陶瓷"), ("红色款可选。", "红色"), ("杯身防水。", "防水"), ("全网最低价。", "全网最低"), ("国家级品质。", "国家级"),
        ("产自广东。", "广东"), ("通过FDA认证。", "认证"), ("买家都说好。", "买家都说"), ("喝水有助于降血压。", "降血压"), ("环保无害。", "环保"), ("女人就该用它。", "女人就该"), ("Keeps drinks hot.", "Keeps"),
    ],
)  # fmt: skip
def test_a_falsehood_in_chinese_is_found(chinese: Sheet, text: str, wrong: str) -> None:
    found = said(text, chinese, "zh")
    assert any(wrong in span or span in wrong for _, span in found if span), found


def test_a_reduction_may_be_told_where_there_is_one() -> None:
    sheet = sheet_of(record(JACKET, prices=(Price(7900, 9900, "EUR", 2),)))
    assert said("Now €79 instead of €99.", sheet, "en", "sms") == []
    assert said("Now €69 instead of €99.", sheet, "en", "sms") != []


def test_what_the_record_states_may_be_said() -> None:
    sheet = sheet_of(record({"Certification": "OEKO-TEX", "Eco-friendly": True}))
    assert said("It carries OEKO-TEX.", sheet, "en") == []
    assert said("It carries FSC.", sheet, "en") != []


def test_a_quotation_has_to_be_somebodys_words() -> None:
    sheet = sheet_of(record(JACKET, reviews=(Said(5, "It kept me dry for 3 hours. Lovely.", "en"),)))
    assert said("A buyer's words: “It kept me dry for 3 hours.”", sheet, "en") == []
    assert ("claim", "“It kept me dry for 5 hours.”") in said(
        "A buyer's words: “It kept me dry for 5 hours.”", sheet, "en"
    )


def test_the_shops_own_words_are_avoided(english: Sheet) -> None:
    assert said("A jacket with a snug fit.", english, "en", avoid=["snug"]) == [("word", "snug")]


def test_places_are_limited(english: Sheet) -> None:
    fields = {"title": in_sentences("Alpine hiking jacket " * 4), "description": in_sentences("It is waterproof.")}
    found = [one for one in judge(fields, english, Brief("seo", "en")).flags if one.kind == "length"]
    assert [(one.place, one.start) for one in found] == [("title", 60)]
    missing = judge({"title": in_sentences("Alpine hiking jacket")}, english, Brief("seo", "en")).flags
    assert [(one.place, one.kind) for one in missing if not one.warning] == [("description", "length")]


def test_every_pack_names_its_source_and_matches_what_it_is_for() -> None:
    assert set(packs()) >= {"china_advertising", "health", "green", "price", "claims", "decency"}
    for pack in packs().values():
        assert pack.source
        assert set(pack.title) == {"en", "zh"}
        assert all(set(rule.reason) == {"en", "zh"} for rule in pack.rules)
