"""Everything kept about one person, as one document that they can read and take elsewhere."""

from __future__ import annotations

from typing import Any

from regulars.store.database import Connection, Row

_ID = "(SELECT x.value FROM external_ids x WHERE x.kind = '{kind}' AND x.id = {column} ORDER BY x.namespace, x.value LIMIT 1)"
_PRODUCT = _ID.format(kind="product", column="{table}.product_id")

_PARTS: dict[str, str] = {
    "ids": """
        SELECT namespace, value FROM external_ids WHERE kind = 'customer' AND id = %(customer)s ORDER BY 1, 2
    """,
    "browsers": """
        SELECT x.value AS visitor, min(a.at) AS since FROM aliases a JOIN external_ids x ON x.kind = 'visitor' AND x.id = a.visitor_id
        WHERE a.customer_id = %(customer)s GROUP BY 1 ORDER BY 2
    """,
    "payment_methods": """
        SELECT kind, label, last4, expires, is_default, balance, currency, exponent FROM payment_methods WHERE customer_id = %(customer)s ORDER BY payment_method_id
    """,
    "consents": """
        SELECT purpose, granted, at, source FROM consents
        WHERE customer_id = %(customer)s OR (visitor_id = %(visitor)s AND customer_id IS NULL) ORDER BY at, consent_id
    """,
    "events": f"""
        SELECT type, occurred_at, {_PRODUCT.format(table="e")} AS product, session, quantity, amount, currency, exponent,
               decision_id, position, surface, properties
        FROM events e WHERE customer_id = %(customer)s OR (visitor_id = %(visitor)s AND customer_id IS NULL)
        ORDER BY occurred_at, event_id
    """,
    "orders": f"""
        SELECT {_ID.format(kind="order", column="o.order_id")} AS order, placed_at, status, currency, exponent, total, shipping,
               address, traits,
               (SELECT coalesce(json_agg(json_build_object('product', {_PRODUCT.format(table="l")}, 'title', l.title,
                       'quantity', l.quantity, 'unit_price', l.unit_price, 'discount', l.discount) ORDER BY l.line), '[]')
                FROM order_lines l WHERE l.order_id = o.order_id) AS lines,
               (SELECT coalesce(json_agg(json_build_object('carrier', s.carrier, 'tracking', s.tracking, 'status', s.status,
                       'shipped_at', s.shipped_at, 'delivered_at', s.delivered_at) ORDER BY s.place), '[]')
                FROM shipments s WHERE s.order_id = o.order_id) AS shipments,
               (SELECT coalesce(json_agg(json_build_object('kind', p.kind, 'amount', p.amount, 'status', p.status, 'at', p.at,
                       'reference', p.reference) ORDER BY p.place), '[]')
                FROM payments p WHERE p.order_id = o.order_id) AS payments
        FROM orders o WHERE customer_id = %(customer)s OR (visitor_id = %(visitor)s AND customer_id IS NULL) ORDER BY placed_at
    """,
    "reviews": f"""
        SELECT {_PRODUCT.format(table="r")} AS product, rating, title, body, locale, written_at
        FROM reviews r WHERE customer_id = %(customer)s ORDER BY written_at
    """,
    "conversations": """
        SELECT c.conversation_id, c.locale, c.channel, c.mode, c.handover_reason, c.summary, c.rating, c.created_at, c.changed_at,
               (SELECT coalesce(json_agg(json_build_object('role', m.role, 'body', m.body, 'at', m.at) ORDER BY m.place), '[]')
                FROM messages m WHERE m.conversation_id = c.conversation_id AND m.role <> 'note') AS messages
        FROM conversations c WHERE customer_id = %(customer)s OR (visitor_id = %(visitor)s AND customer_id IS NULL) ORDER BY created_at
    """,
    "actions": f"""
        SELECT name, {_ID.format(kind="order", column="a.order_id")} AS order, arguments, effects, state, refusal, identity,
               proposed_at, done_at FROM actions a WHERE customer_id = %(customer)s ORDER BY proposed_at
    """,
    "stock_alerts": f"""
        SELECT {_ID.format(kind="variant", column="s.variant_id")} AS variant, at, told_at FROM stock_alerts s
        WHERE customer_id = %(customer)s ORDER BY at
    """,
    "decisions": """
        SELECT decision_id, at, surface, mode, model_version, reasons,
               ARRAY(SELECT (SELECT x.value FROM external_ids x WHERE x.kind = 'product' AND x.id = shown.id
                             ORDER BY x.namespace, x.value LIMIT 1)
                     FROM unnest(d.product_ids) WITH ORDINALITY AS shown (id, place) ORDER BY place) AS products
        FROM decisions d WHERE customer_id = %(customer)s OR (visitor_id = %(visitor)s AND customer_id IS NULL) ORDER BY at
    """,
}


def everything(connection: Connection, customer_id: int | None = None, visitor_id: int | None = None) -> dict[str, Any]:
    """All that is kept about a customer, or about a browser that is nobody's yet.

    Amounts are minor units beside currency and exponent. Not in it: the traces of decisions, which can be opened one by
    one while they are kept, and what only models know, which names nobody.
    """
    whom = {"customer": customer_id, "visitor": visitor_id}
    record: Row | None = None
    if customer_id is not None:
        record = connection.execute(
            "SELECT email, name, phone, locale, traits, addresses, created_at FROM customers WHERE customer_id = %s",
            (customer_id,),
        ).fetchone()
    return {
        "customer": dict(record) if record is not None else None,
        **{part: connection.execute(statement, whom).fetchall() for part, statement in _PARTS.items()},
    }
