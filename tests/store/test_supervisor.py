"""The embedded server's owner: starts it, shares it, survives kills, stops it when nobody is left. Real processes."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import psycopg
import pytest

from regulars.store import supervisor
from regulars.store.database import Database, migrate
from regulars.store.workspace import Workspace

from .helpers import one, track, view


@pytest.fixture
def folder(server_folder: Path) -> Path:
    return Workspace.create(server_folder / "w").folder


def killed(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        time.sleep(0.02)


def test_the_server_outlives_kills_loses_nothing_acknowledged_and_stops_after_its_last_lease(folder: Path) -> None:
    database = Database(folder)
    migrate(database)
    assert track(database, view("ann", "mug", 1)).accepted == 1
    first = supervisor.owner_pids(folder)
    assert set(first) == {"supervisor", "postgresql"}

    second_lease = supervisor.lease(folder)  # two at once share one server
    assert second_lease.url == database.url
    assert supervisor.owner_pids(folder) == first

    killed(first["postgresql"])  # its supervisor starts it again, at the same address
    database.ensure_running()
    assert one(database, "SELECT count(*) FROM events") == 1
    assert track(database, view("ann", "mug", 2)).accepted == 1
    after = supervisor.owner_pids(folder)
    assert after["postgresql"] != first["postgresql"]

    killed(after["supervisor"])  # the next lease brings another, which adopts the running server
    assert one(database, "SELECT count(*) FROM events") == 2
    database.ensure_running()
    adopted = supervisor.owner_pids(folder)
    assert adopted["postgresql"] == after["postgresql"]
    assert adopted["supervisor"] != after["supervisor"]

    for pid in adopted.values():  # both at once, as when a machine loses power
        killed(pid)
    database.ensure_running()
    assert one(database, "SELECT count(*) FROM events") == 2

    database.close()
    time.sleep(0.5)
    assert supervisor.owner_pids(folder), "a lease is left"
    address = second_lease.url
    second_lease.release()
    assert supervisor.wait_stopped(folder, 30)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address, connect_timeout=2)


def test_a_workspace_deep_in_the_file_system_still_gets_a_socket(server_folder: Path) -> None:
    deep = server_folder / ("d" * 60) / ("e" * 60) / "shop"
    Workspace.create(deep)
    with supervisor.lease(deep) as lease, psycopg.connect(lease.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert supervisor.wait_stopped(deep, 30)


def test_a_folder_deleted_and_made_again_has_a_server_of_its_own(server_folder: Path) -> None:
    folder = Workspace.create(server_folder / "w").folder
    first = Database(folder)
    migrate(first)
    old = supervisor.owner_pids(folder)
    shutil.rmtree(folder)  # as people do, without stopping anything
    assert Workspace.create(folder).folder == folder
    second = Database(folder)
    migrate(second)
    assert track(second, view("ann", "mug", 1)).accepted == 1
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() and alive(pid) for pid in old.values()):
        assert time.monotonic() < deadline, "the server of the deleted folder still runs"
        time.sleep(0.05)
    assert one(second, "SELECT count(*) FROM events") == 1
    new = supervisor.owner_pids(folder)
    assert set(new) == {"supervisor", "postgresql"}
    assert set(new.values()).isdisjoint(old.values())
    second.close()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
