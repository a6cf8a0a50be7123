"""Stepping the world against the real engine: same seed, same days; no day twice; lists matter, and in a placebo world don't."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from conftest import Server, at_database
from regulars.cli import main
from regulars.demo import MARK, run, talks
from regulars.demo.compare import compare, interval
from regulars.demo.policies import POLICIES, policy_named
from regulars.demo.state import NEVER
from regulars.demo.step import JOURNAL, WORLD, Stepper
from regulars.errors import InvalidInput, NotFound, WorkspaceError
from regulars.recommend.sequence_training import SequenceSettings
from regulars.recommend.train import TrainSettings
from regulars.shop import Shop
from regulars.store import records
from regulars.store.database import Database
from regulars.store.workspace import StartSettings, Workspace
from store.helpers import ask

PEOPLE = 240
DAY = datetime(2026, 3, 1, tzinfo=UTC)
COUNTED = TrainSettings(sequence=SequenceSettings(min_people=10**9))
"""Without the transformer: the same data give the same model to the bit, whatever the machine is doing."""
WHAT_HAPPENED = """
SELECT e.type, e.occurred_at, x.value AS customer, p.value AS product, e.decision_id, e.position, e.surface, e.quantity
FROM events e JOIN external_ids x ON x.kind = 'customer' AND x.id = e.customer_id
LEFT JOIN external_ids p ON p.kind = 'product' AND p.id = e.product_id
WHERE e.occurred_at >= %s ORDER BY 2, 3, 1, 4, 6
"""
ORDERED = """
SELECT x.value, o.placed_at, o.status, o.total, (SELECT count(*) FROM order_lines l WHERE l.order_id = o.order_id) AS lines
FROM orders o JOIN external_ids x ON x.kind = 'order' AND x.id = o.order_id ORDER BY 1
"""


@contextmanager
def no_bar(*_: Any) -> Iterator[None]:
    yield None


@pytest.fixture(scope="module")
def lived(
    servers: Callable[[str], Server], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, str, Path]]:
    """A demo shop with half a year behind it and a model that counts: server, database's name, folder. Copied by each test."""
    server = servers("embedded")
    url = server.make()
    workspace = Workspace.create(tmp_path_factory.mktemp("lived") / "shop")
    shop = Shop(workspace, StartSettings(database_url=url), Database(workspace.folder, url))
    mark = workspace.folder / MARK
    mark.write_text(f"Everything in this shop is invented.\n{DAY:%Y-%m-%d} 7 {PEOPLE}\n")
    shop.change_settings(**run.SETTINGS)
    run.fill(shop, mark, print, no_bar)
    assert shop.train(settings=COUNTED).promoted
    shop.close()
    yield server, urlsplit(url).path.lstrip("/"), workspace.folder
    server.drop(url)


@pytest.fixture
def new_world(lived: tuple[Server, str, Path], tmp_path: Path) -> Iterator[Callable[[], Shop]]:
    """Copies of that shop, as many as a test needs."""
    server, base, folder = lived
    made: list[str] = []

    def new() -> Shop:
        name = f"{base}_{tmp_path.name[:20].lower()}_{len(made)}".replace("-", "_")
        server.execute(f"CREATE DATABASE {name} TEMPLATE {base}")
        url = at_database(server.url, name)
        made.append(url)
        workspace = Workspace(tmp_path / f"world{len(made)}")
        shutil.copytree(folder, workspace.folder)
        (workspace.folder / "regulars.toml").write_text(f'database_url = "{url}"\n')
        return Shop(workspace, StartSettings(database_url=url), Database(workspace.folder, url))

    yield new
    for url in made:
        server.drop(url)


def happened(shop: Shop) -> list[Any]:
    return ask(shop.database, WHAT_HAPPENED, (DAY,))


def test_the_same_seed_gives_the_same_days(new_world: Callable[[], Shop]) -> None:
    one, other = new_world(), new_world()
    first = list(Stepper(one).days(3))
    stepper = Stepper(other)
    second = [stepper.day()]
    second.extend(Stepper(other).days(2))  # stopped and started again in between
    assert first == second
    assert happened(one) == happened(other)
    assert ask(one.database, ORDERED) == ask(other.database, ORDERED)
    assert first[0].visitors > 3
    # What they did carries the list that led there, and the list is a decision with its trace.
    clicks = ask(
        one.database, "SELECT decision_id, position FROM events WHERE type = 'click' AND occurred_at >= %s", (DAY,)
    )
    assert clicks
    for row in clicks:
        decision = one.decision(row["decision_id"])
        assert "2026-03-01" <= decision["at"][:10] <= "2026-03-03"
        assert decision["mode"] == "trained"
    # Another seed: the same people, other days.
    assert list(Stepper(one, seed=99).days(3)) != list(Stepper(other).days(3))


