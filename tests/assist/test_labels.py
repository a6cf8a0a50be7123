"""Sparse labels: rules that vote, pseudo-labels, and the questions worth asking."""

from __future__ import annotations

import pytest

from regulars.assist.intents.ask import worth_asking
from regulars.assist.intents.bundled import bundled_examples
from regulars.assist.intents.model import IntentModel
from regulars.assist.intents.settings import Example
from regulars.assist.intents.stretch import WeakRule, mined_rules, pseudo_labels, trust, vote
from regulars.assist.intents.train import fit_intents
from regulars.errors import InvalidInput

from .conftest import CHEAP

INVOICE = WeakRule(r"\binvoices?\b|发票", "invoice")
WHERE = WeakRule(r"\bwhere\b", "track_order")


def test_a_rule_is_believed_as_far_as_labels_bear_it_out(few: list[Example]) -> None:
    trusted = trust([INVOICE, WHERE, WeakRule("zebra", "greeting")], few)
    assert trusted[INVOICE] > 0.9
    assert trusted[WHERE] < trusted[INVOICE]
    assert trusted[WeakRule("zebra", "greeting")] == 0.5
    with pytest.raises(InvalidInput, match="can't be read"):
        WeakRule("(", "greeting").holds("hello")


def test_rules_vote_and_keep_silent_when_they_disagree() -> None:
    trusted = {INVOICE: 0.95, WHERE: 0.9}
    assert vote("send me the invoice", trusted) == ("invoice", pytest.approx(0.95))
    assert vote("where is the invoice", trusted) is None
    assert vote("hello", trusted) is None
    assert vote("send me the invoice", {INVOICE: 0.6}) is None


def test_rules_are_found_in_labelled_texts_of_both_languages(few: list[Example]) -> None:
    found = mined_rules(few)
    assert any(rule.intent == "invoice" and rule.holds("发票") for rule in found)
    assert any(rule.intent == "invoice" and rule.holds("an Invoice please") for rule in found)
    assert all(rule.intent != "out_of_scope" for rule in found)


def test_pseudo_labels_are_sure_and_uncontradicted(cheap: IntentModel) -> None:
    texts = [
        "can you send me the invoice again please",
        "your invoice hello where what",
        "how do I bake a cake",
        "帮我查一下快递到哪里了",
    ]
    labels = {one.example.text: one for one in pseudo_labels(texts, cheap, {INVOICE: 0.95}, sure=0.8)}
    assert labels[texts[0]].example.intent == "invoice"
    assert labels[texts[0]].by == "both"
    assert labels[texts[3]].example == Example(texts[3], "track_order", "zh")
    assert "how do I bake a cake" not in labels
    against = pseudo_labels(texts[:1], cheap, {WeakRule("invoice", "greeting"): 0.95}, sure=0.8)
    assert not against
    many = [f"please send me the invoice number {number}" for number in range(30)]
    assert len(pseudo_labels(many, cheap, sure=0.6, each=5)) == 5


def test_pseudo_labels_help_where_labels_are_few() -> None:
    intents = ("track_order", "cancel_order", "invoice", "stock_alert", "refund_status", "store_credit")
    every = [one for one in bundled_examples(("en",)) if one.intent in intents]
    known = [one for place, one in enumerate(every) if place % 10 == 0]
    waiting = [one for place, one in enumerate(every) if place % 10 in (1, 2, 3, 4, 5)]
    test = [one for place, one in enumerate(every) if place % 10 > 5]

    def accuracy(model: IntentModel) -> float:
        found = model.predict([one.text for one in test])
        return sum(one.intent == was.intent for one, was in zip(found, test, strict=True)) / len(test)

    first = fit_intents(known, CHEAP)
    stretched = pseudo_labels([one.text for one in waiting], first, trust(mined_rules(known), known), sure=0.7)
    second = fit_intents([*known, *(one.example for one in stretched)], CHEAP)
    assert len(stretched) >= 20
    assert accuracy(second) >= accuracy(first)


def test_questions_are_doubtful_common_and_different(cheap: IntentModel) -> None:
    sure = ["where is my order", "I need an invoice", "hello"]
    doubtful = ["it is about the order and a bill", "about the order and the bill", "about my order and its bill"]
    asked = worth_asking([*sure, *doubtful, *doubtful], cheap, count=3)
    assert asked[0].text in doubtful
    assert asked[0].value >= asked[1].value
    assert len({one.text for one in asked}) == len(asked)
    (plain,) = worth_asking(["I need an invoice"], cheap)
    assert asked[0].unsure > plain.unsure
    assert not worth_asking(doubtful, cheap, known=doubtful)
    assert worth_asking([], cheap) == []
    assert worth_asking(doubtful, cheap, count=2) == worth_asking(doubtful, cheap, count=2)
