"""Ways to make a list, to be compared in the demo's world: the engine as it serves, popularity alone, an even draw.

All go through the engine's own service: the same filters, the same decision with its trace; only what ranks differs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from regulars.errors import InvalidInput, NotEnoughData
from regulars.recommend import service
from regulars.recommend.blend import Blend
from regulars.recommend.model import Model
from regulars.schema import Decision
from regulars.store.people import Person

NOTE = "Ranked by popularity alone, for a comparison of policies."


class Policy(Protocol):
    """Makes one list."""

    def decide(self, serving: service.Serving, request: service.Request, person: Person, now: float) -> Decision:
        """now: epoch seconds of the world's clock."""
        ...


class Trained:
    """What serves: the promoted model, or what stands in for one."""

    def decide(self, serving: service.Serving, request: service.Request, person: Person, now: float) -> Decision:
        return service.recommend(serving, request, person, now)


class Popular:
    """What many chose lately, the same for everybody but for the filters."""

    def __init__(self) -> None:
        self._made: tuple[service.Serving, service.Serving] | None = None

    def decide(self, serving: service.Serving, request: service.Request, person: Person, now: float) -> Decision:
        return service.recommend(self._popular(serving), request, person, now)

    def _popular(self, serving: service.Serving) -> service.Serving:
        if self._made is None or self._made[0] is not serving:
            if serving.model is None:
                raise NotEnoughData("There is nothing to count yet.", hint="Import events or orders first.")
            source = serving.model.sources["popular"]
            model = Model(serving.model.product_ids, [source], Blend.default([source.name]))
            self._made = serving, replace(serving, model=model, note=NOTE)
        return self._made[1]


class Even:
    """Every place drawn evenly from all that may be shown, with its propensity: the random list."""

    def decide(self, serving: service.Serving, request: service.Request, person: Person, now: float) -> Decision:
        return service.recommend(serving, replace(request, even=True), person, now)


POLICIES: dict[str, type[Policy]] = {"trained": Trained, "popular": Popular, "random": Even}


def policy_named(name: str) -> Policy:
    """Raises: InvalidInput, listing what there is."""
    try:
        return POLICIES[name]()
    except KeyError:
        raise InvalidInput(
            f"There is no policy {name[:40]!r}.", hint=f"Choose one of {', '.join(POLICIES)}.", field="policy"
        ) from None
