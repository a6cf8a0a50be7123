"""Products, customers, orders and reviews: written once each, joined with what events said before, money exact."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from regulars.store.database import Database

from .helpers import ask, customers, number, one, orders, products, reviews, track, view

MUG = {"id": "mug", "title": "Mug", "price": "12.50", "stock": 3, "category": "Home > Kitchen"}
ANN = {"id": "ann", "email": "ann@example.org", "consent": {"email": True}, "traits": {"city": "Leeds"},
       "payment_methods": [{"id": "pm1", "kind": "card", "last4": "4242"}]}  # fmt: skip
ORDER: dict[str, Any] = {
    "id": "o1",
    "customer": "ann",
    "placed_at": "2026-02-01T10:00:00Z",
    "total": "30.00",
    "lines": [{"product": "mug", "quantity": 2, "unit_price": "12.50"}, {"product": "cup", "unit_price": "5"}],
    "payments": [{"id": "pay1", "method": "pm1", "amount": "30.00"}],
    "shipments": [{"id": "s1", "carrier": "DHL", "tracking": "JJD1"}],
}


def test_a_product_is_new_then_unchanged_then_updated(database: Database) -> None:
    assert products(database, MUG) == ["new"]
    assert products(database, MUG) == ["unchanged"]
    assert products(database, {**MUG, "price": "13"}) == ["updated"]
    assert ask(database, "SELECT price, currency, exponent, stock FROM variants") == [
        {"price": 1300, "currency": "EUR", "exponent": 2, "stock": 3}
    ]
    assert one(database, "SELECT category FROM products") == ["Home", "Kitchen"]


def test_the_same_product_twice_in_one_batch_is_one(database: Database) -> None:
    assert products(database, MUG, {"id": "cup"}, MUG) == ["new", "new", "unchanged"]
    assert one(database, "SELECT count(*) FROM products") == 2


def test_a_products_variants_follow_the_record_and_keep_their_ids(database: Database) -> None:
    products(database, {"id": "mug", "variants": [{"sku": "A", "stock": 1}, {"sku": "B", "stock": 2}]})
    before = {row["sku"]: row["variant_id"] for row in ask(database, "SELECT sku, variant_id FROM variants")}
    products(database, {"id": "mug", "variants": [{"sku": "B", "stock": 5}, {"sku": "C", "stock": 6}]})
    after = ask(database, "SELECT sku, variant_id, stock FROM variants ORDER BY place")
    assert [(row["sku"], row["stock"]) for row in after] == [("B", 5), ("C", 6)]
    assert after[0]["variant_id"] == before["B"]


def test_one_product_written_by_eight_threads_at_once_is_one_product(database: Database) -> None:
    def write(turn: int) -> list[str]:
        track(database, view("ann", "mug", turn), view("bob", "beaker", turn))
        return products(database, {**MUG, "also_known_as": ["beaker"]}, {"id": f"p{turn}"})

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(write, range(8)))
    assert sorted(words[0] for words in outcomes) == ["new", *["unchanged"] * 7]
    assert one(database, "SELECT count(*) FROM products WHERE known") == 9
    assert one(database, "SELECT count(DISTINCT product_id) FROM events") == 1
    assert one(database, "SELECT count(*) FROM events WHERE product_id = %s", number(database, "product", "mug")) == 16


def test_stubs_that_turn_out_to_be_one_product_are_merged_everywhere(database: Database) -> None:
    track(database, view("ann", "1001", 1), view("ann", "mug-blue", 2))
    orders(database, {**ORDER, "lines": [{"product": "mug-blue"}]})
    reviews(database, {"id": "r1", "product": "1001", "rating": 4})
    assert products(database, {"id": "1001", "also_known_as": ["mug-blue"]}) == ["new"]
    mug = number(database, "product", "1001")
    assert number(database, "product", "mug-blue") == mug
    for table in ("events", "order_lines", "reviews"):
        assert ask(database, f"SELECT DISTINCT product_id FROM {table}") == [{"product_id": mug}]
    assert one(database, "SELECT count(*) FROM products") == 1


def test_stubs_that_turn_out_to_be_one_customer_are_merged_everywhere(database: Database) -> None:
    track(database, view("7", "mug", 1, visitor="v1"), view("ann@shop", "mug", 2, visitor="v2"))
    orders(database, {**ORDER, "customer": "ann@shop"})
    reviews(database, {"id": "r1", "product": "mug", "customer": "ann@shop"})
    customers(database, {"id": "7", "also_known_as": ["ann@shop"]})
    ann = number(database, "customer", "7")
    for table in ("events", "orders", "reviews", "aliases", "customers"):
        assert ask(database, f"SELECT DISTINCT customer_id FROM {table}") == [{"customer_id": ann}]


def test_a_record_whose_ids_belong_to_two_known_things_is_a_conflict_and_changes_nothing(database: Database) -> None:
    products(database, {"id": "mug"}, {"id": "cup"})
    assert products(database, {"id": "mug", "title": "Both", "also_known_as": ["cup"]}) == ["conflict"]
    assert one(database, "SELECT count(*) FROM products") == 2
    assert number(database, "product", "mug") != number(database, "product", "cup")
    customers(database, {"id": "ann"}, {"id": "bob"})
    assert customers(database, {"id": "new", "also_known_as": ["ann", "bob"]}) == ["conflict"]


def test_the_same_value_in_two_namespaces_is_two_things(database: Database) -> None:
    products(database, {"id": "1"}, {"id": {"namespace": "shopify", "value": "1"}})
    assert one(database, "SELECT count(*) FROM products") == 2


def test_a_customer_is_new_then_unchanged_then_updated_and_consent_keeps_its_history(database: Database) -> None:
    assert customers(database, ANN) == ["new"]
    assert customers(database, ANN) == ["unchanged"]
    assert customers(database, {**ANN, "consent": {"email": False}, "payment_methods": []}) == ["updated"]
    assert ask(database, "SELECT granted FROM consents ORDER BY consent_id") == [{"granted": True}, {"granted": False}]
    assert one(database, "SELECT count(*) FROM payment_methods") == 0


def test_an_order_is_written_with_all_its_parts_and_put_on_the_timeline_once(database: Database) -> None:
    customers(database, ANN)
    assert orders(database, ORDER) == ["new"]
    assert orders(database, ORDER) == ["unchanged"]
    assert ask(database, "SELECT total, currency, exponent, status FROM orders") == [
        {"total": 3000, "currency": "EUR", "exponent": 2, "status": "paid"}
    ]
    assert ask(database, "SELECT quantity, unit_price FROM order_lines ORDER BY line") == [
        {"quantity": 2, "unit_price": 1250},
        {"quantity": 1, "unit_price": 500},
    ]
    assert one(database, "SELECT payment_method_id FROM payments") == number(database, "payment_method", "pm1")
    assert one(database, "SELECT tracking FROM shipments") == "JJD1"
    events = ask(database, "SELECT type, quantity, amount, order_id, customer_id FROM events ORDER BY amount")
    assert [(row["type"], row["quantity"], row["amount"]) for row in events] == [
        ("purchase", 1, 500),
        ("purchase", 2, 1250),
    ]
    assert {row["order_id"] for row in events} == {number(database, "order", "o1")}
    assert {row["customer_id"] for row in events} == {number(database, "customer", "ann")}


def test_an_order_that_comes_again_with_its_lines_in_another_order_puts_nothing_more_on_the_timeline(
    database: Database,
) -> None:
    lines = [*ORDER["lines"], {"product": "mug", "quantity": 1, "unit_price": "11"}]
    orders(database, {**ORDER, "lines": lines})
    assert orders(database, {**ORDER, "lines": lines[::-1]}) == ["updated"]
    assert one(database, "SELECT count(*) FROM events") == 3
    assert one(database, "SELECT count(*) FROM order_lines") == 3


def test_returned_and_cancelled_lines_are_told_apart_on_the_timeline(database: Database) -> None:
    orders(database, {**ORDER, "lines": [{"product": "mug", "quantity": -1}]})
    orders(database, {"id": "o2", "placed_at": "2026-02-01T10:00:00Z", "status": "cancelled",
                      "lines": [{"product": "cup"}]})  # fmt: skip
    assert [row["type"] for row in ask(database, "SELECT type FROM events ORDER BY type")] == [
        "cancel",
        "purchase",
        "return",
    ]


def test_a_guests_order_has_a_visitor_of_its_own(database: Database) -> None:
    orders(database, {"id": "g1", "lines": [{"product": "mug"}, {"product": "cup"}]}, {"id": "g2", "lines": [{"product": "mug"}]})  # fmt: skip
    visitors = ask(database, "SELECT visitor_id, count(*) AS n FROM events GROUP BY 1 ORDER BY n")
    assert [row["n"] for row in visitors] == [1, 2]
    assert all(row["visitor_id"] is not None for row in visitors)


def test_an_order_of_skus_joins_its_products_when_they_come(database: Database) -> None:
    orders(database, {"id": "o1", "customer": "ann", "lines": [{"variant": "MUG-BLUE"}]})
    assert one(database, "SELECT product_id FROM order_lines") is None
    products(database, {"id": "mug", "variants": [{"id": "gid-1", "sku": "MUG-BLUE"}]})
    mug = number(database, "product", "mug")
    assert one(database, "SELECT product_id FROM order_lines") == mug
    assert one(database, "SELECT product_id FROM events") == mug


@pytest.mark.parametrize(
    ("currency", "given", "minor", "exponent"),
    [
        ("EUR", "19.99", 1999, 2),
        ("EUR", 0.1, 10, 2),
        ("EUR", "1.999,50", 199950, 2),
        ("EUR", "19,99", 1999, 2),
        ("USD", "1,999", 199900, 2),
        ("JPY", "1500", 1500, 0),
        ("JPY", "1500.5", 1501, 0),
        ("KWD", "1.234", 1234, 3),
        ("EUR", "0.005", 1, 2),
    ],
)
def test_money_is_kept_in_minor_units_of_its_currency(
    database: Database, currency: str, given: Any, minor: int, exponent: int
) -> None:
    products(database, {"id": "mug", "price": given, "currency": currency})
    track(database, view("ann", "mug", price=given, currency=currency))
    assert ask(database, "SELECT price AS m, currency::text AS c, exponent AS e FROM variants") == [
        {"m": minor, "c": currency, "e": exponent}
    ]
    assert ask(database, "SELECT amount AS m, currency::text AS c, exponent AS e FROM events") == [
        {"m": minor, "c": currency, "e": exponent}
    ]


def test_text_from_outside_comes_back_to_the_letter(database: Database) -> None:
    title = "<script>alert(1)</script> 🫖 كوب 马克杯 '; DROP TABLE products; -- \\ \" % %s"
    products(database, {"id": "mug'); --", "title": title})
    assert one(database, "SELECT texts->'en'->>'title' FROM products") == title
    reviews(database, {"id": "r", "product": "mug'); --", "title": title, "body": title})
    assert one(database, "SELECT body FROM reviews") == title


def test_reviews_and_their_unknown_product_are_kept_and_written_once(database: Database) -> None:
    review = {"id": "r1", "product": "mug", "customer": "ann", "rating": 5, "body": "Lovely"}
    assert reviews(database, review) == ["new"]
    assert reviews(database, review) == ["unchanged"]
    assert reviews(database, {**review, "rating": 3}) == ["updated"]
    assert one(database, "SELECT count(*) FROM products WHERE NOT known") == 1
