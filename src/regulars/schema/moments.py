"""Moments from outside, as UTC. Where the shop's zone matters (events, orders) the text is kept for store.rows to read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator


def _in_utc(value: datetime) -> datetime:
    """Offsets go up to a day in Python and to 16 hours in PostgreSQL: UTC is understood by both."""
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside the calendar") from None


Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""Without a zone: UTC."""
