"""A shop's own conversations come in, teach the assistant, and serve only if they make it no worse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regulars.assist.rehearsal.rehearse import read_own
from regulars.assist.train import labelled, serving, unlabelled, worth_labelling
from regulars.errors import NotEnoughData
from regulars.shop import Shop

WANTED = {
    "track_order": ["parcel pigeon status zeta {0}", "is the zeta pigeon flying {0}", "zeta pigeon update {0}"],
    "invoice": ["paper of debts {0} please", "i need my paper of debts {0}", "send the debts paper {0}"],
}  # fmt: skip


def conversations(folder: Path, labelled_each: int, waiting: int) -> Path:
    """One line a conversation: a shop whose customers call things by names of their own."""
    lines = []
    for intent, ways in WANTED.items():
        for number in range(labelled_each + waiting):
            said = {"role": "customer", "text": ways[number % len(ways)].format(number)}
            if number < labelled_each:
                said["intent"] = intent
            lines.append({"id": f"{intent}-{number}", "locale": "en", "messages": [said, {"role": "agent", "text": "Here it is."}]})  # fmt: skip
    file = folder / "conversations.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    return file


def test_conversations_are_imported_once(shop: Shop, tmp_path: Path) -> None:
    file = conversations(tmp_path, 2, 1)
    first, _ = (shop.import_file("conversations", file) for _ in range(2))
    assert (first.kind, first.read) == ("conversations", 6)
    with shop.database.connect() as connection:
        assert connection.execute("SELECT count(*) AS n, count(DISTINCT conversation_id) AS c FROM messages").fetchone() == {"n": 12, "c": 6}  # fmt: skip
        assert [one.intent for one in labelled(connection)].count("invoice") == 2
        assert len(unlabelled(connection)) == 2


def test_too_few_labels_are_said(shop: Shop, tmp_path: Path) -> None:
    shop.import_file("conversations", conversations(tmp_path, 1, 0))
    with pytest.raises(NotEnoughData, match="2 messages have a label; 10 are needed"):
        shop.train_assistant()


def test_it_learns_what_the_shops_customers_say(shop: Shop, tmp_path: Path) -> None:
    shop.import_file("conversations", conversations(tmp_path, 45, 5))
    with shop.database.connect() as connection:
        asked = worth_labelling(connection, serving(connection, shop.workspace.models), 4)
    assert 0 < len(asked) <= 4
    trained = shop.train_assistant(seed=1)
    assert trained.promoted, trained.verdict
    assert trained.report["held_out"]["after"] > trained.report["held_out"]["before"]
    with shop.database.connect() as connection:
        model = serving(connection, shop.workspace.models)
    assert model.predict(["the zeta pigeon, where is it"])[0].intent == "track_order"
    told = shop.evaluate_assistant()
    assert told["intents"]["accuracy"] > 0.9
    # Scripted customers meet the version that serves.
    own = read_own(shop.database, shop.workspace.models)
    assert own.version == trained.version
    assert own.intents.predict(["the zeta pigeon, where is it"])[0].intent == "track_order"
