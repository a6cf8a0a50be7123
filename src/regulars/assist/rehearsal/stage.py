"""A shop for as long as it is needed: in a temporary folder, with an embedded PostgreSQL of its own, wherever other data lies."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from regulars.assist.intents.model import IntentModel
from regulars.assist.rehearsal.book import Book, Record
from regulars.assist.rehearsal.line import Line
from regulars.errors import Unavailable
from regulars.feeds.importer import import_file
from regulars.recommend.live import Live
from regulars.schema import ShopSettings
from regulars.store import shop as shop_table
from regulars.store import supervisor
from regulars.store.database import Database, migrate
from regulars.store.workspace import Workspace


@contextmanager
def throwaway(
    book: Book,
    settings: ShopSettings,
    articles: Sequence[Record],
    models: Path | None = None,
    intents: IntentModel | None = None,
) -> Iterator[Line]:
    """A shop with these settings, the book's records and these articles, and its assistant; gone afterwards, whatever happens.

    models: where a fitted bundled model is kept, None for a folder that goes too. intents: what understands.
    Raises: SupervisorError when PostgreSQL doesn't start; Unavailable when records aren't taken.
    """
    with tempfile.TemporaryDirectory(prefix="regulars-rehearsal-", ignore_cleanup_errors=True) as folder:
        workspace = Workspace.create(Path(folder) / "shop")
        # Never the address of the settings or the environment: that one is the shop's own database.
        database = Database(workspace.folder)
        try:
            migrate(database)
            with database.connect() as connection:
                shop_table.create(connection, settings)
            _load(database, settings, book, articles, Path(folder))
            live = Live(database, workspace.models)
            yield Line(database, models or workspace.models, live.serving, intents)
        finally:
            database.close()
            supervisor.stop(workspace.folder)


def _load(database: Database, settings: ShopSettings, book: Book, articles: Sequence[Record], folder: Path) -> None:
    """From files, as a shop would, in the order in which things refer to each other."""
    people, orders = list(book.customers.values()), list(book.orders.values())
    for kind, records in (
        ("products", book.shelf()),
        ("customers", people),
        ("orders", orders),
        ("articles", articles),
    ):
        if not records:
            continue
        path = folder / f"{kind}.jsonl"
        path.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in records))
        report = import_file(database, settings, kind, path, imports_folder=folder)
        if report.rejected:
            raise Unavailable(
                f"{report.rejected} of {len(records)} {kind} weren't taken into the throw-away shop: {next(iter(report.reasons))}.",
                hint="Nothing of yours was changed. Please report it: records that are made up should fit.",
            )
