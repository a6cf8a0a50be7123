"""Counts what people chose in their first sessions, by how they came. Reads the mirror; knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from regulars.recommend.catalogue import Catalogue
from regulars.recommend.context import Arrival, ContextPrior, path_name
from regulars.schema.events import PASSIVE, STRENGTHS, EventType
from regulars.store.labels import SESSION_GAP
from regulars.store.mirror import Mirror

MOST_PEOPLE = 200_000  # the newest: more would only take time, the categories' shares are known to the third digit

_FIRST = f"""
WITH ordered AS (
    SELECT coalesce(customer_id, -visitor_id) AS person, type, occurred_at, event_id, product_id, properties, locale,
           lag(occurred_at) OVER w AS before
    FROM events LEFT JOIN customers USING (customer_id)
    WHERE coalesce(customer_id, visitor_id) IS NOT NULL AND type NOT IN ({", ".join(f"'{kind}'" for kind in PASSIVE)})
      AND coalesce(customer_id, -visitor_id) NOT IN (SELECT person FROM refused)
    WINDOW w AS (PARTITION BY coalesce(customer_id, -visitor_id) ORDER BY occurred_at, event_id)
), counted AS (
    SELECT *, sum(CASE WHEN occurred_at - before > INTERVAL {int(SESSION_GAP.total_seconds())} SECOND THEN 1 ELSE 0 END)
              OVER (PARTITION BY person ORDER BY occurred_at, event_id) AS session
    FROM ordered
), first AS (SELECT * FROM counted WHERE session = 0),
landed AS (
    SELECT person, arg_min(product_id, event_id) FILTER (WHERE before IS NULL) AS product_id,
           max(json_extract_string(properties, '$.category')) FILTER (WHERE before IS NULL) AS category,
           max(json_extract_string(properties, '$.referrer')) AS referrer,
           max(coalesce(json_extract_string(properties, '$.locale'), locale)) AS locale,
           max(json_extract_string(properties, '$.device')) AS device, min(occurred_at) AS began
    FROM first GROUP BY person ORDER BY began DESC LIMIT {MOST_PEOPLE}
)
SELECT l.person, l.product_id AS landing, l.category, l.referrer, l.locale, l.device, epoch_ms(l.began) AS began,
       f.product_id AS chosen
FROM landed l JOIN first f ON f.person = l.person AND f.product_id IS NOT NULL AND f.before IS NOT NULL
     AND f.type IN ({", ".join(f"'{kind}'" for kind in STRENGTHS)})
     AND f.type <> '{EventType.TASTE}' AND f.product_id IS DISTINCT FROM l.product_id
GROUP BY ALL ORDER BY l.person, chosen
"""


def learn(mirror: Mirror, catalogue: Catalogue, zone: str, refused: Sequence[int] = ()) -> ContextPrior:
    """What people chose in their first session after the page they began on, each category once a person.

    zone: of the hours, the shop's. refused: people left out.
    """
    with mirror.read() as connection:
        connection.register("refused", {"person": np.asarray(refused, np.int64)})
        rows = connection.execute(_FIRST).fetchall()
    hours_of = ZoneInfo(zone)
    seen: set[tuple[int, str]] = set()
    counts: dict[tuple[str, str, str], int] = {}
    for person, landing, category, referrer, locale, device, at, chosen in rows:
        item = catalogue.of(chosen)
        path = path_name(item.category) if item is not None else ""
        if not path or (person, path) in seen:
            continue
        seen.add((person, path))
        began = catalogue.of(landing) if landing is not None else None
        moment = _moment(at, hours_of)
        arrival = Arrival(
            referrer=(referrer or "")[:20],
            landing=began.category if began is not None else (category,) if category else (),
            locale=(locale or "")[:20],
            hour=moment[0],
            weekday=moment[1],
            device=(device or "")[:20],
        )
        for facet, value in (("", ""), *arrival.values().items()):
            counts[facet, value, path] = counts.get((facet, value, path), 0) + 1
    return ContextPrior.of((*key, count) for key, count in counts.items())


def _moment(milliseconds: int, zone: ZoneInfo) -> tuple[int, int]:
    local = datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(zone)
    return local.hour, local.weekday()