def test_a_day_that_was_interrupted_anywhere_is_lived_once(
    new_world: Callable[[], Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = new_world(), new_world()
    wanted = list(Stepper(whole).days(3))
    real = records.upsert
    calls = 0

    def failing(*given: Any) -> list[str]:
        nonlocal calls
        calls += 1
        if given[1] == records.UPSERT_ORDERS:
            raise KeyboardInterrupt
        return real(*given)

    stepper = Stepper(broken)
    assert stepper.day() == wanted[0]
    monkeypatch.setattr(records, "upsert", failing)  # events and decisions are in, orders aren't
    with pytest.raises(KeyboardInterrupt):
        stepper.day()
    monkeypatch.undo()
    assert (broken.workspace.folder / JOURNAL).exists()
    stepper = Stepper(broken)
    assert not (broken.workspace.folder / JOURNAL).exists()
    monkeypatch.setattr(type(stepper.state), "save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):  # written down, but the state isn't saved: the day doesn't count
        stepper.day()
    monkeypatch.undo()
    assert Stepper(broken).day() == wanted[2]
    assert happened(whole) == happened(broken)
    assert ask(whole.database, ORDERED) == ask(broken.database, ORDERED)
    assert whole.counts() == broken.counts()


def test_killed_hard_it_goes_on_where_it_was(new_world: Callable[[], Shop]) -> None:
    whole, killed = new_world(), new_world()
    code = (
        "import sys, regulars; from regulars.demo.step import Stepper\n"
        "with regulars.open(sys.argv[1]) as shop:\n"
        "    for day in Stepper(shop).days(100):\n"
        "        print('lived', day.date, flush=True)"
    )
    lived: list[str] = []
    for wait in (0.0, 0.15):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(killed.workspace.folder)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            lived.append(next(line for line in child.stdout if line.startswith("lived ")))
            time.sleep(wait)
            child.send_signal(signal.SIGKILL)
    assert lived == sorted(set(lived)), "a day was lived twice"
    stepper = Stepper(killed)
    stepper.day()
    list(Stepper(whole).days((stepper.today - DAY).days))
    assert happened(whole) == happened(killed)
    assert whole.counts() == killed.counts()


def test_in_a_placebo_world_nobody_feels_the_lists(new_world: Callable[[], Shop]) -> None:
    """Whoever makes the lists, the same people come on the same days in the same mood. In the real world they don't."""
    moods = {}
    for placebo in (True, False):
        for name in ("trained", "random"):
            stepper = Stepper(new_world(), policies={name: policy_named(name)}, placebo=placebo)
            visitors = [day.visitors for day in stepper.days(12)]
            moods[placebo, name] = visitors, stepper.state.mood, stepper.state.next_visit
    for one, other in zip(moods[True, "trained"], moods[True, "random"], strict=True):
        assert np.array_equal(one, other)
    trained, random = moods[False, "trained"][1], moods[False, "random"][1]
    assert trained.mean() > random.mean() + 0.02
    assert moods[False, "trained"][2].mean() < moods[False, "random"][2].mean()


def test_arms_stay_apart_and_random_lists_know_their_chances(new_world: Callable[[], Shop]) -> None:
    shop = new_world()
    stepper = Stepper(shop, policies={name: policy_named(name) for name in POLICIES})
    list(stepper.days(4))
    kept = ask(
        shop.database,
        "SELECT d.arm, d.policy, d.model_version, t.trace->>'note' AS note, d.propensities, d.product_ids, x.value AS customer FROM decisions d JOIN decision_traces t USING (decision_id) JOIN external_ids x ON x.kind = 'customer' AND x.id = d.customer_id WHERE d.arm IS NOT NULL",
    )
    assert {row["arm"] for row in kept} == set(POLICIES)
    for row in kept:
        assert row["arm"] == stepper.arm(stepper.people.ids.index(row["customer"]))
        assert (row["policy"] == "even") == (row["arm"] == "random") == (row["model_version"] is None)
        assert (row["note"] is not None) == (row["arm"] == "popular")
        assert len(set(row["product_ids"])) == len(row["product_ids"])
        if row["arm"] == "random":
            chances = [1 / chance for chance in row["propensities"]]
            assert np.allclose(np.diff(chances), -1, atol=1e-3), "one less to draw from at each place"
    sizes = np.array([stepper.arm(person) for person in range(PEOPLE)])
    assert {int((sizes == name).sum()) for name in POLICIES} == {PEOPLE // 3}


def test_stock_follows_the_suppliers_and_the_forgotten_stay_away(new_world: Callable[[], Shop]) -> None:
    shop = new_world()
    stepper = Stepper(shop)
    out = "SELECT x.value FROM variants v JOIN external_ids x ON x.kind = 'product' AND x.id = v.product_id GROUP BY 1 HAVING bool_and(v.stock = 0) ORDER BY 1"
    before = ask(shop.database, out)
    person = int(np.argmin(stepper.state.next_visit))
    customer = stepper.people.ids[person]
    shop.erase(customer)
    list(stepper.days(9))
    assert ask(shop.database, out) != before
    assert stepper.state.next_visit[person] == NEVER
    assert ask(shop.database, "SELECT 1 FROM external_ids WHERE kind = 'customer' AND value = %s", (customer,)) == []
    assert shop.counts()["unknown_customers"] == 0


def test_two_policies_are_compared_by_who_came_back(new_world: Callable[[], Shop]) -> None:
    found = compare(new_world(), "trained", "random", days=40)
    assert found.first.policy == "trained"
    assert min(found.first.people, found.second.people) >= 30
    assert found.low < found.difference < found.high
    assert found.as_dict()["arms"][0]["rate"] == found.first.rate


def test_what_can_not_be_compared_is_refused(shop: Shop) -> None:
    with pytest.raises(WorkspaceError, match="no demo world"):
        Stepper(shop)
    with pytest.raises(InvalidInput, match="too few"):
        compare(shop, days=28)
    with pytest.raises(InvalidInput, match="with itself"):
        compare(shop, "trained", "trained")
    with pytest.raises(InvalidInput, match="no policy"):
        policy_named("magic")


def test_intervals_hold_what_they_should() -> None:
    """Newcombe's own example: 56 of 70 and 48 of 80 differ by 0.2, from 0.0524 to 0.3339."""
    low, high = interval(56, 70, 48, 80)
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_lists_for_many_are_the_lists_for_each(new_world: Callable[[], Shop]) -> None:
    shop = new_world()
    customers = [f"c{number:04d}" for number in range(1, 60)]
    many = shop.recommend_many(customers, surface="email", n=4)
    assert [len(one.items) for one in many] == [4] * len(customers)
    for customer, one in zip(customers[:5], many, strict=False):
        alone = shop.recommend(customer, surface="email", n=4)
        assert [item.product for item in alone.items] == [item.product for item in one.items]
        assert shop.decision(one.decision_id)["surface"] == "email"
    with pytest.raises(NotFound, match="nobody"):
        shop.recommend_many(["c0001", "nobody"])


def test_a_demo_stays_a_demo_in_its_backup(new_world: Callable[[], Shop], tmp_path: Path) -> None:
    import tarfile

    shop = new_world()
    with tarfile.open(shop.backup(tmp_path)) as archive:
        assert {MARK, WORLD} <= set(archive.getnames())


def test_the_command_steps_and_says_what_happened(
    new_world: Callable[[], Shop], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = new_world()
    folder = str(shop.workspace.folder)

    def said(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["regulars", "demo", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        return capsys.readouterr().out

    days = json.loads(said("step", folder, "--days", "2", "--json"))
    assert [day["date"] for day in days] == ["2026-03-01", "2026-03-02"]
    assert days[0]["lists"] > 0
    told = said("step", folder, "--days", "1", "--policy", "random", "--placebo")
    assert "2026-03-03" in told
    assert "calendar now says 2026-03-04" in told
    assert "ready" in said(folder, "--no-serve"), "`regulars demo FOLDER` makes it, or goes on"
    assert len(Stepper(shop).people.ids) == PEOPLE


SAID = """
SELECT c.conversation_id, c.mode, c.handover_reason, c.rating, c.locale, m.place, m.role, m.body, m.at, m.details->>'act' AS act
FROM conversations c JOIN messages m USING (conversation_id) ORDER BY c.created_at, m.place
"""


def by_themselves(shop: Shop) -> list[Any]:
    """What people did but for writing to the shop."""
    return [row for row in happened(shop) if row["surface"] != "assistant"]


def test_customers_write_about_what_they_have_and_live_the_same_days(new_world: Callable[[], Shop]) -> None:
    one, other, silent = new_world(), new_world(), new_world()
    figures = list(Stepper(one, talks=True).days(3))
    Stepper(other, talks=True).day()
    list(Stepper(other, talks=True).days(2))
    list(Stepper(silent).days(3))
    said = ask(one.database, SAID)
    assert said == ask(other.database, SAID), "the same seed gives the same conversations, word for word"
    assert len({row["conversation_id"] for row in said}) == sum(day.conversations for day in figures) > 8
    assert by_themselves(one) == by_themselves(silent)
    assert not ask(silent.database, SAID)
    # Times are the world's: in order within each conversation, on the days that were lived, and so are the decisions.
    for before, after in pairwise(said):
        if before["conversation_id"] == after["conversation_id"]:
            assert before["at"] < after["at"]
    assert all("2026-03-01" <= f"{row['at']:%Y-%m-%d}" <= "2026-03-04" for row in said)
    apart = ask(
        one.database,
        "SELECT max(abs(extract(epoch FROM d.at - m.at))) AS most FROM messages m JOIN decisions d USING (decision_id)",
    )
    assert apart[0]["most"] < 5
    # Who speaks of an order has it.
    named = ask(
        one.database,
        "SELECT substring(m.body FROM 'KT[0-9]+-[0-9]+') AS order, c.customer_id FROM messages m JOIN conversations c USING"
        " (conversation_id) WHERE m.role = 'customer' AND m.body ~ 'KT[0-9]+-'",
    )
    assert named
    for row in named:
        found = ask(
            one.database,
            "SELECT o.customer_id FROM orders o JOIN external_ids x ON x.kind = 'order' AND x.id = o.order_id WHERE x.value = %s",
            row["order"],
        )
        assert [owner["customer_id"] for owner in found] == [row["customer_id"]]
    acts = {row["act"] for row in said}
    assert {"handed_over", "no_evidence", "order_status"} <= acts
    assert "unavailable" not in acts


def test_what_the_assistant_cancelled_is_not_sent_and_who_waited_is_answered(new_world: Callable[[], Shop]) -> None:
    shop = new_world()
    cancelled = "SELECT o.status, x.value FROM actions a JOIN orders o USING (order_id) JOIN external_ids x ON x.kind = 'order' AND x.id = o.order_id WHERE a.name = 'cancel_order' AND a.state = 'done'"  # fmt: skip
    stepper = Stepper(shop, talks=True)
    for _ in range(7):
        stepper.day()
        if ask(shop.database, cancelled):
            break
    waiting = ask(shop.database, "SELECT conversation_id FROM conversations WHERE mode IN ('waiting', 'human')")
    assert waiting
    assert {str(row["conversation_id"]) for row in waiting} <= {one["id"] for one in stepper.state.talks}
    list(stepper.days(5))
    rows = ask(shop.database, cancelled)
    assert rows
    assert {row["status"] for row in rows} == {"cancelled"}, "not shipped after all"
    assert not {row["value"] for row in rows} & {
        what.get("order") for day in stepper.state.coming.values() for what in day
    }
    closed = ask(
        shop.database,
        "SELECT mode FROM conversations WHERE conversation_id = ANY(%s)",
        [row["conversation_id"] for row in waiting],
    )
    assert {row["mode"] for row in closed} == {"closed"}


def test_a_conversation_that_was_interrupted_is_had_once(
    new_world: Callable[[], Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = new_world(), new_world()
    list(Stepper(whole, talks=True).days(2))

    def failing(*given: Any) -> None:
        raise KeyboardInterrupt

    stepper = Stepper(broken, talks=True)
    stepper.day()
    monkeypatch.setattr(talks.table, "rate", failing)
    with pytest.raises(KeyboardInterrupt):
        stepper.day()
    monkeypatch.undo()
    assert (broken.workspace.folder / JOURNAL).exists()
    Stepper(broken)  # finishes what was written down
    assert ask(whole.database, SAID) == ask(broken.database, SAID)
