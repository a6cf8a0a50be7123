"""What a list is asked for, and all that answers: immutable, shared by threads. Knows how to do nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regulars.recommend.catalogue import Catalogue, Item
from regulars.recommend.context import UNLEARNED, Arrival, ContextPrior
from regulars.recommend.filters import FilterBase, Wishes
from regulars.recommend.links import Links
from regulars.recommend.longterm import ReturnValue
from regulars.recommend.model import Model
from regulars.recommend.rules.book import RuleBook
from regulars.recommend.slate import Exposures
from regulars.recommend.surfaces import SURFACES, Surface
from regulars.schema import ShopSettings


@dataclass(frozen=True, slots=True)
class Request:
    """What a list is wanted for. Product ids are ours; `exclude` too.

    even: every place is drawn evenly from all that may be shown, the yardstick that every other policy is measured by.
    arrival: how the person came, as far as this very request says it.
    """

    surface: str = "home"
    n: int = 10
    context: int | None = None
    wishes: Wishes = field(default_factory=Wishes)
    exclude: tuple[int, ...] = ()
    seed: int | None = None
    locale: str | None = None
    even: bool = False
    arrival: Arrival | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """All that answers, as one immutable thing: swapped whole when a model or the catalogue changes.

    mode: trained (a promoted model), starter (counts and words, fitted on the fly), newest (nothing to learn from yet).
    note: what a reader should know of it, e.g. that a damaged version was refused.
    """

    model: Model | None
    version: str | None
    mode: str
    catalogue: Catalogue
    filters: FilterBase
    settings: ShopSettings
    note: str | None = None
    arrivals: ContextPrior = UNLEARNED
    rules: RuleBook | None = None
    links: Links | None = None
    exposures: Exposures | None = None
    surfaces: Mapping[str, Surface] = field(default_factory=lambda: SURFACES)
    values: ReturnValue | None = None

    def item(self, product_id: int) -> Item | None:
        return self.catalogue.of(product_id)
