"""A shop small enough to see: two customers, a mug in three colours, a tea, four orders. Prices in euros."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from regulars.schema import Customer, Order, Product, ShopSettings
from regulars.store import records, rows
from regulars.store.database import Connection, Database

NOW = datetime.now(UTC)
SETTINGS = ShopSettings(currency="EUR")
HOME = {"name": "Ada Byron", "line1": "1 Mill Lane", "city": "Leeds", "postcode": "LS1 4AB", "country": "GB"}

PRODUCTS: list[dict[str, Any]] = [
    {
        "id": "mug", "title": {"en": "Mug", "zh": "马克杯"}, "category": "Home > Kitchen",
        "variants": [
            {"id": "mug-blue", "options": {"colour": "blue"}, "price": "10.00", "stock": 5},
            {"id": "mug-red", "options": {"colour": "red"}, "price": "12.50", "stock": 5},
            {"id": "mug-green", "options": {"colour": "green"}, "price": "8.00", "stock": 0},
        ],
    },
    {"id": "tea", "title": {"en": "Tea", "zh": "茶"}, "category": "Food > Tea",
     "variants": [{"id": "tea-100", "options": {"weight": "100 g"}, "price": "4.00", "stock": 9}]},
]  # fmt: skip

CUSTOMERS: list[dict[str, Any]] = [
    {
        "id": "ada", "name": "Ada Byron", "email": "ada@example.org", "locale": "en", "addresses": [HOME],
        "payment_methods": [
            {"id": "ada-card", "kind": "card", "last4": "4242", "default": True},
            {"id": "ada-paypal", "kind": "paypal"},
            {"id": "ada-gift", "kind": "gift_card", "balance": "15.00"},
        ],
    },
    {"id": "bo", "name": "Bo Li", "email": "bo@example.org", "locale": "zh",
     "addresses": [{"line1": "南京路 1 号", "city": "上海", "postcode": "200000"}],
     "payment_methods": [{"id": "bo-card", "kind": "card", "last4": "1111"}]},
]  # fmt: skip


def _order(name: str, customer: str, status: str, days: float, method: str, lines: list[tuple[str, str, str]]) -> dict[str, Any]:  # fmt: skip
    total = sum(float(price) for _, _, price in lines) + 3.9
    placed = NOW - timedelta(days=days)
    parcel = {"carrier": "DHL", "tracking": f"T-{name}", "status": "delivered", "delivered_at": (placed + timedelta(days=1)).isoformat()}  # fmt: skip
    return {
        "id": name, "customer": customer, "status": status, "placed_at": placed.isoformat(), "currency": "EUR",
        "total": f"{total:.2f}", "shipping": "3.90", "address": HOME,
        "lines": [{"product": product, "variant": variant, "unit_price": price} for product, variant, price in lines],
        "payments": [{"id": f"p-{name}", "method": method, "amount": f"{total:.2f}", "status": "paid"}],
        "shipments": [parcel] if status == "delivered" else [],
    }  # fmt: skip


ORDERS = [
    _order("1001", "ada", "paid", 1, "ada-card", [("mug", "mug-blue", "10.00"), ("tea", "tea-100", "4.00")]),
    _order("1002", "ada", "delivered", 10, "ada-card", [("mug", "mug-blue", "10.00"), ("tea", "tea-100", "4.00")]),
    _order("1003", "ada", "delivered", 90, "ada-gift", [("mug", "mug-red", "12.50")]),
    _order("2001", "bo", "paid", 2, "bo-card", [("tea", "tea-100", "4.00")]),
]


def fill(database: Database) -> None:
    with database.connect() as connection:
        made = [rows.product_row(Product.model_validate(one), SETTINGS) for one in PRODUCTS]
        records.upsert(connection, records.UPSERT_PRODUCTS, made)
        people = [rows.customer_row(Customer.model_validate(one), SETTINGS) for one in CUSTOMERS]
        records.upsert(connection, records.UPSERT_CUSTOMERS, people)
        clock = rows.Clock.of(SETTINGS)
        pairs = [rows.order_rows(Order.model_validate(one), clock, SETTINGS) for one in ORDERS]
        events = [event for _, made_events in pairs for event in made_events]
        records.upsert(connection, records.UPSERT_ORDERS, [order for order, _ in pairs], events)


TABLES = ("orders", "order_lines", "payments", "shipments", "customers", "payment_methods", "stock_alerts")


def everything(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """All that an action could change, to be compared: what isn't named in a test must be as it was."""
    return {
        table: connection.execute(f"SELECT to_jsonb(t) - 'change_id' - 'updated_at' AS row FROM {table} t ORDER BY t::text").fetchall()  # type: ignore[call-overload]
        for table in TABLES
    }  # fmt: skip
