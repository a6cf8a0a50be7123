"""From the world's ids to ours and back."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.schema import ExternalId
from regulars.store.database import Connection

ID_OF = "SELECT id FROM external_ids WHERE (kind, namespace, value) = (%s, %s, %s)"
NAMES_OF = "SELECT id, namespace, value FROM external_ids WHERE kind = %s AND id = ANY(%s) ORDER BY namespace <> 'shop', namespace, value"


def id_of(connection: Connection, kind: str, external: ExternalId) -> int | None:
    row = connection.execute(ID_OF, (kind, external.namespace, external.value)).fetchone()
    return None if row is None else int(row["id"])


def namespaces_of(connection: Connection, kind: str, value: str) -> list[str]:
    """Where this value is known as an id of the kind: "shop", "email", "shopify" …"""
    rows = connection.execute(
        "SELECT DISTINCT namespace FROM external_ids WHERE kind = %s AND value = %s ORDER BY 1", (kind, value)
    )
    return [row["namespace"] for row in rows]


def names_of(connection: Connection, kind: str, ids: Sequence[int]) -> dict[int, ExternalId]:
    """The external id to show for each of ours: the shop's own namespace first."""
    names: dict[int, ExternalId] = {}
    for row in connection.execute(NAMES_OF, (kind, list(ids))):
        names.setdefault(row["id"], ExternalId(row["namespace"], row["value"]))
    return names
