"""What several exports say alike: amounts, times, and who a customer is who has no number. Knows none of them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime

from regulars.feeds.amounts import read_amount


def by_email(text: str) -> dict[str, str] | None:
    """The id of a customer who is known by an address only."""
    address = text.strip().lower()
    return {"namespace": "email", "value": address} if "@" in address and len(address) <= 320 else None


def by_phone(text: str) -> dict[str, str] | None:
    """The id of a customer who is known by a telephone number only, as where one pays on delivery."""
    number = re.sub(r"[^\d+]", "", text)
    return {"namespace": "phone", "value": number} if 7 <= len(number) <= 20 else None


def amount(text: str) -> str:
    """A plain amount; what is none stays, to be refused by name."""
    try:
        return read_amount(text)[0]
    except ValueError:
        return text


def when(text: str) -> str:
    """`9/6/2016 6:29:00` (month first) and `2024-01-02 09:50:26 +0200` as ISO 8601; what is neither comes back as it is."""
    iso = text[:4].isdigit() and text[4:5] == "-"
    for pattern in (
        () if iso else ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%B %d, %Y %I:%M %p", "%B %d, %Y")
    ):
        with suppress(ValueError):
            return datetime.strptime(text.strip(), pattern).isoformat()
    parts = text.split()
    return f"{parts[0]}T{parts[1]}{parts[2]}" if len(parts) == 3 and parts[2][0] in "+-" else text


def aware(text: str) -> str | None:
    """A time that a payment or a parcel can hold; None where it can't be read."""
    with suppress(ValueError):
        return datetime.fromisoformat(when(text)).isoformat()
    return None
