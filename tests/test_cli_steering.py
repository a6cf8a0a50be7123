"""The commands that steer lists, on one tiny shop: what they print, what they end with, what they say of mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import Command, command_in
from conftest import folder_for_server
from regulars.store import supervisor

GOOD = "exclude category is Shoes on home\ncap each brand at most 2 on home\n# a comment\noff exclude everything\n"


@pytest.fixture(scope="module")
def here() -> Iterator[Path]:
    with folder_for_server() as folder:
        yield folder


@pytest.fixture(scope="module")
def run(here: Path) -> Iterator[Command]:
    """Runs `regulars …` beside a filled shop."""
    command = command_in(here, REGULARS_WORKSPACE="tiny", COLUMNS="200")
    made = command("init", "tiny", "--name", "Tiny", "--currency", "GBP", "--zone", "Europe/London")
    assert made.code == 0, made.err
    (here / "products.csv").write_text(
        "id,title,category,brand,price,stock\n"
        + "".join(
            f"p{n},{('Green tea', 'Running shoe')[n % 2]} {n},{('Tea', 'Shoes')[n % 2]},{('North', 'South')[n // 2 % 2]},{n + 1}.50,{5 if n else 0}\n"
            for n in range(12)
        )
    )
    (here / "events.jsonl").write_text(
        "".join(
            json.dumps({"type": "view", "customer": f"c{c}", "product": f"p{(2 * s + c % 2 + 2) % 12}", "occurred_at": f"2026-02-{s + 1:02}T10:00:00"}) + "\n"
            for c in range(20) for s in range(3)
        )
    )  # fmt: skip
    with supervisor.lease(here / "tiny"):
        assert command("import", "products", "products.csv").code == 0
        assert command("import", "events", "events.jsonl").code == 0
        yield command


@pytest.fixture
def shop(run: Command, here: Path) -> Command:
    """With no rules in force, and a file of good ones."""
    (here / "rules.txt").write_text(GOOD)
    if run("rules", "show", "--json").json["text"]:
        assert run("rules", "undo", "0").code == 0
    return run


def shown(run: Command, *words: str) -> list[str]:
    return [item["product"] for item in run("recommend", *words, "-n", "8", "--seed", "1", "--json").json["items"]]


# Rules


def test_rules_from_file_to_list_and_back(shop: Command) -> None:
    before = shown(shop)
    assert {int(one[1:]) % 2 for one in before} == {0, 1}, "tea and shoes"
    assert "There are no rules" in shop("rules", "show").out
    said = shop("rules", "publish", "rules.txt", "--note", "spring")
    assert said.code == 0, said.err
    assert "is in force: 3 rules." in said.out
    after = shown(shop)
    assert after
    assert not {one for one in after if int(one[1:]) % 2}
    assert len(after) <= 4
    read = shop("rules", "show")
    assert GOOD.strip() in read.out
    assert ": spring" in read.out
    version = shop("rules", "show", "--json").json["version"]
    undone = shop("rules", "undo")
    assert f"Version {version + 1} is in force" in undone.out
    assert shown(shop) == before
    assert shop("rules", "show", str(version), "--json").json["text"] == GOOD
    back = shop("rules", "undo", "--json").json
    assert (back["text"], back["restored"]) == (GOOD, version)


def test_a_check_counts_what_each_line_is_about_and_names_mistakes(shop: Command) -> None:
    version = shop("rules", "show", "--json").json["version"]
    good = shop("rules", "check", "rules.txt")
    assert good.code == 0
    assert "Next: regulars rules preview rules.txt" in good.out
    told = shop("rules", "check", "rules.txt", "--json").json
    assert [(rule["line"], rule["products"], rule["off"]) for rule in told["rules"]] == [(1, 6, False), (2, 12, False), (4, 12, True)]  # fmt: skip
    typed = shop("rules", "check", "-", typed="bost brand is North by 20%\nexclude brand is Noth\n")
    assert typed.code == 2
    assert "line 1, column 1: 'bost' stands where an action is wanted. Did you mean 'boost'?" in typed.out
    assert "nothing is called Noth. Did you mean North?" in typed.out
    assert "Next:" not in typed.out
    assert shop("rules", "check", "-", "--json", typed="exclude stock").code == 2
    assert shop("rules", "show", "--json").json["version"] == version


def test_what_cannot_be_read_is_not_put_in_force(shop: Command) -> None:
    assert shop("rules", "publish", "rules.txt").code == 0
    said = shop("rules", "publish", "-", typed="exclude stock < 3\nexclude stock <\n")
    assert said.code == 2
    assert "Line 2, column 16" in said.err
    assert said.out == ""
    assert shop("rules", "show", "--json").json["text"] == GOOD
    assert shop("rules", "preview", "-", typed="bost").code == 2


def test_a_preview_says_what_would_change_and_writes_nothing(shop: Command) -> None:
    shown(shop)
    shown(shop, "c1")
    version = shop("rules", "show", "--json").json["version"]
    said = shop("rules", "preview", "rules.txt", "--requests", "2")
    assert said.code == 0, said.err
    assert "Of the last 2 lists 2 would change" in said.out
    assert "home: 2 of 2" in said.out
    assert "Goes out: " in said.out
    assert "Running shoe" in said.out
    told = shop("rules", "preview", "rules.txt", "--requests", "2", "--json").json
    assert (told["asked"], told["changed"], told["cost"]) == (2, 2, None)
    same = shop("rules", "preview", "-", "--requests", "2", "--json", typed="exclude price > 1000").json
    assert (same["changed"], same["goes_out"]) == (0, [])
    assert shop("rules", "show", "--json").json["version"] == version


def test_the_history_lists_versions_with_their_notes(shop: Command) -> None:
    shop("rules", "publish", "rules.txt", "--note", "for the history")
    rows = shop("rules", "history", "--json").json
    assert (rows[0]["note"], rows[0]["text"]) == ("for the history", GOOD)
    assert [row["version"] for row in rows] == sorted((row["version"] for row in rows), reverse=True)
    assert "for the history" in shop("rules", "history").out


# Why not


def test_why_not_says_what_keeps_a_product_out(shop: Command) -> None:
    assert "Green tea 0" in shop("why-not", "p0").out
    assert shop("why-not", "p0", "--json").json["code"] == "out_of_stock"
    (there, *_) = shown(shop, "c1")
    assert "in place" in shop("why-not", there, "c1", "-n", "8").out
    shop("rules", "publish", "rules.txt")
    told = shop("why-not", "p3", "--json").json
    assert (told["code"], told["line"], told["rule"]) == ("rule", 1, "exclude category is Shoes on home")
    assert "excludes it" in shop("why-not", "p3").out
    beside = shop("why-not", "p3", "--surface", "goes_with", "--beside", "p5", "--json").json
    assert beside["code"] == "same_kind"
    assert shop("why-not", "p3", "--locale", "zh", "--json").json["text"] != told["text"]


# Surfaces


def test_surfaces_are_listed_and_one_of_the_shops_own_serves(shop: Command) -> None:
    assert "after_purchase" in shop("surfaces").out
    own = 'surfaces=[{"name": "gifts", "like": "home", "purpose": "Gifts", "category": "Tea", "diversity": 0.5}]'
    assert shop("settings", own).code == 0
    try:
        row = next(one for one in shop("surfaces", "--json").json if one["name"] == "gifts")
        assert (row["own"], row["diversity"], row["category"]) == (True, 0.5, "Tea")
        assert "gifts (own)" in shop("surfaces").out
        assert {int(one[1:]) % 2 for one in shown(shop, "--surface", "gifts")} == {0}
    finally:
        shop("settings", "surfaces=[]")
    assert shop("recommend", "--surface", "gifts").code == 2


# Search


def test_a_search_prints_what_it_found_and_how_it_read_the_words(shop: Command) -> None:
    said = shop("search", "gren tea under 6")
    assert said.code == 0, said.err
    assert "No product has the word 'gren': found for 'green'." in said.out
    assert "Next: regulars decision" in said.out
    told = shop("search", "green tea under 6", "-n", "2", "--json").json
    assert [item["product"] for item in told["items"]] == ["p2", "p4"]
    assert told["read_as"]["max_price"] == 6.0
    assert shop("decision", told["decision_id"], "--json").json["surface"] == "search"
    assert shop("search", "green tea", "c1", "--locale", "zh").code == 0
    assert "Nothing found." in shop("search", "xqzvw").out


# Links


def test_links_are_added_shown_and_taken_away(shop: Command) -> None:
    assert "Nothing is linked with p2" in shop("links", "show", "p2").out
    assert shop("links", "add", "p2", "goes_with", "p3").out.strip() == "Linked."
    assert shop("links", "add", "p2", "goes_with", "p3", "--json").json == {"added": 0}
    assert "p3  goes_with  p2" in shop("links", "show", "p3").out
    assert "p2  →  (goes_with) p3" in shop("links", "show", "p2", "--to", "p3").out
    assert shop("links", "remove", "p2", "goes_with", "p3").code == 0
    assert shop("links", "remove", "p2", "goes_with", "p3").code == 2
    assert shop("links", "show", "p2", "--json").json["links"] == []


def test_links_come_from_a_file_and_bad_lines_are_named(shop: Command, here: Path) -> None:
    (here / "links.csv").write_text(
        "product,relation,other\np4,goes_with,p5\np4,goes_with,nothing\np4,likes,p5\np4,goes_with,p5\n"
    )
    told = shop("links", "import", "links.csv", "--json").json
    assert (told["read"], told["added"]) == (4, 1)
    assert [one["line"] for one in told["refused"]] == [3, 4]
    again = shop("links", "import", "links.csv")
    assert "4 lines read: 0 new links, 2 known already, 2 refused." in again.out
    assert "line 3: There is no product 'nothing'." in again.out
    assert shop("links", "remove", "p4", "goes_with", "p5").code == 0


# Mistakes


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["rules", "check", "nowhere.txt"], "can't be read"),
        (["rules", "show", "99"], "There is no version 99"),
        (["rules", "undo", "99"], "There is no version 99"),
        (["rules", "preview", "rules.txt", "--requests", "0"], "--requests"),
        (["why-not", "nothing"], "There is no product 'nothing'"),
        (["why-not", "p3", "nobody"], "There is no customer 'nobody'"),
        (["why-not", "p3", "--surface", "moon"], "There is no surface 'moon'"),
        (["why-not", "p3", "--surface", "alike"], "needs a product"),
        (["search", "tea", "nobody"], "There is no customer 'nobody'"),
        (["search", "tea", "-n", "0"], "--n"),
        (["links", "show", "nothing"], "There is no product 'nothing'"),
        (["links", "add", "p2", "likes", "p3"], "There is no relation 'likes'"),
        (["links", "add", "p2", "goes_with", "p2"], "with itself"),
        (["links", "import", "products.csv"], "lacks the column 'product'"),
        (["links", "import", "nowhere.csv"], "can't be read"),
    ],
)
def test_a_mistake_is_answered_with_what_is_wrong(shop: Command, words: list[str], says: str) -> None:
    said = shop(*words)
    assert said.code == 2, said.err
    assert says in said.err
    assert said.out == ""
