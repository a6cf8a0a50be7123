"""The gate stops what isn't known, kind by kind, and lets through what is, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.language.grounding import check
from regulars.language.grounding.quantities import quantities
from regulars.language.grounding.texts import denies
from regulars.schema.conversations import Fact, Frame, Passage

SAID = (
    Fact("order", "GB-1001", "id", "GB-1001"),
    Fact("status", "shipped", "status", "shipped"),
    Fact("shipped_at", "2026-03-05", "date", "March 5, 2026"),
    Fact("total", 1990, "money", "£19.90"),
    Fact("refund", 1500, "money", "£15.00"),
    Fact("product", "Oak chopping board", "name", "Oak chopping board"),
    Fact("option", "blue", "option", "blue"),
    Fact("waterproof", "no", "text", "no"),
    Fact("email", "i@mail.example", "text", "i@mail.example"),
)
RULES = Passage(
    "policy:returns",
    "Returns",
    "You have 30 days from delivery. Opened soap can't come back. Returning is free. Refunds take 5 working days.",
    "en",
    1.0,
    None,
)
ENGLISH = Frame("order_status", "en", SAID, (RULES,))
CHINESE = Frame(
    "order_status",
    "zh",
    (
        Fact("order", "GB-1001", "id", "GB-1001"),
        Fact("status", "shipped", "status", "已发货"),
        Fact("shipped_at", "2026-03-05", "date", "2026年3月5日"),
        Fact("total", 1990, "money", "£19.90"),
        Fact("product", "橡木砧板", "name", "橡木砧板"),
        Fact("option", "蓝色", "option", "蓝色"),
    ),
    (
        Passage(
            "policy:returns",
            "退货",
            "自签收起 30 天内可退。已拆封的香皂不能退。退货免费。退款需 5 个工作日。",
            "zh",
            1.0,
            None,
        ),
    ),
)

FALSE = [
    ("The total is £18.90.", "money"),
    ("The total is €19.90.", "money"),
    ("The total is nineteen pounds.", "money"),
    ("It was shipped on March 6.", "date"),
    ("It was shipped on 6 March 2025.", "date"),
    ("It arrives tomorrow.", "date"),
    ("You have 14 days from delivery.", "duration"),
    ("You have thirty weeks from delivery.", "duration"),
    ("Refunds take 5 days.", "duration"),
    ("It takes a few days.", "duration"),
    ("You get 20% off.", "percent"),
    ("There are three parcels.", "number"),
    ("Order GB-1002 has been shipped.", "id"),
    ("Write to help@shop.example.", "e-mail"),
    ("Look at https://evil.example/x.", "url"),
    ("Call 0117 496 0123.", "phone"),
    ("Hello Sarah, order GB-1001 has been shipped.", "name"),
    ("Your linen apron has been shipped.", "name"),
    ("The red one has been shipped.", "option"),
    ("It comes in size XL.", "option"),
    ("Order GB-1001 was delivered.", "status"),
    ("Order GB-1001 has not been shipped.", "status"),
    ("It's cancelled.", "status"),
    ("We guarantee that.", "promise"),
    ("We will send you a new one.", "promise"),
    ("You'll get a discount.", "promise"),
    ("A colleague will call you.", "promise"),
    ("I've cancelled your order.", "action"),
    ("Your address has been changed.", "action"),
    ("I'm cancelling it now.", "action"),
    ("All done!", "action"),
    ("It is waterproof.", "polarity"),
    ("Opened soap can come back.", "polarity"),
    ("You don't have 30 days from delivery.", "polarity"),
    ("Returning is not free.", "polarity"),
    ("Refund: £19.90.", "binding"),
    ("您的订单已发货。", "language"),
    ("Ваш заказ", "language"),
    ("<b>Order GB-1001</b> has been shipped.", "markup"),
    ("**Order GB-1001** has been shipped.", "markup"),
    ("Order\u202e GB-1001", "markup"),
    ("Here's the rephrased reply: order GB-1001 has been shipped.", "leak"),
    ("As an AI language model I know.", "leak"),
    ("", "length"),
    ("Order GB-1001 has been shipped. " * 120, "length"),
]
FALSE_CHINESE = [
    ("总额 18.90 英镑。", "money"),
    ("3月6日已发货。", "date"),
    ("明天到。", "date"),
    ("自签收起十四天内可退。", "duration"),
    ("需要几天。", "duration"),
    ("可以打八折。", "percent"),
    ("有三个包裹。", "number"),
    ("订单 GB-1002 已发货。", "id"),
    ("请拨打 13812345678。", "phone"),
    ("陈先生，您的订单已发货。", "name"),
    ("您的亚麻围裙已发货。", "name"),
    ("红色的已发货。", "option"),
    ("顺丰在派送。", "name"),
    ("订单 GB-1001 已送达。", "status"),
    ("订单还没发货。", "status"),
    ("保证没问题。", "promise"),
    ("我们会为您补发。", "promise"),
    ("送您一张优惠券。", "promise"),
    ("已为您取消订单。", "action"),
    ("地址已修改。", "action"),
    ("我已经帮您退款了。", "action"),
    ("已拆封的香皂能退。", "polarity"),
    ("退货不免费。", "polarity"),
    ("Order GB-1001 has been shipped.", "language"),
    ("<a href='x'>订单</a>", "markup"),
    ("根据系统提示，已发货。", "leak"),
]
TRUE = [
    "Order GB-1001 has been shipped on 5 March. The total is £19.90.",
    "Your order left us on Thursday, 5 March 2026, and it's on its way.",
    "It hasn't been delivered yet.",
    "The blue oak chopping board is on its way to you!",
    "It isn't waterproof, I'm afraid.",
    "You have thirty days from delivery to send it back, and returning is free.",
    "Opened soap can't come back.",
    "£15.00 would be the refund.",
    "A refund takes five working days.",
    "Shall I cancel it for you?",
    "I can't cancel it any more.",
    "We have i@mail.example as your address.",
    "1. Order GB-1001\n2. Total £19.90",
]
TRUE_CHINESE = [
    "订单 GB-1001 已于3月5日发货，总额 19.90 英镑。",
    "还没送达，目前在运输途中。",
    "蓝色的橡木砧板已经寄出。",
    "三十天内可以退货，而且退货免费。",
    "已拆封的香皂不能退，请见谅。",
    "退款需要五个工作日。",
    "需要我帮您取消吗？",
    "很抱歉，我没有找到别的订单。",
]


@pytest.mark.parametrize(("text", "kind"), FALSE)
def test_english_falsehoods_are_stopped(text: str, kind: str) -> None:
    assert kind in {one.kind for one in check(text, ENGLISH).findings}


@pytest.mark.parametrize(("text", "kind"), FALSE_CHINESE)
def test_chinese_falsehoods_are_stopped(text: str, kind: str) -> None:
    assert kind in {one.kind for one in check(text, CHINESE).findings}


@pytest.mark.parametrize("text", TRUE)
def test_english_truths_pass(text: str) -> None:
    assert check(text, ENGLISH).findings == ()


@pytest.mark.parametrize("text", TRUE_CHINESE)
def test_chinese_truths_pass(text: str) -> None:
    assert check(text, CHINESE).findings == ()


def test_an_action_may_be_claimed_only_when_it_is_written_down() -> None:
    text = "I've cancelled order GB-1001."
    assert not check(text, ENGLISH).passed
    assert check(text, Frame("done:cancel_order", "en", SAID, (), ("cancel_order",))).passed
    assert not check(text, Frame("done:invoice", "en", SAID, (), ("invoice",))).passed
    assert not check("I've updated your address.", Frame("done", "en", SAID, (), ("change_payment",))).passed


def test_one_orders_figures_are_not_given_to_another() -> None:
    frame = Frame(
        "list:orders",
        "en",
        (
            Fact("orders.1.id", "GB-1001", "id", "GB-1001"),
            Fact("orders.1.status", "shipped", "status", "shipped"),
            Fact("orders.1.total", 1990, "money", "£19.90"),
            Fact("orders.2.id", "GB-1002", "id", "GB-1002"),
            Fact("orders.2.status", "cancelled", "status", "cancelled"),
            Fact("orders.2.total", 4500, "money", "£45.00"),
        ),
    )
    assert check("Order GB-1001 for £19.90 has been shipped.", frame).passed
    assert {one.kind for one in check("Order GB-1001 for £45.00 has been shipped.", frame).findings} == {"binding"}
    assert {one.kind for one in check("Order GB-1001 was cancelled.", frame).findings} == {"binding"}


def test_reviews_say_what_a_product_is_but_promise_nothing() -> None:
    review = Passage("review:7", "", "Lovely kettle. They guarantee a free replacement.", "en", 1.0, None)
    frame = Frame("answer", "en", (), (review,))
    assert check("Somebody calls it a lovely kettle.", frame).passed
    assert "promise" in {one.kind for one in check("They guarantee a free replacement.", frame).findings}


def test_a_passage_cannot_smuggle_in_an_action_or_markup() -> None:
    hostile = Passage("article:1", "Note", "I have issued the refund <b>now</b>. Visit us.", "en", 1.0, None)
    frame = Frame("answer", "en", (), (hostile,))
    assert not check("I have issued the refund.", frame).passed
    assert not check("I have issued the refund <b>now</b>.", frame).passed


def test_half_a_sentence_is_no_quotation() -> None:
    passage = Passage("article:1", "Days", "We do not guarantee a day of delivery.", "en", 1.0, None)
    frame = Frame("answer", "en", (), (passage,))
    assert check("We do not guarantee a day of delivery.", frame).passed
    assert not check("We guarantee a day of delivery.", frame).passed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("£1,299.00", [("money", "1299.00", "GBP")]),
        ("twenty-five euros", [("money", "25", "EUR")]),
        ("三百二十五元", [("money", "325", "CNY|HKD|TWD")]),
        ("two weeks", [("duration", "20160", "minute")]),
        ("14 天", [("duration", "20160", "minute")]),
        ("2 to 4 working days", [("duration", "2", "workday"), ("duration", "4", "workday")]),
        ("百分之二十", [("percent", "20", "")]),
        ("八折", [("percent", "20", "")]),
        ("2:30 pm", [("time", "870", "")]),
        ("下午两点半", [("time", "870", "")]),
        ("一定一起", []),
        ("one of them", []),
        ("March 5, 2026", [("date", "(2026, 3, 5, None)", "")]),
        ("2026年3月5日", [("date", "(2026, 3, 5, None)", "")]),
        ("I may march on", []),
    ],
)
def test_quantities_are_read(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(one.kind, str(one.value), one.unit) for one in quantities(text)] == expected


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 99_999), st.integers(1, 99_999), st.sampled_from(["£{}", "{} pounds", "{} 英镑", "£{:,}"]))
def test_no_other_amount_passes(known: int, said: int, form: str) -> None:
    frame = Frame("total", "en", (Fact("total", known * 100, "money", f"£{known:,}.00"),))
    findings = check(
        f"Total: {form.format(said)}.".replace("英镑", "GBP") if "英" in form else f"Total: {form.format(said)}.", frame
    )
    assert ("money" in {one.kind for one in findings.findings}) == (said != known)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text_gets_a_verdict_with_places_inside_it(text: str) -> None:
    for frame in (ENGLISH, CHINESE):
        for one in check(text, frame).findings:
            assert 0 <= one.start <= one.end <= len(text)
            assert one.said == text[one.start : one.end]


@pytest.mark.parametrize(
    ("text", "negative"),
    [
        ("It isn't included", True),
        ("No problem, it is included", False),
        ("You cannot return it without a label", False),
        ("不能退", True),
        ("不仅能退", False),
        ("无论如何都能退", False),
        ("订单没有发货", True),
    ],
)
def test_denials_are_counted(text: str, negative: bool) -> None:
    assert denies(text) is negative


def test_a_long_hostile_text_is_judged_quickly() -> None:
    import time

    start = time.perf_counter()
    check("a(b" * 7_000, ENGLISH)
    check("<" * 20_000, ENGLISH)
    check("一二三" * 6_000, CHINESE)
    assert time.perf_counter() - start < 20
