"""What answers right now, kept up to date: the promoted model, the catalogue, the shop's settings. One per process.

`refresh` is called about once a second. It never takes away what answers already: a part that can't be read leaves the
one before in place. A damaged model version is refused, the version before it serves, and `note` says so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import structlog

from regulars.errors import InvalidInput, ModelError, RegularsError
from regulars.recommend import compiled, exposures, pictures
from regulars.recommend.catalogue import Catalogue, CatalogueReader
from regulars.recommend.context import UNLEARNED, ContextPrior
from regulars.recommend.filters import FilterBase
from regulars.recommend.links import Links
from regulars.recommend.longterm import ReturnValue
from regulars.recommend.model import Model
from regulars.recommend.prepare import histories_from_store
from regulars.recommend.rules import language
from regulars.recommend.rules.book import RuleBook
from regulars.recommend.service import Serving
from regulars.recommend.surfaces import Surface, surfaces_of
from regulars.recommend.train import fit_starter
from regulars.schema import ShopSettings
from regulars.store import product_links, registry, rule_books, shop
from regulars.store.database import Connection, Database

KIND = "recommender"
EXPOSURE_PAUSE_SECONDS = 30.0  # between two countings of what lists showed, or twenty times what the last one took
BOUGHT_PAUSE_SECONDS = 3_600.0  # between two countings of what is bought together
AGED_SECONDS = 3_600.0  # rules about age are asked anew after this long
STARTER_PAUSE_SECONDS = 5.0  # between two starter models, or twenty times what the last one took
log = structlog.get_logger("regulars.recommend")


class Live:
    """Reads what serves. `current` may be read from any thread; `refresh` runs on one at a time."""

    def __init__(self, database: Database, models: Path) -> None:
        self._database = database
        self._models = models
        self._lock = threading.Lock()
        self._reader = CatalogueReader()
        self._loaded: tuple[str, Model] | None = None
        self._arrivals = UNLEARNED
        self._refused: dict[int, str] = {}  # by promotion: promoting a restored version again is a new chance
        self._extended: Model | None = None
        self._pictures = 0  # the newest change among vectors of pictures when the model was extended
        self._starter: Model | None = None
        self._starter_events = -1
        self._starter_learned = False
        self._starter_at = 0.0
        self._starter_took = 0.0
        self._values: ReturnValue | None = None
        self._exposed: exposures.Counted | None = None
        self._exposed_at = 0.0
        self._exposed_took = 0.0
        self._links: tuple[int, str] = (0, "")
        self._said: list[tuple[int, str, int]] = []
        self._bought: list[tuple[int, str, int]] = []
        self._bought_at = float("-inf")
        self._bought_took = 0.0
        self._book: rule_books.Book = rule_books.EMPTY
        self._rules: RuleBook | None = None
        self._rules_key: tuple[object, ...] = ()
        self._ruled_at = 0.0
        self._settings: ShopSettings | None = None
        self._current: Serving | None = None

    @property
    def current(self) -> Serving | None:
        """What answers, or None before the first refresh."""
        return self._current

    def serving(self) -> Serving:
        """What answers; refreshed now if it never was. Raises: DatabaseUnavailable."""
        if self._current is None:
            self.refresh()
        assert self._current is not None
        return self._current

    def refresh(self) -> bool:
        """Catches up with the store. Returns whether what answers changed. Raises: DatabaseUnavailable."""
        if self._current is None:
            compiled.warm()
        with self._lock, self._database.connect(autocommit=True) as connection:
            settings = shop.read(connection).settings
            changed = self._reader.refresh(connection)
            note, model_changed = self._follow_registry(connection)
            if self._loaded is None:
                model_changed = self._follow_starter(connection, changed) or model_changed
            model_changed = self._follow_pictures(connection) or model_changed
            steered, exposed = self._follow_steering(connection)
            before = self._current
            if before is not None and not (
                changed or model_changed or steered or settings != self._settings or note != before.note
            ):
                if exposed and self._exposed is not None:
                    self._current = replace(before, exposures=self._exposed.over(before.catalogue))
                return exposed
            self._settings = settings
            # Vectors and indexes hang on the catalogue: where it didn't change the same one goes on.
            kept = before.catalogue if before is not None and not (changed or model_changed) else None
            self._current = self._assemble(connection, settings, note, kept)
            return True

    def _follow_registry(self, connection: Connection) -> tuple[str | None, bool]:
        """Loads what was promoted last, or the newest before it that is whole."""
        rows = connection.execute(registry.PROMOTION_ORDER, (KIND,)).fetchall()
        note: str | None = None
        for place, version in enumerate(registry.serving_order(rows, self._models)):
            if self._loaded is not None and self._loaded[0] == version.version:
                return note, False
            if version.promotion_id in self._refused:
                note = note or self._refused[version.promotion_id]
                continue
            try:
                registry.verify(version.folder, version.files)
                model, arrivals = Model.load(version.folder), ContextPrior.load(version.folder)
                values = ReturnValue.load(version.folder)
            except RegularsError as error:
                self._refused[version.promotion_id] = f"{version.version} was refused: {error.detail}"
                note = note or self._refused[version.promotion_id]
                log.error("model_refused", version=version.version, reason=error.detail)
                if isinstance(error, ModelError):
                    connection.execute(
                        "UPDATE model_versions SET status = 'damaged' WHERE version = %s", (version.version,)
                    )
                continue
            log.info("model_loaded", version=version.version, fallback=place > 0)
            self._loaded, self._extended, self._arrivals = (version.version, model), None, arrivals
            self._values = values
            return note, True
        if rows and self._loaded is not None and all(row["version"] != self._loaded[0] for row in rows):
            self._loaded = None
        return note, False

    def _follow_steering(self, connection: Connection) -> tuple[bool, bool]:
        """Rules, and links between products: whether any of them changed. And whether what lists showed lately did."""
        changed = exposed = False
        book = rule_books.newest(connection)
        aged = self._rules is not None and self._rules.aged and time.monotonic() - self._ruled_at > AGED_SECONDS
        if book != self._book or aged:
            self._book, self._rules, changed = book, None, True
        links = product_links.state(connection)
        if links != self._links:
            rows = product_links.read(connection)
            self._said = [(row["product_id"], row["relation"], row["other_id"]) for row in rows]
            self._links, changed = links, True
        if time.monotonic() - self._bought_at > max(BOUGHT_PAUSE_SECONDS, 20 * self._bought_took):
            began = time.monotonic()
            bought = product_links.bought_together(connection)
            self._bought_at = time.monotonic()
            self._bought_took = self._bought_at - began
            if bought != self._bought:
                self._bought, changed = bought, True
        pause = max(EXPOSURE_PAUSE_SECONDS, 20 * self._exposed_took)
        if self._exposed is None or time.monotonic() - self._exposed_at > pause:
            began = time.monotonic()
            counted = exposures.count(connection)
            self._exposed_at = time.monotonic()
            self._exposed_took = self._exposed_at - began
            if counted != self._exposed:
                self._exposed, exposed = counted, True
        return changed, exposed

    def _ruled(
        self, catalogue: Catalogue, links: Links, settings: ShopSettings, surfaces: Mapping[str, Surface]
    ) -> RuleBook | None:
        """The rules over this catalogue; compiled anew where the text, the catalogue, the links, surfaces or the zone changed."""
        if not self._book.text.strip():
            self._rules = None
            return None
        key = (self._book.version, id(catalogue), self._links, tuple(surfaces), settings.zone)
        if self._rules is not None and self._rules_key == key and self._rules.size == len(catalogue):
            return self._rules
        # What was in force when a surface was taken away goes on acting everywhere else.
        read = language.read(self._book.text, surfaces, settings.zone, lenient=True)
        for problem in read.problems:
            log.error("rule_left_out", version=self._book.version, problem=str(problem))
        self._ruled_at = time.monotonic()
        self._rules, self._rules_key = RuleBook(self._book.version, read.rules, catalogue, links), key
        return self._rules

    def _follow_pictures(self, connection: Connection) -> bool:
        """Whether products added since the training got vectors of their pictures; the model then takes them in anew."""
        if self._extended is None or self._loaded is None or not self._extended.looks:
            return False
        newest = pictures.newest_change(connection)
        if newest == self._pictures:
            return False
        self._extended = None
        return True

    def _follow_starter(self, connection: Connection, catalogue_changed: bool) -> bool:
        """Without a trained model: one from counts and words, fitted anew when enough happened."""
        pause = max(STARTER_PAUSE_SECONDS, 20 * self._starter_took)
        if self._starter is not None and time.monotonic() - self._starter_at < pause:
            return False
        row = connection.execute(
            "SELECT coalesce(max(change_id), 0) AS newest FROM changes WHERE 'events' = ANY(tables)"
        ).fetchone()
        newest = int(row["newest"]) if row else 0
        if newest == self._starter_events and not catalogue_changed and self._starter is not None:
            return False
        started = time.monotonic()
        vocabulary = self._reader.catalogue(np.zeros(0, np.int64)).vocabulary()
        if len(vocabulary) == 0:
            self._starter = None
            return False
        histories = histories_from_store(connection, vocabulary)
        self._starter = fit_starter(vocabulary, histories)
        self._starter_learned = len(histories.items) > 0
        self._starter_events, self._extended = newest, None
        self._starter_at = time.monotonic()
        self._starter_took = self._starter_at - started
        return True

    def _assemble(
        self, connection: Connection, settings: ShopSettings, note: str | None, kept: Catalogue | None
    ) -> Serving:
        """kept: the catalogue that goes on, where products and model are the same."""
        version, model = self._loaded if self._loaded is not None else (None, self._starter)
        ids = model.product_ids if model is not None else np.zeros(0, np.int64)
        catalogue: Catalogue = self._reader.catalogue(ids) if kept is None else kept
        if model is not None and len(catalogue) > len(model):
            if self._extended is None or not np.array_equal(self._extended.product_ids, catalogue.product_ids):
                vocabulary = catalogue.vocabulary()
                if model.looks:
                    self._pictures = pictures.newest_change(connection)
                    found = pictures.vectors(connection, vocabulary.product_ids, len(model))
                    vocabulary = replace(vocabulary, pictures=found)
                self._extended = model.extended(vocabulary)
            model = self._extended
        model = None if model is None else model.knowing(catalogue.facts)
        mode = "trained" if version is not None else "starter" if self._starter_learned else "newest"
        filters = FilterBase(catalogue, settings.excluded_products, settings.repeatable_categories)
        arrivals = self._arrivals if version is not None else UNLEARNED
        links, surfaces = Links(catalogue, [*self._said, *self._bought]), _surfaces(settings)
        return Serving(
            model,
            version,
            mode,
            catalogue,
            filters,
            settings,
            note,
            arrivals,
            rules=self._ruled(catalogue, links, settings, surfaces),
            links=links,
            exposures=None if self._exposed is None else self._exposed.over(catalogue),
            surfaces=surfaces,
            values=self._values if version is not None else None,
        )


def _surfaces(settings: ShopSettings) -> dict[str, Surface]:
    """The shop's surfaces; the built-in ones alone where its own can't be used (they were checked when they were written)."""
    try:
        return surfaces_of(settings.surfaces)
    except InvalidInput as error:
        log.error("surfaces_left_out", reason=error.detail)
        return surfaces_of()
