"""The Python API as a shop's programmer uses it: open, track, recommend, look at the decision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import regulars
from regulars.errors import InvalidInput, NotFound, WorkspaceError
from regulars.schema import ExternalId
from regulars.shop import Shop
from regulars.store import supervisor
from store.helpers import ask, orders, products

CATEGORIES = ["Tea", "Coffee", "Running"]


def fill(shop: Shop, n: int = 30) -> None:
    products(
        shop.database,
        *(
            {
                "id": f"p{i}",
                "title": f"{CATEGORIES[i % 3]} thing {i}",
                "category": [CATEGORIES[i % 3]],
                "brand": f"Brand{i % 2}",
                "price": str(i + 1),
                "stock": 0 if i % 10 == 9 else 5,
                "created_at": f"2026-01-{i % 28 + 1:02}T00:00:00Z",
            }
            for i in range(n)
        ),
    )


def people_shop(shop: Shop) -> None:
    """Everybody likes one category."""
    fill(shop)
    shop.track(
        {"type": "view", "customer": f"c{person}", "product": f"p{(person % 3 + 3 * step) % 30}",
         "occurred_at": f"2026-02-{step + 1:02}T{person % 24:02}:00:00Z"}
        for person in range(24) for step in range(6)
    )  # fmt: skip


def names(found: regulars.Recommendations) -> list[str]:
    return [item.product for item in found.items]


def test_a_shop_with_nothing_in_it_recommends_nothing_and_says_so(shop: Shop) -> None:
    found = shop.recommend()
    assert (found.items, found.mode) == ([], "newest")
    short = shop.decision(found.decision_id)["trace"]["short"]
    assert short == {"wanted": 10, "got": 0, "left_after_filters": 0}


def test_without_any_event_the_newest_products_are_shown_in_their_order(shop: Shop) -> None:
    fill(shop)
    found = shop.recommend(n=5)
    assert found.mode == "newest"
    assert len(set(names(found))) == 5
    assert not {"p9", "p19", "p29"} & set(names(found))


def test_a_click_changes_the_next_list_at_once(shop: Shop) -> None:
    people_shop(shop)
    before = shop.recommend(visitor="v1", n=6, seed=1)
    assert before.mode == "starter"
    shop.track(
        [{"type": "click", "visitor": "v1", "product": "p2", "decision_id": str(before.decision_id), "position": 1}]
    )
    after = shop.recommend(visitor="v1", n=6, seed=1)
    assert names(after) != names(before)
    assert "p2" not in names(after)  # seen a moment ago
    assert sum(int(name[1:]) % 3 == 2 for name in names(after)) > sum(int(name[1:]) % 3 == 2 for name in names(before))
    assert any(item.source != "popular" for item in after.items)
    outcomes = shop.decision(before.decision_id)["outcomes"]
    assert [(o["type"], o["product"], o["position"]) for o in outcomes] == [("click", "p2", 1)]


def test_what_was_bought_does_not_come_back_unless_its_category_repeats(shop: Shop) -> None:
    people_shop(shop)
    orders(
        shop.database,
        {
            "id": "o1",
            "customer": "c0",
            "placed_at": "2026-01-01T00:00:00Z",
            "lines": [{"product": "p0"}, {"product": "p1"}],
        },
    )
    assert not {"p0", "p1"} & set(names(shop.recommend("c0", n=30)))
    shop.change_settings(repeatable_categories=["Coffee"])
    again = names(shop.recommend("c0", n=30))
    assert "p1" in again
    assert "p0" not in again


def test_what_is_out_of_stock_is_never_shown_and_comes_back_with_its_stock(shop: Shop) -> None:
    people_shop(shop)
    for surface in ("home", "cart", "email"):
        assert not {"p9", "p19", "p29"} & set(names(shop.recommend(surface=surface, n=100)))
    assert not {"p9", "p19", "p29"} & set(names(shop.recommend(surface="product", product="p3", n=100)))
    products(shop.database, {"id": "p9", "title": "Back", "price": "3", "stock": 1})
    assert "p9" in names(shop.recommend(n=100))


def test_filters_narrow_a_list_and_the_trace_counts_what_they_took(shop: Shop) -> None:
    people_shop(shop)
    shop.change_settings(excluded_products=["p6"])
    found = shop.recommend(
        "c1", n=30, category="Tea", brand="Brand0", min_price=2, max_price=26, exclude=["p12", "unknown"]
    )
    shown = {int(name[1:]) for name in names(found)}
    assert shown
    assert all(i % 3 == 0 and i % 2 == 0 and 2 <= i + 1 <= 26 and i not in (6, 12) for i in shown)
    filters = shop.decision(found.decision_id)["trace"]["filters"]
    assert filters["excluded_by_shop"] == filters["excluded_by_request"] == 1
    assert filters["other_category"] > 0
    assert filters["price_too_high"] + filters["price_too_low"] >= 0


def test_asking_for_more_than_there_is_gives_what_there_is(shop: Shop) -> None:
    people_shop(shop)
    found = shop.recommend(n=100)
    assert len(found.items) == len(set(names(found))) == 27


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        ({"n": 0}, InvalidInput, "1 to 100"),
        ({"n": 101}, InvalidInput, "1 to 100"),
        ({"surface": "moon"}, InvalidInput, "no surface"),
        ({"surface": "product"}, InvalidInput, "needs a product"),
        ({"surface": "product", "product": "nope"}, NotFound, "no product"),
        ({"customer": "nope"}, NotFound, "no customer"),
        ({"customer": ""}, InvalidInput, "empty"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(
    shop: Shop, wanted: dict[str, Any], error: type[Exception], words: str
) -> None:
    people_shop(shop)
    with pytest.raises(error, match=words):
        shop.recommend(**wanted)


def test_the_same_seed_makes_the_same_list_and_only_explored_places_have_a_chance(shop: Shop) -> None:
    people_shop(shop)
    shop.change_settings(exploration_slots=2)
    lists = [names(shop.recommend("c3", n=10, seed=5)) for _ in range(3)]
    assert lists[0] == lists[1] == lists[2]
    assert len({tuple(names(shop.recommend("c3", n=10, seed=seed))) for seed in range(12)}) > 1
    decision = shop.decision(shop.recommend("c3", n=10, seed=5).decision_id)
    count = decision["trace"]["candidates"]["count"]
    chances = [item["propensity"] for item in decision["items"]]
    pools = [min(20, count - 8), min(20, count - 9)]
    assert chances[:8] == [None] * 8
    assert chances[8:] == pytest.approx([1 / pool for pool in pools])
    assert [item["source"] for item in decision["items"]][8:] == ["explore"] * 2
    assert decision["policy"] == "explore"
    shop.change_settings(exploration_slots=0)
    calm = shop.decision(shop.recommend("c3", n=10, seed=5).decision_id)
    assert [item["propensity"] for item in calm["items"]] == [None] * 10
    assert calm["policy"] == "rank"


def test_a_title_with_script_in_it_stays_text(shop: Shop) -> None:
    products(shop.database, {"id": "x", "title": "<script>alert(1)</script>"})
    assert shop.recommend(n=1).items[0].title == "<script>alert(1)</script>"


def test_events_that_cannot_be_read_are_refused_as_a_whole_with_their_place(shop: Shop) -> None:
    with pytest.raises(InvalidInput, match=r"events\[1\].occurred_at: 'soon'"):
        shop.track([{"type": "view", "product": "a"}, {"type": "view", "occurred_at": "soon"}])
    with pytest.raises(InvalidInput, match=r"events\[0\].type"):
        shop.track([{"type": "Not A Type"}])
    assert shop.counts()["events"] == 0


def test_a_decision_that_does_not_exist_is_not_found(shop: Shop) -> None:
    for wrong in (str(uuid4()), "not-a-decision"):
        with pytest.raises(NotFound, match="no decision"):
            shop.decision(wrong)


def test_erasing_a_customer_makes_them_unknown(shop: Shop) -> None:
    people_shop(shop)
    shop.recommend("c1")
    assert shop.erase("c1") == {
        "decisions": 1,
        "events": 6,
        **dict.fromkeys(("actions", "conversations", "orders", "reviews", "rejects"), 0),
    }
    with pytest.raises(NotFound):
        shop.recommend("c1")
    with pytest.raises(NotFound):
        shop.erase("c1")


def test_old_traces_and_features_are_forgotten_and_the_decision_stays(shop: Shop) -> None:
    people_shop(shop)
    found = shop.recommend("c1")
    ask(shop.database, "UPDATE decision_traces SET at = at - interval '31 days' RETURNING 1 AS one")
    ask(shop.database, "UPDATE decision_features SET at = at - interval '181 days' RETURNING 1 AS one")
    gone = shop.maintain()
    assert (gone["decision_traces"], gone["decision_features"]) == (1, 1)
    decision = shop.decision(found.decision_id)
    assert decision["trace"] is None
    assert [item["product"] for item in decision["items"]] == names(found)


def test_a_workspace_on_an_outside_database_starts_no_server_of_its_own(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_DATABASE_URL", shop.database.url)
    with regulars.init(tmp_path / "outside") as outside:
        assert outside.track([{"type": "view", "customer": "ann", "product": "mug"}]).accepted == 1
        assert not outside.database.embedded
    with regulars.open(tmp_path / "outside") as again:
        assert again.counts()["events"] == 1
    assert supervisor.owner_pids(tmp_path / "outside") == {}
    assert not (tmp_path / "outside" / "data").exists()


def test_a_workspace_is_made_once_and_named_when_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="currency"):
        regulars.init(tmp_path / "new", currency="euro")
    assert not (tmp_path / "new").exists()
    with pytest.raises(WorkspaceError, match="isn't a workspace"):
        regulars.open(tmp_path)
    (tmp_path / "regulars.toml").write_text("prot = 8000\n")
    with pytest.raises(WorkspaceError, match="unknown setting: prot"):
        regulars.open(tmp_path)
    with pytest.raises(WorkspaceError, match="is a workspace already"):
        regulars.init(tmp_path)


def test_everything_a_decision_says_is_ready_for_json(shop: Shop) -> None:
    people_shop(shop)
    found = shop.recommend("c1", surface="product", product="p3", locale="zh")
    text = json.dumps(shop.decision(found.decision_id))
    assert json.loads(text)["context"]["product"] == "p3"
    assert all(item.why for item in found.items)


def test_a_customer_known_by_another_name_is_found_by_it_and_the_hint_says_so(shop: Shop) -> None:
    people_shop(shop)
    shop.track([{"type": "view", "customer": {"namespace": "email", "value": "a@example.org"}, "product": "p1"}])
    with pytest.raises(NotFound, match="namespace email"):
        shop.recommend("a@example.org")
    assert shop.recommend(ExternalId("email", "a@example.org")).items
