"""What somebody answered in the taste picker: events of their timeline, read back and taken back."""

from __future__ import annotations

from typing import Any

from regulars.schema import EventType

MOST = 30  # newest answers read, taken back ones among them; the picker asks for three

_OF = "((%(customer)s::bigint IS NOT NULL AND e.customer_id = %(customer)s) OR (%(customer)s::bigint IS NULL AND e.visitor_id = %(visitor)s AND e.customer_id IS NULL))"  # fmt: skip

READ_TASTE = f"""
SELECT * FROM (
    SELECT e.type, e.product_id, e.properties, e.occurred_at, e.event_id FROM events e
    WHERE {_OF} AND e.type IN ('{EventType.TASTE}', '{EventType.TASTE_UNDONE}')
    ORDER BY e.occurred_at DESC, e.event_id DESC LIMIT {MOST}
) newest ORDER BY occurred_at, event_id
"""
# A pick that is taken back stays on the timeline as what it is, and says nothing to any list from then on. The change
# reaches the mirror as one of events that were written again.
UNDO_TASTE = f"""
WITH mine AS MATERIALIZED (
    SELECT e.event_id, e.occurred_at FROM events e
    WHERE {_OF} AND e.type = '{EventType.TASTE}' AND (%(product)s::bigint IS NULL OR e.product_id = %(product)s)
), change AS (
    INSERT INTO changes (change_id, kind, tables)
    SELECT nextval('change_ids'), 'join', '{{events}}' WHERE EXISTS (SELECT FROM mine) RETURNING change_id
)
UPDATE events SET type = '{EventType.TASTE_UNDONE}', change_id = (SELECT change_id FROM change)
FROM mine WHERE events.event_id = mine.event_id AND events.occurred_at = mine.occurred_at
RETURNING events.event_id
"""


def whose(customer_id: int | None, visitor_id: int | None, product_id: int | None = None) -> dict[str, Any]:
    """The parameters of both statements."""
    return {"customer": customer_id, "visitor": visitor_id, "product": product_id}
