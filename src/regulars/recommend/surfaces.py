"""The places of a shop that show lists, with their purpose and defaults, in one readable table."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Surface:
    """discovery: what was bought, or looked at in the last days, doesn't come back. explores: may draw slots at random."""

    name: str
    purpose: str
    needs_product: bool
    discovery: bool
    explores: bool


SURFACES = {
    surface.name: surface
    for surface in (
        Surface("home", "For you: what this person may want next", needs_product=False, discovery=True, explores=True),
        Surface(
            "product", "Alike and goes with: beside an open product", needs_product=True, discovery=True, explores=False
        ),
        Surface("cart", "What else: beside a filled cart", needs_product=False, discovery=True, explores=False),
        Surface("email", "A block in an e-mail", needs_product=False, discovery=True, explores=False),
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
