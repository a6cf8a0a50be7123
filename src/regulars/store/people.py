"""Reading a person: who they are and what they did last, in one round trip; and erasing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars.schema import ExternalId
from regulars.schema.events import STRENGTHS
from regulars.store.database import Connection, Row

READ_PERSON = "SELECT * FROM read_person(%s, %s, %s, %s, %s)"
HISTORY_LENGTH = 500  # far past what a ranker uses; enough to know what was bought lately
_KINDS = [str(kind) for kind in STRENGTHS]


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. Lists are newest first and of equal length; `bought` also knows older orders. shown: products that were shown to
    them more than once among their last 400 impressions, and how often.

    refused: this person doesn't want personal lists; then nothing of what they did is read.
    """

    customer_id: int | None
    visitor_id: int | None
    products: list[int]
    types: list[str]
    seconds: list[float]
    bought: list[int]
    refused: bool = False
    shown: dict[int, int] = field(default_factory=dict)


NOBODY = Person(None, None, [], [], [], [])


def person_values(customer: ExternalId | None, visitor: str | None) -> tuple[Any, ...]:
    """The parameters of READ_PERSON."""
    return (
        customer.namespace if customer else None,
        customer.value if customer else None,
        visitor,
        _KINDS,
        HISTORY_LENGTH,
    )


def person_of(row: Row) -> Person:
    return Person(
        row["customer_id"],
        row["visitor_id"],
        row["products"] or [],
        row["types"] or [],
        row["seconds"] or [],
        row["bought"] or [],
        row["refused"],
        dict(zip(row["shown"] or (), row["times"] or (), strict=True)),
    )


REFUSED = """
SELECT DISTINCT ON (person) person, granted FROM (
    SELECT coalesce(customer_id, -visitor_id) AS person, granted, at, consent_id FROM consents WHERE purpose = %s
) answers ORDER BY person, at DESC, consent_id DESC
"""


def refused(connection: Connection, purpose: str = "personalisation") -> list[int]:
    """Who said no, and not yes later: customer ids, and visitor ids (negative) of browsers that are nobody's yet."""
    return [row["person"] for row in connection.execute(REFUSED, (purpose,)) if not row["granted"]]


def read_person(connection: Connection, customer: ExternalId | None, visitor: str | None) -> Person:
    row = connection.execute(READ_PERSON, person_values(customer, visitor)).fetchone()
    assert row is not None
    return person_of(row)


READ_PEOPLE = """
SELECT p.* FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS asked (namespace, customer, place)
CROSS JOIN LATERAL read_person(asked.namespace, asked.customer, NULL, %s, %s) p ORDER BY asked.place
"""


READ_GROUP = """
SELECT found.* FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS asked (namespace, customer, visitor, place)
CROSS JOIN LATERAL read_person(asked.namespace, asked.customer, asked.visitor, %s, %s) found ORDER BY asked.place
"""


def group_values(asked: Sequence[tuple[ExternalId | None, str | None]]) -> tuple[Any, ...]:
    """The parameters of READ_GROUP: a customer, a visitor or both, of each."""
    return (
        [customer.namespace if customer else None for customer, _ in asked],
        [customer.value if customer else None for customer, _ in asked],
        [visitor for _, visitor in asked],
        _KINDS,
        HISTORY_LENGTH,
    )


def read_people(connection: Connection, customers: Sequence[ExternalId]) -> list[Person]:
    """Many customers in one round trip, in the order asked; one who isn't known has no customer_id."""
    values = [one.namespace for one in customers], [one.value for one in customers], _KINDS, HISTORY_LENGTH
    return [person_of(row) for row in connection.execute(READ_PEOPLE, values)]


READ_AGAIN = """
SELECT p.* FROM unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS asked (customer, visitor, place)
LEFT JOIN LATERAL (SELECT namespace, value FROM external_ids x WHERE x.kind = 'customer' AND x.id = asked.customer LIMIT 1) c ON true
LEFT JOIN LATERAL (SELECT value FROM external_ids x WHERE x.kind = 'visitor' AND x.id = asked.visitor LIMIT 1) v ON true
CROSS JOIN LATERAL read_person(c.namespace, c.value, v.value, %s, %s) p ORDER BY asked.place
"""


def read_again(connection: Connection, asked: Sequence[tuple[int | None, int | None]]) -> list[Person]:
    """Many in one round trip, in the order asked, by our own ids as decisions keep them: of customer and of visitor. NOBODY
    where both are None.
    """
    values = [customer for customer, _ in asked], [visitor for _, visitor in asked], _KINDS, HISTORY_LENGTH
    rows = connection.execute(READ_AGAIN, values)
    return [person_of(row) if any(one) else NOBODY for row, one in zip(rows, asked, strict=True)]


ERASE = "SELECT erase_customer(%s) AS counts"


def erase(connection: Connection, customer_id: int) -> dict[str, int]:
    """Forgets a customer in the store; the mirror follows at its next sync. Returns how many rows went, by table."""
    row = connection.execute(ERASE, (customer_id,)).fetchone()
    assert row is not None
    return dict(row["counts"])
