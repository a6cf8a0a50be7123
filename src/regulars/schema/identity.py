"""Who is who. Our ids are our own (bigint, never shown to the world); the world's are ExternalId(namespace, value)."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, WithJsonSchema

from regulars.schema.text import MAX_ID, refuse_nul

DEFAULT_NAMESPACE = "shop"
_NAMESPACE = re.compile(r"[a-z][a-z0-9_.-]{0,62}")


class ExternalId(NamedTuple):
    """An id as another system writes it. The same value in two namespaces is two things."""

    namespace: str
    value: str


def as_external_id(given: Any) -> ExternalId:
    """From `"A1"`, `1001` or `{"namespace": "shopify", "value": "1001"}`.

    Raises: ValueError when empty, too long or of another shape.
    """
    namespace: Any = DEFAULT_NAMESPACE
    value = given
    if type(given) is str and given.isascii() and given.isprintable() and 0 < len(given) <= MAX_ID:
        stripped = given.strip()
        if stripped:
            return ExternalId(DEFAULT_NAMESPACE, stripped)  # nearly all ids, and a fifth of the time below
    if isinstance(given, dict):
        unknown = set(given) - {"namespace", "value"}
        if unknown or "value" not in given:
            raise ValueError('an id is a text, or {"namespace": …, "value": …}')
        namespace, value = given.get("namespace") or DEFAULT_NAMESPACE, given["value"]
    elif isinstance(given, (tuple, list)) and len(given) == 2:
        namespace, value = given
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError("an id is a text or a whole number")
    value = refuse_nul(str(value)).strip()
    if not value:
        raise ValueError("an id can't be empty")
    if len(value) > MAX_ID:
        raise ValueError(f"an id has at most {MAX_ID} characters; this one has {len(value)}")
    if not isinstance(namespace, str) or not _NAMESPACE.fullmatch(namespace):
        raise ValueError("a namespace is a short lower-case name such as shop, shopify or sku")
    return ExternalId(namespace, value)


_ID_SCHEMA = {
    "description": 'An id of yours: "A1", or {"namespace": "shopify", "value": "1001"}.',
    "anyOf": [
        {"type": "string", "minLength": 1, "maxLength": MAX_ID},
        {"type": "integer"},
        {
            "type": "object",
            "required": ["value"],
            "additionalProperties": False,
            "properties": {
                "namespace": {"type": "string", "pattern": "^[a-z][a-z0-9_.-]{0,62}$"},
                "value": {"type": "string", "minLength": 1, "maxLength": MAX_ID},
            },
        },
    ],
}
ExternalIdField = Annotated[ExternalId, BeforeValidator(as_external_id), WithJsonSchema(_ID_SCHEMA)]

_MESSAGES = uuid.UUID("4c3f4a0e-5f0e-5d5c-9c9d-2f1f0d1a7e11")


def message_key(message_id: str) -> uuid.UUID:
    """The 16 bytes under which an event is stored once: the UUID itself, or a hash of any other text.

    128 bits of BLAKE2b: two of 10^10 ids collide with probability below 10^-18.
    """
    if len(message_id) == 36:
        try:
            return uuid.UUID(message_id)
        except ValueError:
            pass
    return uuid.UUID(bytes=hashlib.blake2b(message_id.encode(), digest_size=16, key=_MESSAGES.bytes).digest())
