"""What is named in a customer's words: orders whose numbers are alike are told apart, or asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from regulars.assist.reading import find
from regulars.schema import ExternalId
from regulars.store.order_book import OrderView

NAMES = ("KT00484-15", "KT00484-6", "1041566-2", "1041566-3", "W2378156")


def view(name: str) -> OrderView:
    return OrderView(
        order_id=1, name=ExternalId("shop", name), customer_id=1, status="paid", placed_at=datetime(2026, 3, 1, tzinfo=UTC),
        currency="EUR", exponent=2, total=1000, shipping=0, address=None, lines=(), payments=(), parcels=(), done={},
    )  # fmt: skip


ORDERS = [view(name) for name in NAMES]


@pytest.mark.parametrize(
    ("said", "own", "unknown"),
    [
        ("Where is my order KT00484-15? It's late.", ("KT00484-15",), ()),
        ("KT00484-6 please", ("KT00484-6",), ()),
        ("我的订单 KT00484-15 到哪儿了？", ("KT00484-15",), ()),
        ("cancel 1041566-3", ("1041566-3",), ()),
        ("cancel #W2378156", ("W2378156",), ()),
        ("cancel W2378157", ("W2378156",), ()),  # one wrong digit, and only one order that it can be
        ("Where is KT00484-7?", (), ("KT00484-7",)),  # another order than -6, and nobody's
        ("Where is KT00484?", (), ("KT00484",)),
    ],
)
def test_an_orders_number_is_read_whole(said: str, own: tuple[str, ...], unknown: tuple[str, ...]) -> None:
    found = find(said, ORDERS, ())
    assert (found.orders, found.unknown_orders) == (own, unknown)
