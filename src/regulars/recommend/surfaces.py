"""The places of a shop that show lists, with their purpose and defaults, in one readable table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from regulars.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Surface:
    """One place that shows lists.

    discovery: what was bought doesn't come back. hides_seen: nor does what was looked at in the last days.
    varied: not more than half of a list is of one kind. explores: may draw slots at random. personal: the person's history counts, not the open product alone.
    kind: "same" keeps to the open product's own category, "other" keeps out of it. purchases: a list of what the person
    bought before, by how due it is, instead of what a model proposes.
    """

    name: str
    purpose: str
    needs_product: bool = False
    discovery: bool = True
    hides_seen: bool = True
    explores: bool = False
    varied: bool = False
    personal: bool = True
    kind: Literal["", "same", "other"] = ""
    purchases: bool = False


SURFACES = {
    surface.name: surface
    for surface in (
        Surface("home", "For you: what this person may want next", explores=True, varied=True),
        Surface("product", "Alike and goes with: beside an open product", needs_product=True),
        Surface(
            "alike",
            "Alike: others of the open product's kind, to compare",
            needs_product=True,
            hides_seen=False,
            personal=False,
            kind="same",
        ),
        Surface(
            "goes_with",
            "Goes with: what is chosen together with the open product, of other kinds",
            needs_product=True,
            hides_seen=False,
            personal=False,
            kind="other",
        ),
        Surface("cart", "What else: beside a filled cart", varied=True),
        Surface(
            "again",
            "Buy again: own purchases, the most due first",
            discovery=False,
            hides_seen=False,
            purchases=True,
        ),
        Surface("email", "A block in an e-mail", varied=True),
        Surface("assistant", "In a conversation: what a customer asked to be shown", varied=True),
    )
}
SEEN_DAYS = 7.0
"""A product looked at within this many days isn't a discovery; the shopper knows where it is."""


def surface_named(name: str) -> Surface:
    """Raises: InvalidInput, listing what there is."""
    try:
        return SURFACES[name]
    except KeyError:
        raise InvalidInput(
            f"There is no surface {name[:40]!r}.", hint=f"Choose one of {', '.join(SURFACES)}.", field="surface"
        ) from None
