"""Names of what happens in the demo's world: ids and draws that are the same whenever a day is worked out."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID


def drawn_id(key: str, at: datetime) -> tuple[UUID, int]:
    """A UUIDv7 of the world's time, and a seed from 0 to 2⁶³ - 1. key: what it is of; the same key and time give the same."""
    digest = hashlib.blake2b(key.encode(), digest_size=18).digest()
    head = int(at.timestamp() * 1000).to_bytes(6, "big")
    tail = bytearray(digest[:10])
    tail[0] = 0x70 | tail[0] & 0x0F
    tail[2] = 0x80 | tail[2] & 0x3F
    return UUID(bytes=head + bytes(tail)), int.from_bytes(digest[10:], "big") >> 1
