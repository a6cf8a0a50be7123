"""What may be done to an order is done once, after a yes to exactly that, and nothing else is touched."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from regulars.assist import framing
from regulars.assist.actions import plans
from regulars.assist.actions.executor import Claim, Executor, Outcome, Person
from regulars.assist.actions.policy import Policy, policy_of
from regulars.errors import Forbidden, InvalidInput, NotFound, RateLimited
from regulars.schema import ExternalId
from regulars.store import actions as table
from regulars.store import identity, order_book
from regulars.store.database import Connection, Database

from .orders import everything, fill

EXECUTOR = Executor(b"a secret of the tests")


@pytest.fixture
def shop(database: Database) -> Database:
    fill(database)
    return database


def who(connection: Connection, name: str = "ada") -> Person:
    found = identity.id_of(connection, "customer", ExternalId("shop", name))
    assert found is not None
    return Person(found, "trusted")


def order(connection: Connection, name: str) -> order_book.OrderView:
    found = identity.id_of(connection, "order", ExternalId("shop", name))
    assert found is not None
    view = order_book.read_order(connection, found)
    assert view is not None
    return view


def balance(connection: Connection, name: str) -> int:
    row = connection.execute(
        "SELECT balance FROM payment_methods WHERE payment_method_id = (SELECT id FROM external_ids WHERE kind = 'payment_method' AND value = %s)",
        (name,),
    ).fetchone()
    assert row is not None
    return int(row["balance"])


def do(shop: Database, action: str, name: str = "ada", **given: Any) -> Outcome:
    """Proposes, and confirms where there is something to confirm."""
    with shop.connect() as connection:
        proposed = EXECUTOR.propose(connection, who(connection, name), action, given)
    if proposed.token is None:
        return proposed
    with shop.connect() as connection:
        return EXECUTOR.confirm(connection, who(connection, name), proposed.token, action, given)


def write(shop: Database, **rules: Any) -> None:
    with shop.connect() as connection:
        table.write_policy(connection, policy_of(rules).model_dump(mode="json"), None)


def test_a_proposal_writes_nothing_and_a_yes_does_it_once(shop: Database) -> None:
    with shop.connect() as connection:
        before = everything(connection)
        proposed = EXECUTOR.propose(connection, who(connection), "cancel_order", {"order": "1001"})
    assert proposed.state == "needs_confirmation"
    assert proposed.plan is not None
    assert (proposed.plan.pays, proposed.plan.currency) == (-1790, "EUR")
    with shop.connect() as connection:
        assert everything(connection) == before
    assert proposed.token is not None
    for repeated in (False, True):
        with shop.connect() as connection:
            done = EXECUTOR.confirm(connection, who(connection), proposed.token)
        assert (done.state, done.repeated) == ("done", repeated)
    with shop.connect() as connection:
        cancelled = order(connection, "1001")
        assert cancelled.status == "cancelled"
        assert [(one.kind, one.amount, one.status) for one in cancelled.payments] == [("charge", 1790, "paid"), ("refund", 1790, "pending")]  # fmt: skip
        assert cancelled.done == {"cancel_order": 1}
        after = everything(connection)
        assert [name for name in after if after[name] != before[name]] == ["orders", "payments"]
        again = EXECUTOR.propose(connection, who(connection), "cancel_order", {"order": "1001"})
        assert (again.state, again.code) == ("refused", "wrong_status")
        assert "can be cancelled while the order is open or paid" in again.text


def test_another_persons_order_is_one_that_is_not_there(shop: Database) -> None:
    with shop.connect() as connection:
        for name in ("2001", "9999"):
            with pytest.raises(NotFound, match=f"no order '{name}' of this customer"):
                EXECUTOR.propose(connection, who(connection), "track_order", {"order": name})
        proposed = EXECUTOR.propose(connection, who(connection), "cancel_order", {"order": "1001"})
        assert proposed.token is not None
        with pytest.raises(Forbidden):
            EXECUTOR.confirm(connection, who(connection, "bo"), proposed.token)
        with pytest.raises(NotFound):
            EXECUTOR.confirm(connection, who(connection), "made up")


def test_any_change_voids_a_confirmation(shop: Database) -> None:
    with shop.connect() as connection:
        first = EXECUTOR.propose(connection, who(connection), "cancel_order", {"order": "1001"})
    assert first.token is not None
    with shop.connect() as connection:
        other = EXECUTOR.confirm(
            connection, who(connection), first.token, "cancel_order", {"order": "1001", "reason": "late"}
        )
        assert (other.state, other.code) == ("void", "other_arguments")
    with shop.connect() as connection:
        assert EXECUTOR.confirm(connection, who(connection), first.token).state == "void"
        assert order(connection, "1001").status == "paid"
    with shop.connect() as connection:
        second = EXECUTOR.propose(connection, who(connection), "cancel_order", {"order": "1001"})
        EXECUTOR.propose(
            connection, who(connection), "change_payment", {"order": "1001", "payment_method": "ada-paypal"}
        )
    assert second.token is not None
    with shop.connect() as connection:
        assert EXECUTOR.confirm(connection, who(connection), second.token).code == "void"


def test_what_happened_meanwhile_is_seen_at_the_yes(shop: Database) -> None:
    with shop.connect() as connection:
        proposed = EXECUTOR.propose(connection, who(connection), "cancel_order", {"order": "1001"})
    with shop.connect() as connection:
        connection.execute(
            "UPDATE orders SET status = 'shipped' WHERE order_id = %s", (order(connection, "1001").order_id,)
        )
    assert proposed.token is not None
    with shop.connect() as connection:
        refused = EXECUTOR.confirm(connection, who(connection), proposed.token)
        assert (refused.state, refused.code) == ("refused", "wrong_status")
    with shop.connect() as connection:
        swap = {"order": "1001", "items": [{"variant": "mug-blue", "new": "mug-red"}], "payment_method": "ada-card"}
        connection.execute(
            "UPDATE orders SET status = 'paid' WHERE order_id = %s", (order(connection, "1001").order_id,)
        )
        dearer = EXECUTOR.propose(connection, who(connection), "change_items", swap)
        connection.execute("UPDATE variants SET price = 1300 WHERE price = 1250")
    assert dearer.token is not None
    with shop.connect() as connection:
        assert EXECUTOR.confirm(connection, who(connection), dearer.token).code == "changed_meanwhile"


def test_items_are_changed_once_within_their_product(shop: Database) -> None:
    def asked(new: str, old: str = "mug-blue", method: str | None = "ada-gift") -> dict[str, Any]:
        chosen = {"order": "1001", "items": [{"variant": old, "new": new}]}
        return chosen if method is None else {**chosen, "payment_method": method}

    refused = {
        "other_product": asked("tea-100"),
        "same_variant": asked("mug-blue"),
        "out_of_stock": asked("mug-green"),
        "unknown_variant": asked("mug-black"),
        "not_in_order": asked("mug-blue", old="mug-red"),
        "method_needed": asked("mug-red", method=None),
        "unknown_method": asked("mug-red", method="bo-card"),
    }
    for code, given in refused.items():
        assert do(shop, "change_items", **given).code == code
    done = do(shop, "change_items", **asked("mug-red"))
    assert done.state == "done"
    with shop.connect() as connection:
        changed = order(connection, "1001")
        assert changed.lines[0].options == {"colour": "red"}
        assert (changed.lines[0].unit_price, changed.total) == (1250, 2040)
        assert [(one.kind, one.amount, one.status) for one in changed.payments][1:] == [("charge", 250, "paid")]
        assert balance(connection, "ada-gift") == 1250
    assert do(shop, "change_items", **asked("mug-blue", old="mug-red")).code == "done_before"


def test_a_cheaper_item_gives_money_back(shop: Database) -> None:
    write(shop, change_items={"needs_stock": False})
    do(shop, "change_items", order="1001", items=[{"line": 1, "new": "mug-green"}], payment_method="ada-gift")
    with shop.connect() as connection:
        assert balance(connection, "ada-gift") == 1700
        assert order(connection, "1001").payments[-1].status == "refunded"


def test_a_gift_card_pays_only_what_it_holds(shop: Database) -> None:
    short = do(shop, "change_payment", order="1001", payment_method="ada-gift")
    assert (short.code, short.told["needed"], short.told["balance"]) == ("balance_too_low", 1790, 1500)
    assert do(shop, "change_payment", order="1001", payment_method="ada-card").code == "same_method"
    assert do(shop, "change_payment", order="1001", payment_method="ada-paypal").state == "done"
    with shop.connect() as connection:
        paid = order(connection, "1001")
        assert [(one.kind, one.amount, one.status) for one in paid.payments[1:]] == [("charge", 1790, "pending"), ("refund", 1790, "pending")]  # fmt: skip
        assert paid.worth == 1790


def test_returns_within_their_window_and_to_where_they_may_go(shop: Database) -> None:
    assert do(shop, "return_items", order="1003").code == "window_passed"
    assert do(shop, "return_items", order="1001").code == "wrong_status"
    assert do(shop, "return_items", order="1002", refund_to="ada-paypal").code == "refund_elsewhere"
    part = do(shop, "return_items", order="1002", items=[{"line": 2}], refund_to="ada-gift")
    assert part.plan is not None
    assert part.plan.pays == -400, "a part leaves the delivery paid"
    with shop.connect() as connection:
        assert order(connection, "1002").status == "return_requested"
        assert balance(connection, "ada-gift") == 1500, "money moves when the parcel is back"


def test_what_never_comes_back_and_what_returning_costs_is_the_shops_word(shop: Database) -> None:
    write(
        shop,
        return_items={"never_categories": ["food"], "cost": 250, "text": {"en": "Food stays.", "zh": "食品不退。"}},
    )
    barred = do(shop, "return_items", order="1002")
    assert (barred.code, barred.text) == ("never_returned", "Food stays.")
    mug = do(shop, "return_items", order="1002", items=[{"line": 1}])
    assert mug.plan is not None
    assert mug.plan.pays == -750


def test_an_exchange_is_asked_for_and_nothing_is_paid_before_it_is_back(shop: Database) -> None:
    swap = {"order": "1002", "items": [{"variant": "mug-blue", "new": "mug-red"}], "payment_method": "ada-gift"}
    assert do(shop, "exchange_items", **swap).state == "done"
    with shop.connect() as connection:
        exchanged = order(connection, "1002")
        assert exchanged.status == "exchange_requested"
        assert exchanged.lines[0].options == {"colour": "blue"}, "it is still the blue one that they have"
        assert exchanged.payments[-1].status == "pending"
        assert balance(connection, "ada-gift") == 1500
    assert do(shop, "exchange_items", **swap).code == "wrong_status"


def test_addresses_of_orders_and_of_the_customer(shop: Database) -> None:
    new = {"line1": "9 Hill Road", "city": "York", "postcode": "YO1 7AA"}
    assert do(shop, "change_address", order="1001", address={"city": "York"}).code == "address_incomplete"
    assert do(shop, "change_address", order="1002", address=new).code == "wrong_status"
    assert do(shop, "change_address", order="1001", address=new).state == "done"
    assert do(shop, "change_address", order="1001", address=new).code == "same_address"
    assert do(shop, "update_profile_address", address=new).state == "done"
    with shop.connect() as connection:
        assert order(connection, "1001").address == new
        profile = order_book.read_profile(connection, who(connection).customer_id)
        assert profile is not None
        assert profile.addresses == ({**new, "default": True},)


def test_a_gift_card_that_paid_gets_its_money_back_at_once(shop: Database) -> None:
    with shop.connect() as connection:
        connection.execute(
            "UPDATE orders SET status = 'paid' WHERE order_id = %s", (order(connection, "1003").order_id,)
        )
    assert do(shop, "cancel_order", order="1003").state == "done"
    with shop.connect() as connection:
        assert balance(connection, "ada-gift") == 1500 + 1640


def test_reading_needs_no_yes(shop: Database) -> None:
    tracked = do(shop, "track_order", order="1002")
    assert tracked.order is not None
    assert tracked.order.parcels[0].tracking == "T-1002"
    assert do(shop, "store_credit").told["methods"] == [{"kind": "gift_card", "label": None, "balance": 1500}]
    do(shop, "cancel_order", order="1001")
    assert do(shop, "refund_status", order="1001").told["refunds"][0]["amount"] == 1790
    assert do(shop, "stock_alert", variant="mug-blue").code == "in_stock"
    assert do(shop, "stock_alert", variant="mug-green").state == "done"


def test_who_somebody_is_is_asked_a_few_times_only(shop: Database) -> None:
    with shop.connect() as connection:
        found = EXECUTOR.verify(connection, Claim(email=" ADA@example.org "))
        assert found == Person(who(connection).customer_id, "email")
        assert EXECUTOR.verify(connection, Claim(name="ada  byron", postcode="ls14ab")) is not None
        with pytest.raises(InvalidInput):
            EXECUTOR.verify(connection, Claim(name="Ada Byron"))
        for _ in range(5):
            assert EXECUTOR.verify(connection, Claim(name="Bo Li", postcode="1", asker="a browser")) is None
        with pytest.raises(RateLimited):
            EXECUTOR.verify(connection, Claim(name="Bo Li", postcode="200000"))
        with pytest.raises(RateLimited):
            EXECUTOR.verify(connection, Claim(email="ada@example.org", asker="a browser"))
        assert EXECUTOR.verify(connection, Claim(email="ada@example.org")) is not None


def test_what_the_shop_does_not_allow_is_a_persons_work(shop: Database) -> None:
    write(shop, cancel_order={"allowed": False}, change_address={"within_hours": 2})
    refused = do(shop, "cancel_order", order="1001")
    assert (refused.code, refused.text) == ("not_allowed", "This is something that our team does for you.")
    assert do(shop, "change_address", order="1001", address={"line1": "1", "city": "2"}).code == "window_passed"
    write(shop, cancel_order={"reasons": ["no longer needed", "ordered by mistake"]})
    assert do(shop, "cancel_order", order="1001").told["reasons"] == ["no longer needed", "ordered by mistake"]
    assert do(shop, "cancel_order", order="1001", reason="ordered by mistake").state == "done"


def test_policies_are_checked_and_described() -> None:
    with pytest.raises(InvalidInput, match=r"cancel_order\.statuses"):
        policy_of({"cancel_order": {"statuses": ["gone"]}})
    assert Policy().text("return_items", "zh").startswith("订单状态为已签收时，商品可以退货，须在签收后 30 天内")


def test_two_at_once_do_it_once(shop: Database) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with shop.connect() as connection:
        proposed = EXECUTOR.propose(connection, who(connection), "cancel_order", {"order": "1001"})
    assert proposed.token is not None
    token = proposed.token

    def yes(_: int) -> bool:
        with shop.connect() as connection:
            return EXECUTOR.confirm(connection, who(connection), token).repeated

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(yes, range(4))) == [False, True, True, True]
    with shop.connect() as connection:
        assert len(order(connection, "1001").payments) == 2


def test_forgetting_a_customer_reaches_what_was_said_and_done(shop: Database) -> None:
    do(shop, "cancel_order", order="1001")
    with shop.connect() as connection:
        gone = who(connection).customer_id
        connection.execute("SELECT erase_customer(%s)", (gone,))
        rows = connection.execute("SELECT customer_id, arguments, effects, before FROM actions").fetchall()
        assert [tuple(row.values()) for row in rows] == [(None, {}, [], None)]


def test_a_customers_orders_are_each_read_whole(shop: Database) -> None:
    with shop.connect() as connection:
        orders = order_book.read_orders(connection, who(connection).customer_id)
        names = [one.name.value for one in orders if one.name is not None]
        assert names[:3] == ["1001", "1002", "1003"], "the latest first"
        assert orders == [order(connection, name) for name in names]
        assert [(one.line, one.titles["en"]) for one in orders[0].lines] == [(1, "Mug"), (2, "Tea")]
        assert order_book.read_orders(connection, -1) == []


def test_an_open_order_is_charged_once_whatever_was_changed_before(shop: Database) -> None:
    """Unpaid; another mug made it dearer by a charge that is waited for. Then it is paid in another way: the total, and nothing beside it."""
    with shop.connect() as connection:
        number = order(connection, "1001").order_id
        connection.execute("UPDATE orders SET status = 'open' WHERE order_id = %s", (number,))
        connection.execute("DELETE FROM payments WHERE order_id = %s", (number,))
    assert (
        do(shop, "change_items", order="1001", items=[{"line": 1, "new": "mug-red"}], payment_method="ada-card").state
        == "done"
    )
    assert do(shop, "change_payment", order="1001", payment_method="ada-paypal").state == "done"
    with shop.connect() as connection:
        now = order(connection, "1001")
        assert now.total == 2040
        assert [(one.kind, one.amount, one.status) for one in now.payments] == [
            ("charge", 250, "failed"),
            ("charge", 2040, "pending"),
        ]
    assert do(shop, "cancel_order", order="1001").state == "done"
    with shop.connect() as connection:
        assert {one.status for one in order(connection, "1001").payments} == {"failed"}, "nothing is left to be charged"


def test_every_refusal_and_state_has_words_for_the_shops_people() -> None:
    source = Path(plans.__file__).read_text(encoding="utf-8")
    codes = set(re.findall(r'_No\("([a-z_]+)"', source)) | {"done", "proposed", "refused", "void", "expired"}
    assert len(codes) > 20
    for locale in ("en", "zh"):
        assert [
            code
            for code in codes
            if framing.for_staff(code, locale) == code and code not in ("done", "refused", "expired")
        ] == []
    assert framing.for_staff(None, "en") == ""
