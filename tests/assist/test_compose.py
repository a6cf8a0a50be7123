"""The composer says every frame it should, in both languages, varied, and never more than the frame holds."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from benchmarks.grounding_frames import frame
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.assist.compose import acts, compose, slots_of
from regulars.assist.facts import Facts
from regulars.assist.phrases import LOCALES, phrases_of
from regulars.errors import InvalidInput
from regulars.language.grounding import check
from regulars.schema import Money
from regulars.schema.conversations import Frame, Passage

FLOWS = [
    "cancel_order",
    "change_address",
    "change_items",
    "change_payment",
    "return_items",
    "exchange_items",
    "invoice",
    "store_credit",
    "stock_alert",
    "update_profile_address",
]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("act", acts())
def test_each_act_passes_the_gate_in_all_its_wordings(act: str, locale: str) -> None:
    for seed in range(4):
        said = frame(act, locale, seed)
        texts = {compose(said, "conversation", turn).text for turn in range(len(phrases_of(locale)["say"][act]))}
        for text in texts:
            verdict = check(text, said)
            assert verdict.passed, (text, verdict.findings)


@settings(max_examples=60, deadline=None)
@given(
    act=st.sampled_from(acts()), locale=st.sampled_from(LOCALES), seed=st.integers(0, 10**6), turn=st.integers(0, 99)
)
def test_any_frame_is_said_without_leftovers(act: str, locale: str, seed: int, turn: int) -> None:
    said = frame(act, locale, seed)
    text = compose(said, str(seed), turn).text
    assert text
    assert not set("{}[]<>") & set(text)
    assert "  " not in text
    assert check(text, said).passed


def test_both_languages_have_the_same_acts_with_three_wordings() -> None:
    assert set(acts("en")) == set(acts("zh"))
    for locale in LOCALES:
        for act in acts(locale):
            wordings = phrases_of(locale)["say"][act]
            assert len(set(wordings)) == len(wordings) >= 3, (locale, act)


def test_each_flow_can_be_confirmed_and_done() -> None:
    for flow in FLOWS:
        assert {f"confirm:{flow}", f"done:{flow}"} <= set(acts())


@pytest.mark.parametrize("locale", LOCALES)
def test_no_wording_comes_twice_in_a_row(locale: str) -> None:
    for act in acts(locale):
        said = frame(act, locale, 1)
        texts = [compose(said, "a conversation", turn) for turn in range(7)]
        assert all(one.wording != other.wording for one, other in itertools.pairwise(texts)), act
        for turn in range(4):
            before = compose(said, "another", turn).wording
            assert compose(said, "another", turn, before=before).wording != before


def test_conversations_begin_differently_and_the_same_seed_says_the_same() -> None:
    said = Frame("greet", "en", ())
    first = [compose(said, f"conversation {number}", 0).text for number in range(40)]
    assert len(set(first)) >= 3
    assert first == [compose(said, f"conversation {number}", 0).text for number in range(40)]


def test_a_summary_leaves_out_no_cost() -> None:
    facts = (
        Facts("en")
        .id("order", "GB-1001")
        .money("refund", Money(1990, "GBP", 2))
        .money("return_cost", Money(295, "GBP", 2))
    )
    for turn in range(3):
        text = compose(Frame("confirm:cancel_order", "en", facts.all), "one", turn).text
        assert "£19.90" in text
        assert "Return cost: £2.95" in text


def test_a_refusal_quotes_the_policy() -> None:
    policy = Passage("policy:return", "Returns", "Items can be returned within 28 days of delivery.", "en", 1.0, None)
    for turn in range(3):
        text = compose(Frame("refused:window_passed", "en", (), (policy,)), "one", turn).text
        assert "“Items can be returned within 28 days of delivery.”" in text


def test_a_contradiction_shows_both_and_marks_the_older() -> None:
    old = Passage("article:1", "Delivery", "Delivery takes 5 days.", "en", 1.0, datetime(2024, 3, 1, tzinfo=UTC))
    new = Passage("article:2", "Shipping", "Delivery takes 3 days.", "en", 0.9, datetime(2026, 3, 1, tzinfo=UTC))
    said = Frame("answer:contradiction", "en", (), (old, new))
    text = compose(said, "one", 0).text
    assert text.index("3 days") < text.index("5 days")
    assert "(Delivery, March 1, 2024, older)" in text
    assert check(text, said).passed


def test_states_say_themselves() -> None:
    facts = Facts("en").id("order", "GB-1001").status("status", "shipped").id("tracking", "JD0012345678")
    text = compose(Frame("order_status", "en", facts.all), "one", 0).text
    assert "GB-1001" in text
    assert "JD0012345678" in text
    chinese = Facts("zh").id("order", "GB-1001").status("status", "shipped")
    assert "GB-1001" in compose(Frame("order_status", "zh", chinese.all), "one", 0).text


def test_an_unknown_detail_falls_back_to_its_family() -> None:
    assert compose(Frame("refused:full_moon", "en", ()), "one", 0).wording.startswith("refused/")
    assert compose(Frame("confirm:paint_it", "zh", ()), "one", 0).wording.startswith("confirm/")


def test_an_act_without_words_says_what_is_missing() -> None:
    with pytest.raises(InvalidInput, match="juggle"):
        compose(Frame("juggle", "en", ()), "one", 0)
    with pytest.raises(InvalidInput, match="There are no words"):
        compose(Frame("list:goes_with_nothing", "en", ()), "one", 0)


def test_data_can_neither_bring_markup_nor_new_lines_nor_slots() -> None:
    title = "<script>alert(1)</script> Kettle {order} [x]\n\n**free**\u202e"
    facts = Facts("en").name("product", title).status("status", "in_stock")
    text = compose(Frame("stock", "en", facts.all), "one", 0).text
    assert not set("<>{}[]\n\u202e") & set(text)
    assert "**" not in text


def test_amounts_and_dates_are_said_as_the_locale_says_them() -> None:
    at = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
    english = Facts("en", "Asia/Shanghai").money("a", Money(123456, "EUR", 2)).date("b", at).number("c", 1200)
    chinese = Facts("zh", "UTC").money("a", Money(500, "JPY", 0)).date("b", at).money("c", None)
    assert [fact.shown for fact in english.all] == ["€1,234.56", "March 6, 2026", "1,200"]
    assert [fact.shown for fact in chinese.all] == ["JP¥500", "2026年3月5日"]


def test_slots_are_told() -> None:
    needed, used = slots_of("done:change_address")
    assert "new_address" in needed
    assert {"order", "refund", "fee"} <= used
    assert replace(Frame("greet", "en", ()), locale="zh").locale == "zh"
