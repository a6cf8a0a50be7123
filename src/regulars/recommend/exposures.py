"""What lists showed in the last 28 days, counted per product: for places that are tried out, previews and the console's page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regulars.recommend.catalogue import Catalogue
from regulars.recommend.dataset import Float32
from regulars.recommend.rules.book import Mask
from regulars.recommend.slate import Exposures
from regulars.store.database import Connection

DAYS = 28
COUNT = f"""
SELECT product_id, count(*) FILTER (WHERE type = 'impression') AS shown, count(*) FILTER (WHERE type <> 'impression') AS clicked
FROM events
WHERE type IN ('impression', 'click', 'email_click') AND product_id IS NOT NULL AND decision_id IS NOT NULL
  AND surface IS DISTINCT FROM 'search' AND occurred_at > now() - interval '{DAYS} days'
GROUP BY product_id ORDER BY product_id
"""
HARDLY = 30  # impressions below which nothing can be known of a product
SMALL_BRAND = 0.5  # of the exposure that its share of the catalogue would give it


@dataclass(frozen=True, slots=True)
class Counted:
    """By product id, ascending."""

    product_ids: tuple[int, ...]
    shown: tuple[int, ...]
    clicked: tuple[int, ...]

    def over(self, catalogue: Catalogue) -> Exposures:
        """The counts beside a catalogue's products."""
        shown, clicked = np.zeros(len(catalogue), np.float32), np.zeros(len(catalogue), np.float32)
        for product_id, seen, followed in zip(self.product_ids, self.shown, self.clicked, strict=True):
            place = catalogue.place.get(product_id)
            if place is not None:
                shown[place], clicked[place] = seen, followed
        return Exposures(shown, clicked, (shown < HARDLY) | _small(catalogue, shown))


def _small(catalogue: Catalogue, shown: Float32) -> Mask:
    """(n,) products of brands that are shown much less than their share of what is for sale."""
    brands = catalogue.facts.brands
    named = brands >= 0
    if not named.any() or shown.sum() == 0:
        return np.zeros(len(catalogue), np.bool_)
    size = int(brands.max()) + 1
    sold = np.bincount(brands[named & catalogue.for_sale], minlength=size)
    seen = np.bincount(brands[named], weights=shown[named], minlength=size)
    fair = sold / max(sold.sum(), 1)
    small = seen / max(shown.sum(), 1.0) < SMALL_BRAND * fair
    return np.asarray(named & small[np.where(named, brands, 0)], np.bool_)


def count(connection: Connection) -> Counted:
    rows = connection.execute(COUNT).fetchall()
    return Counted(
        tuple(row["product_id"] for row in rows),
        tuple(row["shown"] for row in rows),
        tuple(row["clicked"] for row in rows),
    )
