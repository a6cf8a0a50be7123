"""The command line from end to end on one tiny shop: what it prints, what it ends with, what it says of mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import Command, Said, command_in
from conftest import folder_for_server
from regulars.store import supervisor


@pytest.fixture(scope="module")
def run() -> Iterator[Command]:
    """Runs `regulars …` in an empty folder."""
    with folder_for_server() as here:
        yield command_in(here)


@pytest.fixture(scope="module")
def shop(run: Command) -> Iterator[Command]:
    """The same with a filled shop in `tiny`, its server kept for the module."""
    here: Path = run.here  # type: ignore[attr-defined]
    made = run("init", "tiny", "--name", "Tiny", "--currency", "GBP", "--zone", "Europe/London")
    assert made.code == 0, made.err
    (here / "products.csv").write_text(
        "id,title,category,price,stock\n"
        + "".join(f"p{n},{('Tea', 'Shoe')[n % 2]} {n},{('Tea', 'Shoes')[n % 2]},{n + 1}.50,5\n" for n in range(20))
    )
    (here / "events.jsonl").write_text(
        "".join(
            json.dumps({"type": "view", "customer": f"c{c}", "product": f"p{(2 * s + c % 2 + 4 * c) % 20}",
                        "occurred_at": f"2026-02-{s + 1:02}T{c % 24:02}:00:00"}) + "\n"
            for c in range(60) for s in range(5)
        ) + "{broken\n"
    )  # fmt: skip

    def command(*words: str, **more: str) -> Said:
        return run(*words, "-w", "tiny", **more)

    command.here = here  # type: ignore[attr-defined]
    with supervisor.lease(here / "tiny"):
        assert command("import", "products", "products.csv").code == 0
        yield command


def test_an_import_says_what_it_read_kept_and_rejected(shop: Command) -> None:
    said = shop("import", "events", "events.jsonl")
    assert said.code == 0
    assert "301 events read, 300 new, 1 rejected" in said.out
    assert "300 times without a zone, read in the shop's" in said.out
    assert "1 × is not JSON" in said.out
    assert "Next: regulars train" in said.out
    rejects = next(line.split(": ", 1)[1] for line in said.out.splitlines() if "rejected rows" in line)
    assert json.loads(Path(rejects).read_text())["line"] == 301
    (again,) = shop("import", "events", "events.jsonl", "--json").json
    assert (again["new"], again["unchanged"], again["rejected"]) == (0, 300, 1)


def test_train_evaluate_recommend_and_open_the_decision(shop: Command) -> None:
    shop("import", "events", "events.jsonl")
    starter = shop("recommend", "c1", "--json").json
    assert (starter["mode"], starter["model_version"]) == ("starter", None)
    said = shop("train", "--max-minutes", "0.1")
    assert said.code == 0, said.err
    assert "Promoted" in said.out
    trained = shop("recommend", "c1", "-n", "3", "--seed", "4", "--json").json
    assert trained["mode"] == "trained"
    assert len(trained["items"]) == 3
    assert trained["items"][0]["price"].endswith("GBP")
    assert f"Next: regulars decision {'x'}"[:-1] in shop("recommend", "c1").out
    decision = shop("decision", trained["decision_id"], "--json").json
    assert [item["product"] for item in decision["items"]] == [item["product"] for item in trained["items"]]
    assert "Filters took away" in shop("decision", trained["decision_id"]).out
    measured = shop("evaluate", "--max-minutes", "0.1", "--json")
    assert measured.code == 0, measured.err
    assert measured.json["metrics"]
    versions = shop("models", "list", "--json").json
    assert [row["serving"] for row in versions] == [True]
    assert shop("status", "--json").json["model"] == trained["model_version"]
    assert shop("models", "rollback").code == 1  # nothing served before


def test_scripted_customers_are_reported_beside_the_shops_records(shop: Command) -> None:
    quick = shop("evaluate", "assistant", "--json")
    assert quick.code == 0, quick.err
    assert "scripted" not in quick.json
    said = shop(
        "evaluate", "assistant", "--goals", "3", REGULARS_PROGRESS="lines", REGULARS_LLM_BASE_URL="http://x.example"
    )
    assert said.code == 0, said.err
    assert "Scripted customers: 3 of 3 goals reached (100%" in said.out
    assert "cancel an order" in said.out
    assert "You haven't written a policy yet" in said.out
    assert "You have no help articles yet" in said.out
    assert "Your chat model was left out" in said.out
    assert json.loads(said.err.splitlines()[-1])["progress"]["done"] == 3
    for words in (("--scripted",), ("writer", "--goals", "3"), ("assistant", "--goals", "0")):
        assert shop("evaluate", *words).code == 2


def test_a_version_has_a_card_and_tuned_settings_are_said_and_forgotten(shop: Command) -> None:
    shop("import", "events", "events.jsonl")
    assert "Nothing was tuned yet" in shop("tune", "--show").out
    few = shop("tune", "--minutes", "0.1")
    assert (few.code, "tuning needs 100" in few.err) == (4, True)
    folder = shop.here / "tiny" / "tuning"  # type: ignore[attr-defined]
    (folder / "settings.json").write_text('{"covisitation": {"window": 6}, "sequence": {"min_people": 100000}}')
    said = shop("train", "--no-promote")
    assert said.code == 0, said.err
    assert "With tuned settings (tuning/settings.json): sequence.min_people 100000, covisitation.window 6." in said.out
    version = shop("models", "list", "--json").json[0]["version"]
    shown = shop("models", "show", version)
    assert "| covisitation.window | 6 | 10 |" in shown.out
    assert "## Limits" in shown.out
    assert shop("models", "show", version, "--json").json["data"]["people"] == 60
    assert "covisitation.window 6" in shop("tune", "--show").out  # said, though nothing was searched
    (folder / "settings.json").write_text('{"covisitation": {"widow": 6}}')
    broken = shop("train")
    assert (broken.code, broken.out) == (2, "")
    assert "covisitation.widow" in broken.err
    assert "Trainings use the defaults again" in shop("tune", "--forget").out
    assert "no tuned settings" in shop("tune", "--forget").out
    assert shop("tune", "--forget", "--show").code == 2


def test_status_settings_and_keys_can_be_read_by_a_script(shop: Command) -> None:
    assert shop("status", "--json").json["products"] == 20
    assert "20  products" in shop("status").out
    assert shop("settings", "--json").json["currency"] == "GBP"
    assert shop("settings", "exploration_slots=2", "--json").json["exploration_slots"] == 2
    key = shop("keys", "create", "web", "--scope", "public").out.strip()
    assert key.startswith("rk_pub_")
    (row,) = shop("keys", "list", "--json").json
    assert key.startswith(row["prefix"])
    assert key not in shop("keys", "list").out
    assert shop("keys", "revoke", str(row["key_id"])).code == 0
    assert "revoked" in shop("keys", "list").out
    assert shop("keys", "revoke", str(row["key_id"])).code == 2
    assert shop("token", "c1").out.count(".") == 1


def test_a_backup_is_restored_into_a_new_folder_and_erasing_asks_first(shop: Command, run: Command) -> None:
    shop("import", "events", "events.jsonl")
    assert shop("backup", "b.tar").code == 0
    said = run("restore", "b.tar", "again")
    assert said.code == 0, said.err
    assert "Restored 20 products" in said.out
    assert run("recommend", "c2", "-w", "again", "--json").json["items"]
    assert run("restore", "b.tar", "again").code == 2
    unsure = run("erase", "c2", "-w", "again")
    assert unsure.code == 1
    assert "can't be undone" in unsure.out + unsure.err
    assert "5 events" in run("erase", "c2", "-w", "again", "--yes").out
    gone = run("recommend", "c2", "-w", "again")
    assert (gone.code, "There is no customer 'c2'" in gone.err) == (2, True)
    assert run("stop", "-w", "again").code == 0
    assert supervisor.owner_pids(run.here / "again") == {}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["import", "products", "nowhere.csv"], 2, "can't be opened"),
        (["import", "things", "products.csv"], 2, "Choose products, customers"),
        (["import", "products", "products.csv", "--format", "xml"], 2, "isn't a format"),
        (["import", "products", "products.csv", "--map", "title"], 2, "isn't theirs=ours"),
        (["recommend", "nobody"], 2, "There is no customer 'nobody'"),
        (["recommend", "--surface", "moon"], 2, "Choose one of home"),
        (["recommend", "-n", "0"], 2, "1 to 100"),
        (["decision", "not-an-id"], 2, "There is no decision"),
        (["settings", "currency=pounds"], 2, "isn't a currency"),
        (["settings", "colour=red"], 2, "colour"),
        (["settings", "currency"], 2, "isn't name=value"),
        (["keys", "create", "x", "--scope", "root"], 2, "Choose public or secret"),
        (["models", "promote", "none"], 2, "There is no model version"),
        (["models", "show", "none"], 2, "There is no model version"),
    ],
)
def test_a_mistake_is_answered_with_what_is_wrong_and_what_to_do(
    shop: Command, words: list[str], code: int, says: str
) -> None:
    said = shop(*words)
    assert said.code == code, said.err
    assert says in said.err
    assert said.out == ""


def test_a_folder_that_is_no_workspace_is_named_and_the_way_out_too(run: Command) -> None:
    program = Path(sys.executable).with_name("regulars")  # the installed program this once
    said = subprocess.run([program, "status"], cwd=run.here, capture_output=True, text=True, check=False)  # type: ignore[attr-defined]
    assert said.returncode == 2
    assert "isn't a workspace" in said.stderr
    assert "regulars init FOLDER" in said.stderr
    assert "Traceback" not in said.stderr


def test_wrong_settings_of_a_new_shop_leave_no_folder(run: Command) -> None:
    said = run("init", "bad", "--zone", "Mars/Olympus")
    assert said.code == 2
    assert "isn't a time zone" in said.err
    assert not (run.here / "bad").exists()  # type: ignore[attr-defined]


def test_a_database_that_cannot_be_reached_and_too_little_data_have_codes_of_their_own(run: Command) -> None:
    assert run("init", "bare").code == 0
    assert run("train", "-w", "bare").code == 4
    away = run("status", "-w", "bare", REGULARS_DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")
    assert (away.code, "can't be reached" in away.err) == (3, True)
    assert run("stop", "-w", "bare").code == 0


def test_an_import_of_which_nothing_can_be_used_says_so_and_fails(shop: Command) -> None:
    (shop.here / "nothing.csv").write_text("id,title\n,Mug\n,Cup\n")
    said = shop("import", "products", "nothing.csv")
    assert said.code == 2
    assert "Nothing could be used" in said.out
    assert "Next:" not in said.out
    dry = shop("import", "products", "nothing.csv", "--dry-run")
    assert "Next:" not in dry.out
