"""The shop's own row: settings and the secret that signs customer tokens; and the API keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from regulars.errors import InvalidInput, NotFound
from regulars.schema import ShopSettings
from regulars.store.database import Connection, Row

READ_SHOP = "SELECT shop_id, settings, secret, generation, changed_at FROM shop"
READ_KEYS = "SELECT key_id, name, scope, sha256 FROM api_keys WHERE revoked_at IS NULL"
Scope = Literal["public", "secret"]


@dataclass(frozen=True, slots=True)
class ShopRow:
    """What the database says of the shop."""

    shop_id: str
    settings: ShopSettings
    secret: bytes
    generation: str


def create(connection: Connection, settings: ShopSettings) -> None:
    """Writes the row of a new shop; an existing one stays as it is."""
    connection.execute(
        "INSERT INTO shop (settings, secret) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (Jsonb(settings.stored()), secrets.token_urlsafe(32)),
    )


def shop_row(row: Row) -> ShopRow:
    return ShopRow(
        str(row["shop_id"]),
        ShopSettings.model_validate(row["settings"]),
        row["secret"].encode(),
        str(row["generation"]),
    )


def read(connection: Connection) -> ShopRow:
    """Raises: NotFound when no shop was made in this database."""
    row = connection.execute(READ_SHOP).fetchone()
    if row is None:
        raise NotFound("This database holds no shop yet.", hint="Make one with `regulars init FOLDER`.")
    return shop_row(row)


def change_settings(connection: Connection, changes: dict[str, Any]) -> ShopSettings:
    """Raises: InvalidInput, naming the field."""
    current = read(connection).settings
    try:
        changed = ShopSettings.model_validate({**current.stored(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise InvalidInput(f"{field}: {first['msg']}.", field=field) from error
    connection.execute("UPDATE shop SET settings = %s, changed_at = now()", (Jsonb(changed.stored()),))
    return changed


def rotate_secret(connection: Connection) -> None:
    """A new secret: every customer token signed before is refused from now on."""
    connection.execute("UPDATE shop SET secret = %s, changed_at = now()", (secrets.token_urlsafe(32),))


def key_digest(key: str) -> bytes:
    """Keys are long and random, so a plain hash is enough to keep them from being read back."""
    return hashlib.sha256(key.encode()).digest()


def create_key(connection: Connection, name: str, scope: Scope) -> str:
    """A new key, shown this once: only its hash is kept."""
    key = f"rk_{'pub' if scope == 'public' else 'sec'}_{secrets.token_urlsafe(24)}"
    connection.execute(
        "INSERT INTO api_keys (name, scope, sha256, prefix) VALUES (%s, %s, %s, %s)",
        (name, scope, key_digest(key), key[:12]),
    )
    return key


def storefront_key(secret: bytes) -> str:
    """The storefront's own public key. It follows from the shop's secret, so that it needn't be kept anywhere."""
    made = base64.urlsafe_b64encode(hmac.digest(secret, b"storefront", hashlib.sha256)[:24]).decode()
    return f"rk_pub_{made}"


def ensure_storefront_key(connection: Connection, secret: bytes) -> None:
    """Lists it among the shop's keys. One that was revoked stays so."""
    key = storefront_key(secret)
    connection.execute(
        "INSERT INTO api_keys (name, scope, sha256, prefix) VALUES ('storefront', 'public', %s, %s) ON CONFLICT DO NOTHING",
        (key_digest(key), key[:12]),
    )


def list_keys(connection: Connection) -> list[Row]:
    return connection.execute(
        "SELECT key_id, name, scope, prefix, created_at, revoked_at FROM api_keys ORDER BY key_id"
    ).fetchall()


def revoke_key(connection: Connection, key_id: int) -> None:
    """Raises: NotFound."""
    if not connection.execute(
        "UPDATE api_keys SET revoked_at = now() WHERE key_id = %s AND revoked_at IS NULL", (key_id,)
    ).rowcount:
        raise NotFound(f"There is no key {key_id} in use.", hint="`regulars keys list` shows them.")
