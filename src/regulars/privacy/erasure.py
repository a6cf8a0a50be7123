"""Forgetting a customer wherever they are kept: the store, the mirror, and the rows that imports turned away.

Not reached: backups made before, and counts in models trained before (docs/privacy.md says what to do about them).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson

from regulars.store import people
from regulars.store.database import Connection, Database
from regulars.store.mirror import Mirror

_SHORTEST_INSIDE = 5  # "Ann" stands inside too many words to look for it there; as a whole value it counts


def erase(database: Database, mirror: Mirror, imports_folder: Path, customer_id: int) -> dict[str, int]:
    """Returns how many rows went, by table; `rejects` are lines of rejects files. Raises: DatabaseUnavailable.

    Can be repeated after a failure: what is gone already isn't an error.
    """
    with database.connect() as connection:
        words = _names(connection, customer_id)
    # First: once the store has forgotten who they were, nobody could find them in the files any more.
    rejects = forget_rejects(imports_folder, words)
    with database.connect() as connection:
        gone = people.erase(connection, customer_id)
    mirror.sync(database)
    return {**gone, "rejects": rejects}


def forget_rejects(folder: Path, words: set[str]) -> int:
    """Takes every rejected row that names one of these out of the rejects files. Returns how many."""
    if not words:
        return 0
    gone = 0
    for path in sorted(folder.glob("*-rejects.jsonl")):
        kept = path.with_suffix(".kept")
        count = 0
        with path.open("rb") as lines, kept.open("wb") as out:
            for line in lines:
                if _names_one(line, words):
                    count += 1
                else:
                    out.write(line)
        if count:
            os.replace(kept, path)
            gone += count
        else:
            kept.unlink()
    return gone


def _names(connection: Connection, customer_id: int) -> set[str]:
    """What a file may call this customer: ids, browsers that are theirs alone, e-mail, telephone."""
    rows = connection.execute(
        """
        SELECT value FROM external_ids WHERE kind = 'customer' AND id = %(customer)s
        UNION SELECT x.value FROM external_ids x JOIN aliases a ON x.kind = 'visitor' AND x.id = a.visitor_id
        WHERE a.customer_id = %(customer)s
          AND NOT EXISTS (SELECT FROM aliases o WHERE o.visitor_id = a.visitor_id AND o.customer_id <> a.customer_id)
        UNION SELECT unnest(ARRAY[email, phone]) FROM customers WHERE customer_id = %(customer)s
        """,
        {"customer": customer_id},
    )
    return {row["value"].strip().lower() for row in rows if row["value"] and row["value"].strip()}


def _names_one(line: bytes, words: set[str]) -> bool:
    try:
        row = orjson.loads(line).get("row")
    except (orjson.JSONDecodeError, AttributeError):
        row = line.decode("utf-8", "replace")
    stack: list[Any] = [row]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, str):
            text = value.strip().lower()
            if text in words or any(len(word) >= _SHORTEST_INSIDE and word in text for word in words):
                return True
        elif str(value) in words:
            return True
    return False
