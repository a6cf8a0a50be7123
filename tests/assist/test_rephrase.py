"""A model's wording goes out only when the gate lets it, and personal data stay on the machine."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.assist.compose import compose
from regulars.assist.facts import Facts
from regulars.assist.rephrase import redact, rephrase
from regulars.errors import ModelError, Unavailable
from regulars.language.chat_models import Completion, ScriptedModel, ToolCall
from regulars.language.grounding import check
from regulars.schema import Money
from regulars.schema.conversations import Frame

FACTS = (
    Facts("en")
    .id("order", "GB-1001")
    .status("status", "shipped")
    .money("total", Money(1990, "GBP", 2))
    .name("name", "Ann Lee")
    .text("email", "ann@mail.example")
    .all
)
FRAME = Frame("order_status", "en", FACTS)
TEXT = "Hello Ann Lee, order GB-1001 has been shipped. The total is £19.90. We wrote to ann@mail.example."


def test_a_grounded_wording_goes_out() -> None:
    model = ScriptedModel("Hi NAME1! Your order GB-1001 is on its way, the total was £19.90. Your address is EMAIL1.")
    said = rephrase(model, TEXT, FRAME)
    assert (said.by, said.why) == ("scripted", "")
    assert (
        said.text
        == "Hi Ann Lee! Your order GB-1001 is on its way, the total was £19.90. Your address is ann@mail.example."
    )


def test_the_model_never_sees_who_it_is() -> None:
    model = ScriptedModel("x")
    rephrase(model, TEXT, FRAME)
    sent = " ".join(message.content for message in model.asked[0])
    assert "Ann" not in sent
    assert "mail.example" not in sent
    assert "GB-1001" in sent


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Hi NAME1, GB-1001 was delivered, £19.90. EMAIL1", "ungrounded"),
        ("Hi NAME1, GB-1001 is on its way, £19.90, and I've refunded it. EMAIL1", "ungrounded"),
        ("Hi NAME1, GB-1001 is on its way. EMAIL1", "left-out"),
        ("Hi, GB-1001 is on its way, £19.90. EMAIL1", "placeholder-lost"),
        ("Hi NAME1 NAME1, GB-1001 is on its way, £19.90. EMAIL1", "placeholder-lost"),
        ("Hi NAME1, GB-1001 is on its way, £19.90. EMAIL1 " + "Thank you. " * 60, "too-long"),
        ("您好 NAME1，GB-1001 已发货，£19.90。EMAIL1", "ungrounded"),
        ("", "empty"),
    ],
)
def test_otherwise_the_template_goes_out(said: str, why: str) -> None:
    answer = rephrase(ScriptedModel(said), TEXT, FRAME)
    assert (answer.text, answer.by, answer.why) == (TEXT, "template", why)


@pytest.mark.parametrize("error", [Unavailable("down"), ModelError("no")])
def test_a_model_that_fails_costs_only_its_wording(error: Exception) -> None:
    answer = rephrase(ScriptedModel(error), TEXT, FRAME)
    assert (answer.text, answer.by) == (TEXT, "template")
    assert answer.why in ("unavailable", "model")


def test_a_call_is_no_wording() -> None:
    call = Completion("", "x", 0.1, None, (ToolCall("cancel_order", {}),))
    assert rephrase(ScriptedModel(call), TEXT, FRAME).why == "empty"


def test_a_question_stays_a_question() -> None:
    frame = Frame("confirm:cancel_order", "en", Facts("en").id("order", "GB-1001").all)
    text = "Shall I cancel order GB-1001?"
    assert rephrase(ScriptedModel("Order GB-1001 could be stopped."), text, frame).why == "question-lost"


def test_something_else_altogether_does_not_go_out() -> None:
    frame = Frame("no_evidence", "en", ())
    text = compose(frame, "one", 0).text
    assert rephrase(ScriptedModel("Have a nice day?"), text, frame).why == "drifted"


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=300))
def test_whatever_a_model_says_what_goes_out_is_grounded(said: str) -> None:
    answer = rephrase(ScriptedModel(said), TEXT, FRAME)
    assert answer.text == TEXT or check(answer.text, FRAME).passed


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=120), st.emails())
def test_what_is_redacted_comes_back(text: str, email: str) -> None:
    whole = f"{text} {email} NAME1 +44 20 7946 0018"
    redacted = redact(whole, Facts("en").name("name", "Zo Q").all)
    assert redacted.restored(redacted.text) == whole


def test_phones_and_addresses_are_placeholders() -> None:
    facts = Facts("en").text("new_address", "14 Quay Street, Bristol").text("phone", "+44 117 496 0123").all
    said = redact("It goes to 14 Quay Street, Bristol. Call +44 117 496 0123 or 0117 496 0555.", facts)
    assert said.text == "It goes to PLACE1. Call PHONE1 or PHONE2."
