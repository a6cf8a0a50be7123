"""The console's password, kept as a scrypt hash in the database. Knows no cookie and no page."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from regulars.errors import InvalidInput
from regulars.store.database import Connection

LEAST = 10
MOST = 200
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are taken for another
# 32 MB and some 80 ms a try: a stolen hash is expensive to guess from, a login isn't slow.
_COST, _BLOCK, _LANES = 2**15, 8, 1
READ_HASH = "SELECT password_hash FROM console_access"


def new_password() -> str:
    """Sixteen letters in groups of four: 79 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def _derived(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block, p=lanes, maxmem=256 * cost * block, dklen=32)


def hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    parts = [str(_COST), str(_BLOCK), str(_LANES)]
    encoded = [base64.b64encode(part).decode() for part in (salt, _derived(password, salt, _COST, _BLOCK, _LANES))]
    return "$".join(["scrypt", *parts, *encoded])


def verify(password: str, kept: str) -> bool:
    """Takes as long for a wrong password as for the right one."""
    _, cost, block, lanes, salt, wanted = kept.split("$")
    given = _derived(password[:MOST], base64.b64decode(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(given, base64.b64decode(wanted))


def checked(password: str) -> str:
    """Raises: InvalidInput when it is too short or too long."""
    if len(password) < LEAST:
        raise InvalidInput(f"A password has at least {LEAST} characters.", field="password")
    if len(password) > MOST:
        raise InvalidInput(f"A password has at most {MOST} characters.", field="password")
    return password


def set_password(connection: Connection, password: str) -> None:
    """From now on this one opens the console; everybody is logged out. Raises: InvalidInput."""
    connection.execute(
        "INSERT INTO console_access (password_hash) VALUES (%s)"
        " ON CONFLICT (only_one) DO UPDATE SET password_hash = excluded.password_hash, changed_at = now()",
        (hashed(checked(password)),),
    )


def first_password(connection: Connection) -> str | None:
    """Makes the first password; None when there is one already. Said once, kept only as a hash."""
    if connection.execute(READ_HASH).fetchone() is not None:
        return None
    password = new_password()
    made = connection.execute(
        "INSERT INTO console_access (password_hash) VALUES (%s) ON CONFLICT DO NOTHING", (hashed(password),)
    )
    return password if made.rowcount else None
