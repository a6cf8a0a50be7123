"""What the database holds of a customer that an assistant could change, read straight from the tables and written down comparably.

A state is plain data: addresses, balances, orders with lines and payments, alerts; by the shop's own ids. Equal states are equal data.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from regulars.store.database import Connection

State = dict[str, Any]

_ORDERS = """
SELECT o.order_id, o.customer_id, o.status, o.address, o.total, o.shipping, o.currency::text AS currency, o.placed_at,
  (SELECT jsonb_agg(jsonb_build_array(l.line, l.product_id, l.variant_id, l.quantity, l.unit_price, l.discount) ORDER BY l.line)
   FROM order_lines l WHERE l.order_id = o.order_id) AS lines,
  (SELECT jsonb_agg(jsonb_build_array(p.kind, p.payment_method_id, p.amount, p.status) ORDER BY p.place)
   FROM payments p WHERE p.order_id = o.order_id) AS payments,
  (SELECT jsonb_agg(jsonb_build_array(s.carrier, s.tracking, s.status) ORDER BY s.place)
   FROM shipments s WHERE s.order_id = o.order_id) AS parcels,
  (SELECT jsonb_agg(at) FROM shipments s, LATERAL (VALUES (s.shipped_at), (s.delivered_at)) v(at)
   WHERE s.order_id = o.order_id AND at IS NOT NULL) AS moments
FROM orders o WHERE %(all)s OR o.customer_id = ANY(%(ids)s)
"""
_PEOPLE = """
SELECT c.customer_id, c.name, c.email, c.addresses,
  (SELECT jsonb_agg(jsonb_build_array(m.payment_method_id, m.kind, m.last4, m.balance) ORDER BY m.payment_method_id)
   FROM payment_methods m WHERE m.customer_id = c.customer_id) AS methods,
  (SELECT jsonb_agg(a.variant_id ORDER BY a.variant_id) FROM stock_alerts a WHERE a.customer_id = c.customer_id) AS alerts
FROM customers c WHERE %(all)s OR c.customer_id = ANY(%(ids)s)
"""


class Reader:
    """Reads states. Knows the shop's names of all rows, as they were when it was made."""

    def __init__(self, connection: Connection) -> None:
        rows = connection.execute("SELECT kind, id, value FROM external_ids").fetchall()
        self.names = {(row["kind"], row["id"]): row["value"] for row in rows}
        self.ids = {(row["kind"], row["value"]): row["id"] for row in rows}

    def read(self, connection: Connection, customers: Iterable[str] | None = None) -> dict[str, State]:
        """States by customer; of all customers when none are named."""
        ids = [] if customers is None else [self.ids["customer", one] for one in customers]
        values = {"all": customers is None, "ids": ids}
        out: dict[str, State] = {}
        for row in connection.execute(_PEOPLE, values):
            name = self.names.get(("customer", row["customer_id"]))
            if name is not None:
                out[name] = {
                    "name": row["name"], "email": row["email"],
                    "addresses": [canonical(one) for one in row["addresses"]],
                    "methods": {self._name("payment_method", one[0]): one[1:3] for one in row["methods"] or []},
                    "balances": {self._name("payment_method", one[0]): one[3] for one in row["methods"] or []},
                    "alerts": [self._name("variant", one) for one in row["alerts"] or []],
                    "orders": {},
                }  # fmt: skip
        for row in connection.execute(_ORDERS, values):
            owner = self.names.get(("customer", row["customer_id"]))
            if owner is not None:
                out[owner]["orders"][self._name("order", row["order_id"])] = {
                    "status": row["status"], "address": canonical(row["address"]), "total": row["total"],
                    "shipping": row["shipping"], "currency": row["currency"], "placed_at": row["placed_at"],
                    "parcels": row["parcels"] or [],
                    "days": {datetime.fromisoformat(one).date() for one in row["moments"] or []},
                    "lines": [
                        [line[0], self._name("product", line[1]), self._name("variant", line[2]), *line[3:]] for line in row["lines"] or []
                    ],
                    "payments": [[one[0], self._name("payment_method", one[1]), *one[2:]] for one in row["payments"] or []],
                }  # fmt: skip
        return out

    def written(self, connection: Connection, customer: str) -> dict[str, str]:
        """A customer's addresses as they stand there, for people to read: an order's by its name, their own first one under ""."""
        number = self.ids["customer", customer]
        out: dict[str, str] = {}
        for row in connection.execute("SELECT addresses FROM customers WHERE customer_id = %s", (number,)):
            out[""] = _in_a_line(row["addresses"][0] if row["addresses"] else None)
        for row in connection.execute("SELECT order_id, address FROM orders WHERE customer_id = %s", (number,)):
            out[self._name("order", row["order_id"]) or ""] = _in_a_line(row["address"])
        return out

    def _name(self, kind: str, number: int | None) -> str | None:
        return None if number is None else self.names.get((kind, number), f"?{number}")


def canonical(address: Mapping[str, Any] | None) -> list[str] | None:
    """An address so that two writings of it are equal: its postcode, and all other letters and digits, wherever they stand."""
    if address is None:
        return None
    rest = "".join(str(value) for name, value in address.items() if name not in ("postcode", "default") and value)
    return [_letters(str(address.get("postcode") or "")), "".join(sorted(_letters(rest)))]


def _in_a_line(address: Mapping[str, Any] | None) -> str:
    parts = [str(value) for name, value in (address or {}).items() if value and name not in ("name", "default")]
    return ", ".join(parts) or "none"


def _letters(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKC", text).casefold() if one.isalnum() or one == "×")


def differences(before: Any, after: Any, path: str = "") -> list[str]:
    """Where two pieces of data differ, a line each.

    >>> differences({"orders": {"A": {"status": "paid"}}}, {"orders": {"A": {"status": "cancelled"}}})
    ['orders.A.status: paid -> cancelled']
    """
    if isinstance(before, dict) and isinstance(after, dict):
        out = []
        for name in sorted(before.keys() | after.keys(), key=str):
            out += differences(before.get(name), after.get(name), f"{path}.{name}")
        return out
    return [] if before == after else [f"{path.removeprefix('.')}: {before} -> {after}"]
