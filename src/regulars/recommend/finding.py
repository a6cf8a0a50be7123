"""Finding who somebody asks for, and what they did and were shown: reads for the console's page. Knows no page."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from regulars.schema import ExternalId
from regulars.store import people
from regulars.store.database import Connection, Row

TIMELINE = 60
DECISIONS = 12
JUST_CAME = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A customer or a visitor, by our id and by the name to show."""

    customer: ExternalId | None
    visitor: str | None
    person: people.Person
    name: str | None = None

    @property
    def shown(self) -> str:
        return self.customer.value if self.customer else self.visitor or ""


def decision_id(text: str) -> UUID | None:
    """The id of a list, where the text is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def find(connection: Connection, text: str) -> Found | None:
    """A customer by id (the shop's own namespace first) or e-mail address, else a visitor by id."""
    row = connection.execute(
        "SELECT namespace, value FROM external_ids WHERE kind = 'customer' AND value = %s"
        " ORDER BY namespace <> 'shop', namespace LIMIT 1",
        (text,),
    ).fetchone()
    if row is None and "@" in text:
        row = connection.execute(
            "SELECT x.namespace, x.value FROM customers c JOIN external_ids x ON x.id = c.customer_id AND x.kind = 'customer'"
            " WHERE lower(c.email) = lower(%s) ORDER BY x.namespace <> 'shop', x.namespace LIMIT 1",
            (text,),
        ).fetchone()
    if row is not None:
        return customer(connection, ExternalId(row["namespace"], row["value"]))
    return visitor(connection, text)


def customer(connection: Connection, external: ExternalId) -> Found | None:
    person = people.read_person(connection, external, None)
    if person.customer_id is None:
        return None
    row = connection.execute("SELECT name FROM customers WHERE customer_id = %s", (person.customer_id,)).fetchone()
    return Found(external, None, person, row["name"] if row else None)


def visitor(connection: Connection, value: str) -> Found | None:
    person = people.read_person(connection, None, value)
    return None if person.visitor_id is None else Found(None, value, person)


def timeline(connection: Connection, person: people.Person) -> list[Row]:
    """What they did, newest first."""
    column, value = ("customer_id", person.customer_id) if person.customer_id else ("visitor_id", person.visitor_id)
    signed_out = "" if person.customer_id else " AND customer_id IS NULL"
    return connection.execute(
        f"SELECT type, occurred_at, product_id, quantity, decision_id, position, surface, properties->>'query' AS query"
        f" FROM events WHERE {column} = %s{signed_out} ORDER BY occurred_at DESC, event_id DESC LIMIT {TIMELINE}",
        (value,),
    ).fetchall()


def lists(connection: Connection, person: people.Person) -> list[Row]:
    """The lists they were shown, newest first."""
    column, value = ("customer_id", person.customer_id) if person.customer_id else ("visitor_id", person.visitor_id)
    return connection.execute(
        f"SELECT decision_id, at, surface, mode, cardinality(product_ids) AS items FROM decisions WHERE {column} = %s"
        f" ORDER BY at DESC LIMIT {DECISIONS}",
        (value,),
    ).fetchall()


def just_came(connection: Connection) -> list[Row]:
    """Who was shown a list last: name, whether a customer, when. Decisions' ids are ordered by time."""
    return connection.execute(
        f"""
        WITH newest AS (SELECT customer_id, visitor_id, at FROM decisions ORDER BY decision_id DESC LIMIT 300),
        each AS (
            SELECT coalesce(customer_id, visitor_id) AS id, customer_id IS NOT NULL AS customer, max(at) AS at FROM newest
            WHERE coalesce(customer_id, visitor_id) IS NOT NULL GROUP BY 1, 2 ORDER BY 3 DESC LIMIT {JUST_CAME}
        )
        SELECT e.customer, e.at, (SELECT value FROM external_ids x WHERE x.id = e.id
               AND x.kind = CASE WHEN e.customer THEN 'customer' ELSE 'visitor' END ORDER BY namespace <> 'shop', value LIMIT 1) AS name
        FROM each e ORDER BY e.at DESC
        """
    ).fetchall()
