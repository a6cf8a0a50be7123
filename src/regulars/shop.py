"""One shop, wired: the Python API. `regulars.open("myshop").recommend(…)`; the command line and the web stand on it too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from regulars.assist import talk
from regulars.assist import train as assistant_training
from regulars.assist.desk import Desk
from regulars.assist.evaluate import evaluate_assistant
from regulars.assist.intents.bundled import BUNDLED
from regulars.assist.intents.settings import IntentSettings
from regulars.content.measure import Measured
from regulars.content.studio import Studio
from regulars.content.train import TrainedWriter, evaluate_writer, train_writer
from regulars.errors import InvalidInput, NotFound
from regulars.feeds.importer import import_file
from regulars.feeds.preview import Preview, preview_file
from regulars.feeds.report import ImportReport
from regulars.language.chat_models import chat_model
from regulars.language.translations import best_locale, say_in
from regulars.learning import loop
from regulars.privacy import erasure, export
from regulars.recommend import card, pictures, reasons, service, tune
from regulars.recommend.dataset import Histories, Vocabulary
from regulars.recommend.evaluate import evaluate
from regulars.recommend.explain import explain
from regulars.recommend.filters import Wishes
from regulars.recommend.live import KIND, Live
from regulars.recommend.steered import Steered, external, no_customer, read_known
from regulars.recommend.surfaces import surfaces_of
from regulars.recommend.train import TrainSettings
from regulars.schema import Decision, Event, ExternalId, ShopSettings
from regulars.store import decisions, identity, people, records, registry, rows, supervisor
from regulars.store import shop as shop_table
from regulars.store.backup import backup, restore
from regulars.store.database import Database, Row, migrate
from regulars.store.mirror import Mirror, Synced
from regulars.store.tokens import sign_customer
from regulars.store.workspace import StartSettings, Workspace

PEOPLE_AT_ONCE = 500
DECISIONS_AT_ONCE = 64  # traces are some ten kilobytes each


@dataclass(frozen=True, slots=True)
class Recommended:
    """One item of a list, ready to show."""

    product: str
    title: str
    price: str | None
    why: str
    score: float
    source: str


@dataclass(frozen=True, slots=True)
class Recommendations:
    """A list and the decision that it is."""

    decision_id: UUID
    mode: str
    model_version: str | None
    items: list[Recommended]
    timings_ms: dict[str, float]


class Shop(Steered):
    """One shop's engine. Use it as a context manager, or call `close`: then the embedded database may stop."""

    def __init__(self, workspace: Workspace, start: StartSettings, database: Database) -> None:
        self.workspace = workspace
        self.start = start
        self.database = database
        self.mirror = Mirror(workspace.mirror)
        self.live = Live(database, workspace.models)
        self._studio: Studio | None = None

    def __enter__(self) -> Shop:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.database.close()

    @property
    def settings(self) -> ShopSettings:
        with self.database.connect() as connection:
            return shop_table.read(connection).settings

    def change_settings(self, **changes: Any) -> ShopSettings:
        """Raises: InvalidInput, naming the field."""
        with self.database.connect() as connection:
            changed = shop_table.change_settings(connection, changes)
            surfaces_of(changed.surfaces)  # a surface that is like nothing there is: nothing is written
            return changed

    def import_file(
        self,
        kind: str | None,
        path: str | Path,
        *,
        format: str | None = None,
        columns: dict[str, str] | None = None,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> ImportReport:
        """Imports products, customers, events, orders, reviews or articles; see feeds.importer.import_file.

        `kind` None finds it by content.
        """
        return import_file(
            self.database,
            self.settings,
            kind,
            Path(path),
            imports_folder=self.workspace.imports,
            format=format,
            columns=columns,
            progress=progress,
        )

    def preview_file(
        self,
        path: str | Path,
        kind: str | None = None,
        format: str | None = None,
        columns: dict[str, str] | None = None,
        rows: int = 20,
    ) -> Preview:
        """What an import of this file would do, from its first 2,000 rows; see feeds.preview. Writes nothing."""
        return preview_file(self.settings, Path(path), kind, format, columns, rows)

    def track(self, events: Iterable[dict[str, Any] | Event]) -> records.Appended:
        """Puts events on the timeline; they count at once. Raises: InvalidInput, naming event and field."""
        settings = self.settings
        clock = rows.Clock.of(settings)
        checked = []
        for number, given in enumerate(events):
            try:
                event = given if isinstance(given, Event) else Event.model_validate(given)
                checked.append(rows.event_row(event, clock, settings))
            except ValidationError as error:
                first = error.errors()[0]
                field = ".".join(map(str, first["loc"]))
                raise InvalidInput(
                    f"events[{number}].{field}: {first['msg']}.", field=f"events[{number}].{field}"
                ) from error
            except rows.FieldError as error:
                raise InvalidInput(f"events[{number}].{error}.", field=f"events[{number}].{error.field}") from error
        with self.database.connect() as connection:
            return records.append_events(connection, checked, "python", clock.received)

    def train(
        self,
        *,
        settings: TrainSettings | None = None,
        seed: int = 0,
        promote: bool = True,
        progress: Callable[[float, str], None] | None = None,
        go_on: bool = False,
    ) -> loop.Trained:
        """Trains a recommender on everything up to now; promoted if it passes the gate. go_on: from the version that
        serves, in a fraction of the time. Raises: NotEnoughData.
        """
        return loop.train(
            self.database,
            self.workspace,
            settings=settings,
            seed=seed,
            promote=promote,
            progress=progress,
            go_on=go_on,
        )

    def tune(
        self,
        *,
        minutes: float = 30.0,
        trials: int | None = None,
        fresh: bool = False,
        seed: int = 0,
        progress: Callable[[float, str], None] | None = None,
    ) -> tune.Tuned:
        """Looks for settings that suit this shop better than the defaults; trainings use them from then on, if they do.

        Goes on with what was begun, unless fresh. Raises: Conflict when it runs already; NotEnoughData; InvalidInput.
        """

        def data() -> tuple[Vocabulary, Histories]:
            read = loop.read_data(self.database, self.workspace)
            return read.vocabulary, read.histories

        return tune.tune(
            self.workspace.tuning, data, minutes=minutes, trials=trials, fresh=fresh, seed=seed, progress=progress
        )

    def evaluate(
        self,
        *,
        settings: TrainSettings | None = None,
        seed: int = 0,
        progress: Callable[[float, str], None] | None = None,
    ) -> dict[str, Any]:
        """Trains on the past alone and says how well it foresees the last tenth. Raises: NotEnoughData."""
        settings = loop.settings_for(self.workspace) if settings is None else settings
        data = loop.read_data(self.database, self.workspace, settings.looks)
        return evaluate(data.vocabulary, data.histories, settings, seed, progress)

    def train_assistant(
        self,
        *,
        method: str = "frozen",
        max_seconds: float = 300.0,
        seed: int = 0,
        promote: bool = True,
        progress: Callable[[float, str], None] | None = None,
    ) -> assistant_training.TrainedAssistant:
        """Trains the assistant's intents on labelled messages, and what follows from them; promoted if it understands held-out
        ones at least as well as the version before. method: "frozen", or "lora" or "full" to tune its English encoder too.
        Raises: NotEnoughData, InvalidInput.
        """
        settings = BUNDLED if method == "frozen" else IntentSettings(method=method, max_seconds=max_seconds)
        return assistant_training.train_assistant(
            self.database, self.workspace.models, settings, seed, promote, progress
        )

    def evaluate_assistant(self) -> dict[str, Any]:
        """What the assistant understands, answers and keeps, from the shop's own records; see assist.evaluate."""
        return evaluate_assistant(self.database, self.workspace.models)

    def rehearse_assistant(
        self, *, goals: int = 60, seed: int = 0, progress: Callable[[int, int | None], None] | None = None
    ) -> dict[str, Any]:
        """Scripted customers talk to this shop's assistant on a throw-away shop with a made-up order book; see assist.rehearsal.

        Counts, wrong acts and missed goals come back, as `rehearsal.report.summed` says them. Nothing of the shop is changed.
        Raises: InvalidInput for a number of goals that can't be played; SupervisorError.
        """
        from regulars.assist.rehearsal.rehearse import rehearse

        return rehearse(self.database, self.workspace.models, goals, seed, progress)

    def encode_pictures(
        self,
        *,
        local: pictures.Local | None = None,
        max_seconds: float | None = None,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> pictures.Encoded:
        """Encodes the products' first pictures that aren't yet, for a training that uses them; see recommend.pictures."""
        hosts = self.settings.picture_hosts
        folder = self.workspace.folder
        return pictures.encode(
            self.database, folder, hosts=hosts, local=local, max_seconds=max_seconds, progress=progress
        )

    def pictures_status(self) -> pictures.Status:
        """How many products have a picture, and how many of these are encoded."""
        with self.database.connect() as connection:
            return pictures.status(connection)

    def recommend(
        self,
        customer: str | ExternalId | None = None,
        *,
        visitor: str | None = None,
        surface: str = "home",
        n: int = 10,
        product: str | ExternalId | None = None,
        category: str | None = None,
        brand: str | None = None,
        min_price: float | None = None,
        max_price: float | None = None,
        exclude: Iterable[str | ExternalId] = (),
        seed: int | None = None,
        locale: str | None = None,
    ) -> Recommendations:
        """A list for a customer, a visitor or a stranger, kept as a decision.

        Raises: NotFound when the customer or product isn't known; InvalidInput.
        """
        self.live.refresh()
        serving = self.live.serving()
        with self.database.connect() as connection:
            person = read_known(connection, customer, visitor)
            context = None if product is None else self._product(serving, product)
            barred = [serving.catalogue.named(*external(one, "exclude")) for one in exclude]
            request = service.Request(
                surface,
                n,
                context,
                Wishes(category, brand, min_price, max_price),
                tuple(item.product_id for item in barred if item is not None),
                seed,
                locale,
            )
            decision = service.recommend(serving, request, person)
            decisions.record(connection, [decision])
        return self._shown(serving, decision, locale)

    def recommend_many(
        self, customers: Sequence[str | ExternalId], *, surface: str = "email", n: int = 6, locale: str | None = None
    ) -> list[Recommendations]:
        """A list for each of many customers: people are read and decisions kept in batches. For surfaces without a product.

        Raises: NotFound, naming the first customer who isn't known; InvalidInput.
        """
        self.live.refresh()
        serving = self.live.serving()
        shown: list[Recommendations] = []
        for start in range(0, len(customers), PEOPLE_AT_ONCE):
            who = [external(one, "customer") for one in customers[start : start + PEOPLE_AT_ONCE]]
            found = self.read_people(who)
            unknown = next((name for name, person in zip(who, found, strict=True) if person.customer_id is None), None)
            if unknown is not None:
                raise NotFound(f"There is no customer {unknown.value!r}.")
            request = service.Request(surface, n, locale=locale)
            made = [service.recommend(serving, request, person) for person in found]
            self.keep_decisions(made)
            shown.extend(self._shown(serving, decision, locale) for decision in made)
        return shown

    def read_people(self, customers: Sequence[str | ExternalId]) -> list[people.Person]:
        """Who they are and what they did last, in one round trip; one who isn't known has no customer_id."""
        with self.database.connect() as connection:
            return people.read_people(connection, [external(one, "customer") for one in customers])

    def keep_decisions(self, made: Sequence[Decision]) -> None:
        """Keeps decisions in groups, each with its trace; keeping one twice is keeping it once."""
        with self.database.connect(autocommit=True) as connection:
            for start in range(0, len(made), DECISIONS_AT_ONCE):
                decisions.record(connection, made[start : start + DECISIONS_AT_ONCE])

    def _shown(self, serving: service.Serving, decision: Decision, locale: str | None) -> Recommendations:
        say = say_in(best_locale(locale))

        def title(product_id: int) -> str:
            item = serving.item(product_id)
            return item.title(locale) if item else ""

        shown = []
        for action in decision.actions:
            item = serving.item(action.product_id)
            if item is None:
                continue
            price = (
                None if item.price is None else f"{item.price / 10**item.exponent:.{item.exponent}f} {item.currency}"
            )
            why = reasons.sentence(say, action.reason.code, action.reason.arguments, title)
            name = item.names[0][1] if item.names else ""
            shown.append(Recommended(name, item.title(locale), price, why, action.score, action.source))
        return Recommendations(decision.decision_id, decision.mode, decision.model_version, shown, decision.timings_ms)

    def decision(self, decision_id: UUID | str) -> dict[str, Any]:
        """A decision with its trace and what came back on it, names and titles filled in. Raises: NotFound."""
        try:
            wanted = UUID(str(decision_id))
        except ValueError:
            raise NotFound(f"There is no decision {str(decision_id)[:60]!r}.") from None
        serving = self.live.serving()
        with self.database.connect() as connection:
            row = decisions.read(connection, wanted)
            if row is None:
                raise NotFound(f"There is no decision {decision_id}.")
            return explain(serving, row, decisions.outcomes(connection, row["decision_id"]))

    def talk(self, customer: str | ExternalId | None = None, *, locale: str | None = None) -> talk.Talk:
        """A conversation with the assistant, without a server. customer: on whose behalf; None for somebody who has yet to say
        who they are. Raises: NotFound.
        """
        self.live.refresh()
        desk = Desk(self.workspace.models, self.live.serving, finder_for=self._finder)
        who = None if customer is None else external(customer, "customer")
        with self.database.connect() as connection:
            row = shop_table.read(connection)
        return talk.begin(self.database, desk, row.secret, row.settings, who, best_locale(locale))

    @property
    def studio(self) -> Studio:
        """Texts about products: written, judged, published; see content.studio. With the tuned writer where one was promoted, the
        chat model that `llm_base_url` names, else by the realiser alone. Raises: InvalidInput for an address that can't be right.
        """
        if self._studio is None:
            models = self.workspace.models if self.start.tuned_writer else None
            self._studio = Studio(self.database, self.start.chat(chat_model), models)
        return self._studio

    def train_writer(self, **settings: Any) -> TrainedWriter:
        """Tunes the bundled chat model on the shop's texts; see content.train.train_writer for the settings and what is raised."""
        return train_writer(self.database, self.workspace.models, self.workspace.tuning, **settings)

    def evaluate_writer(self, progress: Callable[[int, int], None] | None = None) -> tuple[str, Measured]:
        """How many first drafts of held-out products the gate lets out; see content.train.evaluate_writer."""
        return evaluate_writer(self.database, self.workspace.models, progress)

    def models(self, kind: str = KIND) -> list[Row]:
        """All versions of a kind (recommender, assistant, writer), newest first."""
        with self.database.connect() as connection:
            return registry.versions(connection, kind)

    def model_card(self, version: str) -> dict[str, Any] | None:
        """What a version is for, from what it learned, how good it is and for whom; None for one that is older than cards.

        Raises: NotFound, DamagedModel.
        """
        with self.database.connect() as connection:
            registry.read(connection, version)
        return card.load(self.workspace.models / version)

    def promote(self, version: str, reason: str = "by hand") -> None:
        """Raises: NotFound, DamagedModel."""
        with self.database.connect() as connection:
            registry.promote(connection, self.workspace.models, version, reason)

    def roll_back(self, kind: str = KIND) -> str:
        """The version before serves again. Returns its name. Raises: Conflict when there is none."""
        with self.database.connect() as connection:
            return registry.roll_back(connection, self.workspace.models, kind)

    def keys(self) -> list[Row]:
        with self.database.connect() as connection:
            return shop_table.list_keys(connection)

    def create_key(self, name: str, scope: shop_table.Scope) -> str:
        """A new API key, shown this once: only its hash is kept."""
        with self.database.connect() as connection:
            return shop_table.create_key(connection, name, scope)

    def revoke_key(self, key_id: int) -> None:
        """Raises: NotFound."""
        with self.database.connect() as connection:
            shop_table.revoke_key(connection, key_id)

    def customer_token(self, customer: str | ExternalId, seconds: float = 86_400) -> str:
        """A signed token with which a browser may speak for this customer. Your server makes it after login."""
        with self.database.connect() as connection:
            secret = shop_table.read(connection).secret
        return sign_customer(secret, external(customer, "customer"), seconds)

    def rotate_secret(self) -> None:
        """A new secret for customer tokens: all that were signed with the one before stop working within seconds."""
        with self.database.connect() as connection:
            shop_table.rotate_secret(connection)

    def token_secret(self) -> str:
        """The secret that your server signs customer tokens with."""
        with self.database.connect() as connection:
            return shop_table.read(connection).secret.decode()

    def erase(self, customer: str | ExternalId) -> dict[str, int]:
        """Forgets a customer, in the store and in the mirror. Returns rows gone by table. Raises: NotFound."""
        who = external(customer, "customer")
        return erasure.erase(self.database, self.mirror, self.workspace.imports, self._customer_id(who))

    def export_customer(self, customer: str | ExternalId) -> dict[str, Any]:
        """All that is kept about a customer. Raises: NotFound."""
        found = self._customer_id(external(customer, "customer"))
        with self.database.connect() as connection:
            return export.everything(connection, found)

    def _customer_id(self, who: ExternalId) -> int:
        with self.database.connect() as connection:
            found = identity.id_of(connection, "customer", who)
            if found is None:
                raise no_customer(connection, who)
        return found

    def sync_mirror(self) -> Synced:
        return self.mirror.sync(self.database)

    def counts(self) -> Row:
        with self.database.connect() as connection:
            return records.counts(connection)

    def maintain(self) -> dict[str, int]:
        """What is due: joins what other systems' names kept apart, forgets old traces and features, syncs the mirror, trims
        the change feed."""
        with self.database.connect() as connection:
            records.join_products(connection)
        with self.database.connect() as connection:
            gone = decisions.forget_old(connection)
            gone["changes"] = connection.execute("DELETE FROM changes WHERE at < now() - interval '30 days'").rowcount
        self.sync_mirror()
        return gone

    def backup(self, target: str | Path) -> Path:
        return backup(self.workspace, self.database, Path(target))


def init(folder: str | Path, **settings: Any) -> Shop:
    """Makes a workspace and a shop in it. Raises: WorkspaceError, InvalidInput."""
    try:
        checked = ShopSettings.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise InvalidInput(f"{field}: {first['msg'].removeprefix('Value error, ')}.", field=field) from error
    workspace = Workspace.create(Path(folder))
    return _opened(workspace, checked)


def open(folder: str | Path = ".") -> Shop:
    """Opens a workspace; starts its database if need be. Raises: WorkspaceError, DatabaseUnavailable."""
    return _opened(Workspace.open(Path(folder)), ShopSettings())


def _opened(workspace: Workspace, settings: ShopSettings) -> Shop:
    start = workspace.start_settings()
    database = Database(workspace.folder, start.database_url)
    try:
        migrate(database)
        with database.connect() as connection:
            shop_table.create(connection, settings)
    except BaseException:
        database.close()
        raise
    return Shop(workspace, start, database)


def restore_into(archive: str | Path, folder: str | Path) -> Shop:
    """A workspace from a backup. Raises: WorkspaceError, UnreadableFile."""
    workspace = Workspace.create(Path(folder))
    database = Database(workspace.folder, workspace.start_settings().database_url)
    try:
        restore(workspace, database, Path(archive))
    except BaseException:
        database.close()
        raise
    return _opened(workspace, ShopSettings())


def now() -> datetime:
    return datetime.now(UTC)


def stop_database(workspace: Workspace) -> None:
    """Asks the workspace's supervisor to stop PostgreSQL now. Raises: SupervisorError when it doesn't."""
    supervisor.stop(workspace.folder)
