"""Scripted customers on a real throw-away shop: what they come to, that nothing of the shop's own is touched, and that no wrong act goes unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from benchmarks.assistant.stage import phrases as scored_phrases

from regulars.assist.actions import plans
from regulars.assist.flows import Flows
from regulars.assist.rehearsal.book import Book
from regulars.assist.rehearsal.customer import phrases
from regulars.assist.rehearsal.goals import LANGUAGES, Writer
from regulars.assist.rehearsal.rules import RuledOut, Rules
from regulars.assist.rehearsal.situations import drawn, situations
from regulars.assist.turns import Work
from regulars.cli.rehearsal import show
from regulars.errors import InvalidInput
from regulars.shop import Shop
from regulars.store import actions as action_table
from regulars.store.database import Connection

POLICY = {
    "cancel_order": {"within_hours": 24, "reasons": ["ordered twice", "重复下单"], "refund_to": ["gift_card"]},
    "return_items": {"within_days": 14, "refund_to": ["gift_card"], "cost": 300, "never_categories": ["Cheese"]},
    "exchange_items": {"needs_stock": False, "same_variant": True},
    "change_payment": {"allowed": False},
    "invoice": {"allowed": False},
    "identity": {"ways": ["email"]},
}
ARTICLES = [
    {"id": "wrap", "locale": "en", "title": "Do you wrap gifts?", "body": "Yes, in paper that can be recycled, for 2.50 an order."},
    {"id": "wrap.zh", "locale": "zh", "title": "提供礼品包装吗？", "body": "提供，每单 2.50，使用可回收纸张。"},
]  # fmt: skip
COUNTED = ("conversations", "messages", "actions", "decisions", "events", "customers", "orders", "products", "articles", "policies", "changes")  # fmt: skip


def counts(shop: Shop) -> dict[str, int]:
    with shop.database.connect() as connection:
        return {name: connection.execute(f"SELECT count(*) AS n FROM {name}").fetchone()["n"] for name in COUNTED}  # type: ignore[index]  # a count is always a row


def put_in_force(shop: Shop, policy: dict[str, Any]) -> None:
    with shop.database.connect() as connection:
        action_table.write_policy(connection, policy, None)


@pytest.fixture
def own(shop: Shop, tmp_path: Path) -> Shop:
    """A shop in yen with a policy and two articles."""
    shop.change_settings(currency="JPY", name="Tea & Tools {shop}")
    file = tmp_path / "articles.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in ARTICLES))
    shop.import_file("articles", file)
    put_in_force(shop, POLICY)
    return shop


def test_the_shops_own_policy_and_articles_are_played_and_nothing_of_it_is_touched(
    own: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever runs on a database of their own names it here: the made-up order book must not land in it.
    monkeypatch.setenv("REGULARS_DATABASE_URL", own.database.url)
    before, steps = counts(own), []
    told = own.rehearse_assistant(goals=36, seed=3, progress=lambda done, _: steps.append(done))
    assert counts(own) == before
    assert steps == list(range(37))
    assert told["wrong_acts"] == []
    assert told["reached"] >= 30
    assert (told["version"], told["articles"], told["languages"]) == ("bundled", 2, ["en", "zh"])
    for name in ("by_action", "by_language", "by_behaviour", "by_identity"):
        assert sum(one["goals"] for one in told[name].values()) == 36
    assert told["reached"] + told["wrong"] + told["missed"] == 36
    assert told["by_action"]["question"]["reached"] == told["by_action"]["question"]["goals"] == 2
    assert set(told["by_identity"]) == {"signed", "email"}  # the policy takes no name and postcode
    # What the policy forbids was refused: a goal of these is reached only if it was.
    assert told["by_action"]["change_payment"]["reached"] >= 3
    json.dumps(told)


def test_what_breaks_the_policy_is_listed_with_what_was_said(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put_in_force(shop, {"cancel_order": {"allowed": False}, "return_items": {"cost": 500}})

    # An executor that lets everything be cancelled, and forgets what a return costs.
    def lenient(action: str, given: Any, records: Any, policy: Any, locale: str = "en") -> Any:
        changed = policy.model_copy(deep=True)
        changed.cancel_order.allowed = True
        changed.return_items.cost = 0
        return plans.plan(action, given, records, changed, locale)

    monkeypatch.setattr("regulars.assist.actions.executor.plan", lenient)
    told = shop.rehearse_assistant(goals=24, seed=10)
    wrong = {action: [one for one in told["wrong_acts"] if one["action"] == action] for action in told["by_action"]}
    cancelled, returned = wrong["cancel_order"], wrong["return_items"]
    assert cancelled
    assert returned
    assert told["wrong"] == len(told["wrong_acts"]) == len(cancelled) + len(returned)
    one = cancelled[0]
    assert one["because"] == "nothing was to change: it is left to a person"
    assert any(line.endswith("→ cancelled") for line in one["changed"])
    assert one["transcript"][0]["who"] == "customer"
    assert {"customer", "assistant"} == {line["who"] for line in one["transcript"]}
    assert not one["reached"]
    # 5.00 too much came back: what changed and what should have differ in the refund alone.
    assert "refund of" in returned[0]["because"]
    assert not any(line in returned[0]["because"] for line in returned[0]["changed"] if "refund of" in line)
    show(told)
    shown = capsys.readouterr().out
    assert f"Wrong acts ({told['wrong']})" in shown
    for wrong_act in told["wrong_acts"]:
        assert wrong_act["because"] in shown
        for line in (
            *wrong_act["changed"],
            *(part for said in wrong_act["transcript"] for part in said["text"].splitlines()),
        ):
            assert line in shown


def test_what_was_done_before_a_yes_or_to_somebody_else_is_wrong_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    propose, apply = Flows._propose, action_table.apply

    def hasty(flows: Flows, work: Work) -> None:
        propose(flows, work)
        if work.state.token is not None and work.state.flow == "cancel_order":
            flows._confirm(work)

    def sweeping(connection: Connection, effects: Any, customer: int, order: int | None, *at: Any) -> None:
        apply(connection, effects, customer, order, *at)
        if any(one["set"] == "order_address" for one in effects):
            connection.execute(
                "UPDATE orders SET status = 'returned' WHERE order_id ="
                " (SELECT min(order_id) FROM orders WHERE customer_id <> %s AND status <> 'returned')",
                (customer,),
            )

    monkeypatch.setattr(Flows, "_propose", hasty)
    monkeypatch.setattr(action_table, "apply", sweeping)
    told = shop.rehearse_assistant(goals=24, seed=2)
    because = {(one["action"], one["because"]) for one in told["wrong_acts"]}
    assert ("cancel_order", "it was done before they had said yes to it") in because
    assert ("change_address", "records of somebody who had no part in this changed") in because
    swept = next(one for one in told["wrong_acts"] if one["action"] == "change_address")
    assert any(line.startswith("somebody else (") and line.endswith("→ returned") for line in swept["changed"])


def test_without_policy_articles_or_one_of_the_languages_something_is_played(shop: Shop) -> None:
    shop.change_settings(locales=["en-GB"])
    told = shop.rehearse_assistant(goals=6)
    assert (told["policy"], told["articles"], told["languages"]) == (None, 0, ["en"])
    assert "question" not in told["by_action"]
    assert told["goals"] == 6
    assert told["wrong"] == 0
    for goals in (0, 2_001):
        with pytest.raises(InvalidInput, match="can't be played"):
            shop.rehearse_assistant(goals=goals)


def test_no_wording_that_figures_are_scored_with_is_in_the_product() -> None:
    for language in LANGUAGES:
        scored = scored_phrases("scored")[language]
        own = {text.casefold() for said in phrases(language).values() for text in _texts(said)}
        judged = {text.casefold() for name, said in scored.items() if name != "method_words" for text in _texts(said)}
        assert len(judged) > 100
        assert not own & judged
        assert set(scored_phrases("dev")[language]) - set(scored) <= {"about"}


def _texts(said: Any) -> Iterator[str]:
    yield from said if isinstance(said, list) else (text for some in said.values() for text in some)


# The reading of the policy. ------------------------------------------------------------------------------------------


def order(status: str = "paid", hours: float = 1, method: str = "card") -> dict[str, Any]:
    """One kettle for 39.00 and delivery for 4.90, paid."""
    return {
        "status": status, "address": ["A1", "x"], "total": 4390, "shipping": 490, "currency": "EUR",
        "placed_at": datetime.now(UTC) - timedelta(hours=hours), "parcels": [], "days": set(),
        "lines": [[1, "kettle", "kettle-0", 1, 3900, 0]], "payments": [["charge", method, 4390, "paid"]],
    }  # fmt: skip


def person(**orders: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "Ada", "email": "a@b.example", "addresses": [["A1", "x"]], "alerts": [], "orders": orders,
        "methods": {"card": ["card", "1234"], "gift": ["gift_card", None]}, "balances": {"card": None, "gift": 1000},
    }  # fmt: skip


def after(policy: dict[str, Any], action: str, given: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    came = {name: one["placed_at"] for name, one in state["orders"].items()}
    return Rules({action: policy}, came).carried_out(action, given, state, {})


@pytest.mark.parametrize(
    ("policy", "given", "payments", "gift"),
    [
        ({}, {"order": "A"}, [["refund", "card", 4390, "pending"]], 1000),
        ({"refund_to": ["gift_card"]}, {"order": "A"}, [["refund", "gift", 4390, "refunded"]], 5390),
        ({"reasons": ["late"]}, {"order": "A", "reason": "late"}, [["refund", "card", 4390, "pending"]], 1000),
    ],
)
def test_cancelling_gives_back_as_the_policy_says(
    policy: dict[str, Any], given: dict[str, Any], payments: list[Any], gift: int
) -> None:
    told = after(policy, "cancel_order", given, person(A=order()))
    assert told["orders"]["A"]["status"] == "cancelled"
    assert told["orders"]["A"]["payments"][1:] == payments
    assert told["balances"]["gift"] == gift


@pytest.mark.parametrize(
    ("policy", "action", "given", "state", "because"),
    [
        ({"within_hours": 2}, "cancel_order", {}, order(hours=3), "older than 2 hours"),
        ({"reasons": ["late"]}, "cancel_order", {"reason": None}, order(), "none that is accepted"),
        ({"allowed": False}, "invoice", {}, order(), "left to a person"),
        ({"within_days": 1}, "return_items", {"items": [1]}, order("delivered", 30), "more than 1 days"),
        ({"refund_to": ["gift_card"]}, "return_items", {"items": [1], "method": "card"}, order("delivered"), "the way it came"),
        ({"refund_to": ["original"]}, "return_items", {"items": [1], "method": "gift"}, order("delivered"), "that way to pay"),
        ({"never_categories": ["kitchen"]}, "return_items", {"items": [1]}, order("delivered"), "never come back"),
        ({}, "change_items", {"items": [(1, "kettle-4")]}, order(), "sold out"),
        ({}, "change_items", {"items": [(1, "kettle-0")]}, order(), "the same again"),
        ({}, "change_items", {"items": [(1, "lamp-0")]}, order(), "another product"),
        ({}, "change_payment", {"method": "card"}, order(), "paid that way already"),
        ({}, "change_payment", {"method": "gift"}, order(), "enough on the gift card"),
    ],
)  # fmt: skip
def test_what_the_policy_forbids(
    policy: dict[str, Any], action: str, given: dict[str, Any], state: dict[str, Any], because: str
) -> None:
    with pytest.raises(RuledOut, match=because):
        after(policy, action, {"order": "A", **given}, person(A=state))


def test_what_a_wider_policy_allows() -> None:
    sold_out = {"order": "A", "items": [(1, "kettle-4")], "method": "card"}
    assert after({"needs_stock": False}, "change_items", sold_out, person(A=order()))["orders"]["A"]["lines"][0][2] == "kettle-4"  # fmt: skip
    later = after({"balance_must_cover": False}, "change_payment", {"order": "A", "method": "gift"}, person(A=order()))
    assert later["orders"]["A"]["payments"][1:] == [["charge", "gift", 4390, "pending"], ["refund", "card", 4390, "pending"]]  # fmt: skip
    assert later["balances"]["gift"] == 1000
    kept = after({"same_method": True}, "change_payment", {"order": "A", "method": "card"}, person(A=order()))
    assert len(kept["orders"]["A"]["payments"]) == 3


def test_goals_are_spread_over_actions_and_languages() -> None:
    rules = Rules(POLICY, {})
    found = {one: situations(rules.policy, ()) for one in LANGUAGES}
    plan = drawn(found, 60, Random(1))
    book = Book(Random(1))
    goals = [branch(Writer(book, language, "", phrases(language), ("late",))) for language, branch in plan]
    assert len(goals) == 60
    assert {one.language for one in goals} == set(LANGUAGES)
    assert len({one.action for one in goals}) == 15  # all but what articles answer
    for action in ("cancel_order", "return_items", "exchange_items", "change_items"):
        assert {one.language for one in goals if one.action == action} == set(LANGUAGES)
