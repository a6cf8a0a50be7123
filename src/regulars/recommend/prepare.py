"""From the timeline to histories: which events say something about liking, whose they are, in which order. No models here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from duckdb import DuckDBPyConnection

from regulars.recommend.dataset import Histories, Int64, Searches, Vocabulary
from regulars.recommend.searches import LEAST_PEOPLE
from regulars.schema import EventType
from regulars.schema.events import STRENGTHS
from regulars.store import people
from regulars.store.database import Connection
from regulars.store.mirror import Mirror

MAX_PER_PERSON = 500  # a robot's, or a reseller's, 50,000 events must not outweigh a thousand shoppers
MAX_SEARCHES = 50  # of a person, the newest
STARTER_EVENTS = 200_000  # a starter model is fitted in about a second on this many

_STRENGTH_SQL = (
    "CASE type " + " ".join(f"WHEN '{kind}' THEN {value}" for kind, value in STRENGTHS.items()) + " ELSE 0 END"
)
_KINDS_SQL = ", ".join(f"'{kind}'" for kind in STRENGTHS)


def histories_from_mirror(
    mirror: Mirror, vocabulary: Vocabulary, until: float | None = None, refused: Sequence[int] = ()
) -> Histories:
    """Everybody's interactions with the vocabulary's items, the newest MAX_PER_PERSON of each.

    until: epoch seconds; what happened later is left out. refused: people left out, as people.refused names them.
    """
    with mirror.read() as connection:
        connection.register("vocabulary", {"product_id": vocabulary.product_ids, "item": np.arange(len(vocabulary))})
        connection.register("refused", {"person": np.asarray(refused, np.int64)})
        columns: dict[str, Any] = connection.execute(
            f"""
            WITH known AS (
                SELECT coalesce(customer_id, -visitor_id) AS person, v.item, epoch_ms(occurred_at) AS moment, event_id,
                       {_STRENGTH_SQL} AS strength
                FROM events JOIN vocabulary v USING (product_id)
                WHERE type IN ({_KINDS_SQL}) AND coalesce(customer_id, visitor_id) IS NOT NULL
                  AND coalesce(customer_id, -visitor_id) NOT IN (SELECT person FROM refused)
                  AND ($1 IS NULL OR epoch(occurred_at) <= $1)
                QUALIFY row_number() OVER (PARTITION BY coalesce(customer_id, -visitor_id)
                                           ORDER BY occurred_at DESC, event_id DESC) <= {MAX_PER_PERSON}
            )
            SELECT person, item, moment, strength FROM known ORDER BY person, moment, event_id
            """,
            [until],
        ).fetchnumpy()
        searches = _searches(connection, until)
    found = _histories(np.asarray(columns["person"], np.int64), columns["item"], columns["moment"], columns["strength"])
    return replace(found, searches=searches)


def _searches(connection: DuckDBPyConnection, until: float | None) -> Searches:
    """What people searched for, who refused left out as in their histories. Words that one person alone typed aren't read: they may be a
    name or an address.
    """
    columns: dict[str, Any] = connection.execute(
        f"""
        WITH asked AS (
            SELECT coalesce(customer_id, -visitor_id) AS person, epoch_ms(occurred_at) AS moment, event_id,
                   lower(trim(json_extract_string(properties, '$.query'))) AS words
            FROM events
            WHERE type = '{EventType.SEARCH}' AND coalesce(customer_id, visitor_id) IS NOT NULL
              AND coalesce(customer_id, -visitor_id) NOT IN (SELECT person FROM refused)
              AND ($1 IS NULL OR epoch(occurred_at) <= $1)
        ), shared AS (
            SELECT words FROM asked WHERE words <> '' GROUP BY 1 HAVING count(DISTINCT person) >= {LEAST_PEOPLE}
        )
        SELECT person, moment, words FROM asked JOIN shared USING (words)
        QUALIFY row_number() OVER (PARTITION BY person ORDER BY moment DESC, event_id DESC) <= {MAX_SEARCHES}
        ORDER BY person, moment, event_id
        """,
        [until],
    ).fetchnumpy()
    words = [str(one) for one in columns["words"]]
    return Searches(np.asarray(columns["person"], np.int64), np.asarray(columns["moment"], np.int64), words)


def histories_from_store(connection: Connection, vocabulary: Vocabulary, most: int = STARTER_EVENTS) -> Histories:
    """The newest interactions, straight from the store: for a first model before anything was mirrored."""
    place = {int(product_id): item for item, product_id in enumerate(vocabulary.product_ids)}
    rows = connection.execute(
        f"""
        SELECT coalesce(customer_id, -visitor_id) AS person, product_id, (extract(epoch FROM occurred_at) * 1000)::bigint AS at,
               {_STRENGTH_SQL} AS strength
        FROM (SELECT * FROM events WHERE type = ANY(%s) AND product_id IS NOT NULL AND coalesce(customer_id, visitor_id) IS NOT NULL
              ORDER BY occurred_at DESC LIMIT %s) e
        ORDER BY 1, 3, event_id
        """,
        ([str(kind) for kind in STRENGTHS], most),
    ).fetchall()
    without = set(people.refused(connection))
    rows = [row for row in rows if row["product_id"] in place and row["person"] not in without]
    return _histories(
        np.array([row["person"] for row in rows], np.int64),
        np.array([place[row["product_id"]] for row in rows], np.int64),
        np.array([row["at"] for row in rows], np.int64),
        np.array([float(row["strength"]) for row in rows], np.float32),
    )


def _histories(person: Int64, item: npt.ArrayLike, at: npt.ArrayLike, strength: npt.ArrayLike) -> Histories:
    starts = np.flatnonzero(np.diff(person, prepend=np.iinfo(np.int64).min)) if len(person) else np.zeros(0, np.int64)
    return Histories(
        np.append(starts, len(person)).astype(np.int64),
        np.asarray(item, np.int32),
        np.asarray(at, np.int64),
        np.asarray(strength, np.float32),
        people=person[starts],
    )
