"""The loop: train, register, promote, roll back; a damaged version is refused and the one before serves."""

from __future__ import annotations

import pytest

from regulars.errors import Conflict, DamagedModel, InvalidInput, NotEnoughData, NotFound
from regulars.recommend import settings as saved
from regulars.recommend.train import TrainSettings, settings_for
from regulars.shop import Shop
from store.helpers import products
from test_shop import people_shop

QUICK = settings_for(1.0)
TUNED = {"covisitation.window": 4, "sequence.width": 16, "sequence.heads": 2, "sequence.layers": 1, "sequence.epochs": 3,
         "sequence.min_people": 10, "sequence.min_targets": 10, "sequence.threads": 1}  # fmt: skip


def test_training_without_products_or_events_says_what_is_missing(shop: Shop) -> None:
    with pytest.raises(NotEnoughData, match="no products"):
        shop.train(settings=QUICK)
    products(shop.database, {"id": "mug"})
    with pytest.raises(NotEnoughData, match="no events"):
        shop.train(settings=QUICK)
    assert list(shop.workspace.models.iterdir()) == []


def test_versions_are_promoted_rolled_back_and_refused_when_damaged(shop: Shop) -> None:
    people_shop(shop)
    assert shop.recommend("c1").mode == "starter"
    first = shop.train(settings=QUICK)
    assert first.promoted, first.verdict
    assert (shop.recommend("c1").mode, shop.recommend("c1").model_version) == ("trained", first.version)

    second = shop.train(settings=QUICK, seed=1, promote=False)
    assert not second.promoted
    assert shop.recommend("c1").model_version == first.version
    shop.promote(second.version)
    assert shop.recommend("c1").model_version == second.version  # swapped without a restart
    assert shop.roll_back() == first.version
    assert shop.recommend("c1").model_version == first.version
    shop.promote(second.version)

    # A file of what serves is damaged: a process that starts now refuses it and says so.
    victim = next(path for path in sorted((shop.workspace.models / second.version).rglob("*")) if path.is_file())
    victim.write_bytes(victim.read_bytes()[:-1] + b"\x00")
    fresh = Shop(shop.workspace, shop.start, shop.database)
    found = fresh.recommend("c1")
    assert found.model_version == first.version
    note = fresh.decision(found.decision_id)["trace"]["note"]
    assert second.version in note
    assert "checksum" in note
    assert fresh.recommend("c2").model_version == first.version
    assert {row["version"]: row["status"] for row in fresh.models()}[second.version] == "damaged"
    with pytest.raises(DamagedModel, match="checksum"):
        shop.promote(second.version)

    # Both damaged: the starter answers.
    for path in (shop.workspace.models / first.version).rglob("*"):
        if path.is_file():
            path.unlink()
    assert Shop(shop.workspace, shop.start, shop.database).recommend("c1").mode == "starter"
    with pytest.raises(NotFound, match="no model version"):
        shop.promote("recommender-none")


def test_a_version_keeps_its_settings_its_card_and_its_curves(shop: Shop) -> None:
    people_shop(shop)
    saved.write(shop.workspace.tuning, saved.with_values(TrainSettings(), TUNED), "by hand")
    first = shop.train()
    second = shop.train(seed=4)
    row = shop.models()[0]
    assert row["version"] == second.version
    assert row["settings"]["covisitation"]["window"] == 4
    assert row["settings"]["text"]["dims"] == TrainSettings().text.dims  # in full
    assert {"card.json", "card.md"} < set(row["files"])  # under the version's checksums
    curves = [name for name in row["files"] if name.startswith("curves/events.out.tfevents.")]
    assert len(curves) == 1
    card = shop.model_card(second.version)
    assert card is not None
    assert card["lineage"] == {"parent": None, "before": first.version}
    assert card["settings"]["seed"] == 4
    assert card["settings"]["changed"]["covisitation.window"] == {"value": 4, "default": 10}
    assert card["currency"] == "EUR"
    assert len(second.report["sequence"][0]["history"]) == 3
    with pytest.raises(NotFound):
        shop.model_card("recommender-none")

    (shop.workspace.tuning / saved.FILE).write_text('{"text": {"dim": 3}}')
    with pytest.raises(InvalidInput, match=r"text\.dim"):
        shop.train()
    assert len(shop.models()) == 2


def test_there_is_nothing_to_roll_back_to_at_first(shop: Shop) -> None:
    with pytest.raises(Conflict, match="No other version"):
        shop.roll_back()
