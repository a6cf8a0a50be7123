"""Whatever happens in whatever order: after a sync the mirror equals the store."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from regulars.store import mirror, people
from regulars.store.database import Database
from regulars.store.mirror import Mirror

from .helpers import ask, customers, differences, orders, products, reviews, track

PEOPLE, BROWSERS, THINGS = ["ann", "bob", "cy"], ["v1", "v2"], ["mug", "cup", "pot"]
person, browser, thing = (st.sampled_from(names) for names in (PEOPLE, BROWSERS, THINGS))
event = st.fixed_dictionaries(
    {"type": st.sampled_from(["view", "cart"]), "occurred_at": st.sampled_from(["2026-01-05T00:00:00Z", "2026-02-05T00:00:00Z"])},
    optional={"customer": person, "visitor": browser, "product": thing, "variant": st.sampled_from(["sku-1", "sku-2"])},
)  # fmt: skip
product = st.fixed_dictionaries(
    {"id": thing, "title": st.sampled_from(["A", "B"])},
    optional={"sku": st.sampled_from(["sku-1", "sku-2"]), "also_known_as": st.lists(thing, max_size=1), "price": st.integers(1, 3)},
)  # fmt: skip
customer = st.fixed_dictionaries(
    {"id": person},
    optional={"also_known_as": st.lists(person, max_size=1), "traits": st.just({"a": 1})},
)
line = st.fixed_dictionaries({}, optional={"product": thing, "variant": st.just("sku-1")})
order = st.fixed_dictionaries(
    {"id": st.sampled_from(["o1", "o2"]), "lines": st.lists(line, max_size=2)},
    optional={"customer": person, "visitor": browser, "status": st.just("cancelled")},
)
review = st.fixed_dictionaries(
    {"id": st.sampled_from(["r1", "r2"]), "product": thing}, optional={"customer": person, "rating": st.integers(0, 5)}
)
step = st.one_of(
    st.tuples(st.just(track), st.lists(event, min_size=1, max_size=3)),
    st.tuples(st.just(products), st.lists(product, min_size=1, max_size=2)),
    st.tuples(st.just(customers), st.lists(customer, min_size=1, max_size=2)),
    st.tuples(st.just(orders), st.lists(order, min_size=1, max_size=2)),
    st.tuples(st.just(reviews), st.lists(review, min_size=1, max_size=2)),
    st.tuples(st.just("erase"), person),
    st.tuples(st.just("sync"), st.none()),
)


def erase(database: Database, name: str) -> None:
    found = ask(database, "SELECT id FROM external_ids WHERE kind = 'customer' AND value = %s", name)
    if found:
        with database.connect() as connection:
            people.erase(connection, found[0]["id"])


@pytest.mark.parametrize("small_files", [2, 24])
def test_after_any_writes_merges_and_erasures_the_mirror_equals_the_store(
    new_database: Callable[[], Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_files: int
) -> None:
    monkeypatch.setattr(mirror, "MAX_SMALL_FILES", small_files)
    database = new_database()
    folder = tmp_path / "mirror"

    @given(st.lists(step, min_size=1, max_size=12))
    @settings(
        max_examples=25 if small_files == 2 else 12,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    def check(steps: list[tuple[object, object]]) -> None:
        # One database for all examples: each goes on from where the one before ended, which is a longer history still.
        copy = Mirror(folder)
        for what, given_to_it in steps:
            if what == "sync":
                copy.sync(database)
                assert differences(database, copy) == {}
            elif what == "erase":
                erase(database, str(given_to_it))
            else:
                what(database, *given_to_it)  # type: ignore[operator]
        copy.sync(database)
        assert differences(database, copy) == {}

    check()
    with tempfile.TemporaryDirectory() as fresh:
        anew = Mirror(Path(fresh) / "mirror")
        anew.sync(database)
        assert differences(database, anew) == {}
    shutil.rmtree(folder)
