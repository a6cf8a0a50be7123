"""The places of a shop that show lists, with their purpose and defaults, in one readable table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from regulars.errors import InvalidInput
from regulars.schema.shop import SurfaceSettings


@dataclass(frozen=True, slots=True)
class Surface:
    """One place that shows lists.

    discovery: what was bought doesn't come back. hides_seen: nor does what was looked at in the last days.
    varied: not more than half of a list is of one kind. explores: may draw slots at random. personal: the person's history counts, not the open product alone.
    kind: "same" keeps to the open product's own category, "other" keeps out of it. purchases: a list of what the person
    bought before, by how due it is, instead of what a model proposes. sources: what may propose; empty = all. category:
    the list keeps to it. diversity: the dial's own position here; None = the shop's. unfamiliar: of kinds only that the
    person never touched, as far as there are enough. links: what the shop says that goes with a product or fits it comes first.
    own: the shop's own surface.
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
    sources: tuple[str, ...] = ()
    category: str | None = None
    diversity: float | None = None
    unfamiliar: bool = False
    links: bool = False
    own: bool = False


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
            diversity=0.0,
        ),
        Surface(
            "goes_with",
            "Goes with: what is chosen together with the open product, of other kinds",
            needs_product=True,
            hides_seen=False,
            personal=False,
            kind="other",
            diversity=0.0,
            links=True,
        ),
        Surface("cart", "What else: beside a filled cart", varied=True, links=True),
        Surface(
            "after_purchase",
            "After an order: what goes with it",
            varied=True,
            links=True,
        ),
        Surface("category", "A category in this person's order", discovery=False, hides_seen=False),
        Surface(
            "surprise",
            "Surprise me: good things of kinds that this person never touched",
            explores=True,
            varied=True,
            diversity=0.6,
            unfamiliar=True,
        ),
        Surface(
            "again",
            "Buy again: own purchases, the most due first",
            discovery=False,
            hides_seen=False,
            purchases=True,
            diversity=0.0,
        ),
        Surface("search", "What answers a search, best first", discovery=False, hides_seen=False, diversity=0.0),
        Surface("email", "A block in an e-mail", varied=True),
        Surface("assistant", "In a conversation: what a customer asked to be shown", varied=True),
    )
}
SEEN_DAYS = 7.0
"""A product looked at within this many days isn't a discovery; the shopper knows where it is."""


KNOWN_SOURCES = ("sequence", "ease", "factors", "covisitation", "text", "judge", "image", "popular")


def surfaces_of(own: Iterable[SurfaceSettings] = ()) -> dict[str, Surface]:
    """The built-in surfaces, and a shop's own or other defaults of them.

    Raises: InvalidInput for one that is like nothing there is, or that asks for a source that isn't there.
    """
    found = dict(SURFACES)
    for given in own:
        base = SURFACES.get(given.name) or SURFACES.get(given.like)
        if base is None:
            raise InvalidInput(
                f"surfaces: {given.name} is like {given.like[:40]!r}, which isn't there.",
                hint=f"Choose one of {', '.join(SURFACES)}.",
                field="surfaces",
            )
        strange = [name for name in given.sources or () if name not in KNOWN_SOURCES]
        if strange:
            raise InvalidInput(
                f"surfaces: {given.name} asks for the source {strange[0]!r}, which isn't there.",
                hint=f"Choose from {', '.join(KNOWN_SOURCES)}.",
                field="surfaces",
            )
        said: dict[str, Any] = {
            "sources": None if given.sources is None else tuple(given.sources),
            "category": given.category,
            "diversity": given.diversity,
            "explores": given.explores,
            "hides_seen": given.hides_seen,
            "discovery": given.hides_bought,
            "varied": given.varied,
        }
        changed = {name: value for name, value in said.items() if value is not None}
        own_name = given.name not in SURFACES
        found[given.name] = replace(
            base, name=given.name, purpose=given.purpose or base.purpose, own=own_name, **changed
        )
    return found


def surface_named(name: str, surfaces: dict[str, Surface] | None = None) -> Surface:
    """Raises: InvalidInput, listing what there is."""
    there = SURFACES if surfaces is None else surfaces
    try:
        return there[name]
    except KeyError:
        raise InvalidInput(
            f"There is no surface {name[:40]!r}.", hint=f"Choose one of {', '.join(there)}.", field="surface"
        ) from None


def surface_told(surface: Surface, diversity: float) -> dict[str, Any]:
    """A surface with its purpose and defaults, for JSON. diversity: the shop's own dial."""
    return {
        "name": surface.name,
        "purpose": surface.purpose,
        "own": surface.own,
        "needs_product": surface.needs_product,
        "hides_bought": surface.discovery,
        "hides_seen": surface.hides_seen,
        "varied": surface.varied,
        "explores": surface.explores,
        "sources": list(surface.sources),
        "category": surface.category,
        "diversity": diversity if surface.diversity is None else surface.diversity,
    }
