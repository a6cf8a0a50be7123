"""Looks of invented customers, as the benchmarks of serving fill a shop with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from regulars.schema import Event, ShopSettings
from regulars.store import rows


def view_row(
    customer: int, step: int, product: int, began: datetime, clock: rows.Clock, settings: ShopSettings
) -> dict[str, Any]:
    """Customer c… looks at product p…, a minute a step after they began: a row for store.records.append_events."""
    event = Event.model_validate(
        {
            "message_id": f"{customer}-{step}",
            "type": "view",
            "occurred_at": began + timedelta(minutes=step),
            "customer": f"c{customer}",
            "product": f"p{product}",
        }
    )
    return rows.event_row(event, clock, settings)
