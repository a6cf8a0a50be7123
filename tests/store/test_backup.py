"""A backup brings everything back: same counts, the mirror follows, serving answers."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from conftest import Server, at_database
from regulars.errors import UnreadableFile
from regulars.shop import Shop
from regulars.store import registry
from regulars.store.backup import restore
from regulars.store.database import Database
from regulars.store.workspace import StartSettings, Workspace

from .helpers import ask, differences
from .test_mirror import something_of_everything

_numbers = count(1)


@pytest.fixture
def empty(server: Server, tmp_path: Path) -> Iterator[Database]:
    """A database with nothing in it, not even tables, as a restore wants it."""
    name = f"regulars_restored_{os.getpid()}_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    yield Database(tmp_path, at_database(server.url, name))
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_backup_restored_elsewhere_holds_the_same_and_goes_on(shop: Shop, empty: Database, tmp_path: Path) -> None:
    something_of_everything(shop.database)
    shop.sync_mirror()
    draft = registry.draft(shop.workspace.models, "recommender")
    (draft.folder / "weights.json").write_text("{}")
    with shop.database.connect() as connection:
        version = registry.register(connection, shop.workspace.models, draft)
    (shop.workspace.folder / "DEMO").write_text("Everything in this shop is invented.\n")
    shop.workspace.tuning.mkdir()
    (shop.workspace.tuning / "settings.json").write_text('{"members": 2}')
    file = shop.backup(tmp_path)
    with tarfile.open(file) as archive:
        assert {"backup.json", "database.dump", "regulars.toml"} <= set(archive.getnames())

    workspace = Workspace.create(tmp_path / "again")
    restore(workspace, empty, file)
    again = Shop(workspace, StartSettings(), empty)
    assert (workspace.tuning / "settings.json").read_text() == '{"members": 2}'
    assert again.counts() == shop.counts()
    assert (workspace.folder / "DEMO").read_text() == "Everything in this shop is invented.\n", "a demo stays one"
    assert (workspace.models / version / "weights.json").read_text() == "{}"
    assert [row["version"] for row in again.models()] == [version]
    # Numbers go on where they were: nothing new gets the id of something old.
    again.track([{"type": "view", "customer": "newcomer", "product": "mug"}])
    assert ask(empty, "SELECT count(*) AS n FROM events GROUP BY event_id HAVING count(*) > 1") == []
    assert again.sync_mirror().full
    assert differences(empty, again.mirror) == {}
    assert [item.product for item in again.recommend("ann").items] == [
        item.product for item in shop.recommend("ann").items
    ]


@pytest.mark.parametrize("content", [b"not a tar", b""])
def test_a_file_that_is_no_backup_is_refused(empty: Database, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.tar"
    file.write_bytes(content)
    workspace = Workspace.create(tmp_path / "again")
    with pytest.raises(UnreadableFile, match="isn't a backup"):
        restore(workspace, empty, file)


def test_a_backup_that_fails_leaves_no_file(new_database: Callable[[], Database], tmp_path: Path) -> None:
    from regulars.errors import RegularsError
    from regulars.store.backup import backup

    workspace = Workspace.create(tmp_path / "w")
    gone = Database(tmp_path, new_database().url.replace("/regulars_test", "/no_such"))
    with pytest.raises(RegularsError, match="pg_dump failed"):
        backup(workspace, gone, tmp_path / "b.tar")
    assert list(tmp_path.glob("b.tar*")) == []
