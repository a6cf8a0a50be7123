"""Odd people, odd wishes, odd clocks, odd models: a sensible list, or an empty one whose trace says why. Never what is out of
stock or excluded.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import orjson
import pytest

from regulars.errors import InvalidInput
from regulars.recommend import service
from regulars.recommend.blend import Blend
from regulars.recommend.catalogue import Catalogue, Item
from regulars.recommend.context import Arrival
from regulars.recommend.dataset import Float32, Query
from regulars.recommend.filters import FilterBase, Wishes
from regulars.recommend.model import Model
from regulars.recommend.service import Serving
from regulars.recommend.sources.text import TextSource
from regulars.recommend.surfaces import SURFACES
from regulars.schema import Decision, ShopSettings
from regulars.store import decisions
from regulars.store.people import NOBODY, Person

from .conftest import Fitted
from .shop import TEXTS, vocabulary

SOURCES = ("sequence", "ease", "covisitation", "text", "popular")
IDS = vocabulary().product_ids.tolist()
SOLD_OUT, EXCLUDED = IDS[4], IDS[5]
ADDED = 7_000
DAY = 86_400.0


def item(product_id: int, title: str, created: float = 0.0) -> Item:
    category = ("Sport",) if title.startswith("Running") else ("Tea",)
    in_stock = product_id != SOLD_OUT
    name = (("shop", str(product_id)),)
    return Item(
        product_id, name, {"en": {"title": title}}, None, category, {}, (), None, 500, None, "EUR", 2, True, in_stock, created
    )  # fmt: skip


def serve(model: Model | None, items: list[Item | None], ids: list[int]) -> Serving:
    catalogue = Catalogue(items, np.array(ids, np.int64))
    filters = FilterBase(catalogue, (("shop", str(EXCLUDED)),), ())
    mode = "newest" if model is None else "trained"
    return Serving(model, None, mode, catalogue, filters, ShopSettings(exploration_slots=1))


@pytest.fixture(scope="module")
def model(fitted: Fitted) -> Model:
    return Model(vocabulary().product_ids, [fitted.sources[name] for name in SOURCES], Blend.default(SOURCES))


@pytest.fixture(scope="module")
def serving(model: Model) -> Serving:
    return serve(model, [item(one, text) for one, text in zip(IDS, TEXTS, strict=True)], IDS)


def someone(products: list[int], seconds: list[float] | None = None, types: list[str] | None = None) -> Person:
    now = time.time()
    return Person(None, 1, products, types or ["view"] * len(products), seconds or [now] * len(products), [])


def made(serving: Serving, request: service.Request, person: Person = NOBODY) -> Decision:
    """A list that can be stored, holds nothing that may not be shown, nothing twice, and says why it is short."""
    decision = service.recommend(serving, request, person)
    shown = [action.product_id for action in decision.actions]
    assert len(set(shown)) == len(shown) <= request.n
    assert not {SOLD_OUT, EXCLUDED} & set(shown)
    assert all(serving.item(one) is not None for one in shown)
    assert all(np.isfinite(action.score) for action in decision.actions)
    assert (~np.isinf(np.array(decision.feature_rows, np.float64))).all()
    assert ("short" in decision.trace) == (len(shown) < request.n)
    kept = decisions.as_json([decision])
    orjson.loads(kept)
    return decision


ODD_PEOPLE = {
    "fifty thousand events": someone([IDS[0]] * 25_000 + [IDS[3]] * 25_000),
    "one event": someone([IDS[0]]),
    "only unknown things": someone([1, 2, -5, 2**62]),
    "unknown types": someone([IDS[0], IDS[1]], types=["no_such_type", ""]),
    "no clock": someone([IDS[0], IDS[1], IDS[2]], [float("nan"), float("inf"), float("-inf")]),
    "a clock that jumped ahead": someone([IDS[0], IDS[3]], [time.time() + 1e9, time.time() + DAY]),
    "a clock from before all clocks": someone([IDS[0], IDS[3]], [-1e18, 0.0]),
    "everything was seen and bought": replace(someone(IDS), bought=[*IDS, 99]),
    "refused": replace(NOBODY, refused=True),
}


@pytest.mark.parametrize("who", list(ODD_PEOPLE))
@pytest.mark.parametrize("surface", list(SURFACES))
def test_odd_people(serving: Serving, who: str, surface: str) -> None:
    context = IDS[0] if SURFACES[surface].needs_product else None
    for n in (1, 3, 100):
        made(serving, service.Request(surface, n, context, arrival=Arrival("search", ("Tea",))), ODD_PEOPLE[who])


def test_fifty_thousand_events_take_no_longer_than_a_blink(serving: Serving) -> None:
    began = time.perf_counter()
    made(serving, service.Request(n=4), ODD_PEOPLE["fifty thousand events"])
    assert time.perf_counter() - began < 1.0


def test_a_list_larger_than_the_catalogue_is_what_there_is(serving: Serving) -> None:
    decision = made(serving, service.Request(n=100))
    assert sorted(action.product_id for action in decision.actions) == sorted(set(IDS) - {SOLD_OUT, EXCLUDED})
    assert decision.trace["short"] == {"wanted": 100, "got": 4, "left_after_filters": 4}
    for n in (0, -1, 101):
        with pytest.raises(InvalidInput):
            service.recommend(serving, service.Request(n=n), NOBODY)


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(min_price=9, max_price=1),
        Wishes(min_price=float("nan")),
        Wishes(max_price=-1),
        Wishes(category="No such"),
        Wishes(category=""),
        Wishes(brand="No such"),
        Wishes(category=" > > "),
    ],
)
def test_wishes_that_leave_nothing_leave_nothing_and_say_so(serving: Serving, wishes: Wishes) -> None:
    for arrival in (None, Arrival("search", ("Tea",), (IDS[0],), "zh", 3, 6, "phone")):
        decision = made(serving, service.Request(n=5, wishes=wishes, arrival=arrival), someone([IDS[0]]))
        assert decision.actions == ()
        assert decision.trace["short"]["left_after_filters"] == 0
        assert any(decision.trace["filters"].values())


def test_all_excluded(serving: Serving) -> None:
    decision = made(serving, service.Request(n=5, exclude=tuple(IDS)), someone([IDS[0]]))
    assert decision.actions == ()
    assert decision.trace["filters"]["excluded_by_request"] == 4


@pytest.mark.parametrize("context", [-1, 2**62, 1])
def test_an_open_page_that_isnt_in_the_catalogue(serving: Serving, context: int) -> None:
    for surface in ("product", "alike", "goes_with"):
        made(serving, service.Request(surface, 3, context), someone([IDS[0]]))


class Broken(TextSource):
    """A source gone wrong: what it says is no number."""

    wrong = float("nan")

    def scores(self, query: Query) -> Float32:
        found = super().scores(query)
        found[::2] = self.wrong
        return found


@pytest.fixture(params=[float("nan"), float("inf"), float("-inf")])
def broken(fitted: Fitted, request: pytest.FixtureRequest) -> Iterator[Model]:
    text = fitted.sources["text"]
    assert isinstance(text, TextSource)
    was, text.__class__ = text.__class__, Broken
    Broken.wrong = request.param
    yield Model(vocabulary().product_ids, [fitted.sources[name] for name in SOURCES], Blend.default(SOURCES))
    text.__class__ = was


def test_a_source_that_says_no_number_spoils_no_list(broken: Model, serving: Serving) -> None:
    for person in (NOBODY, someone([IDS[0]]), someone([IDS[3], IDS[0]])):
        for arrival in (None, Arrival(landing=("Tea",))):
            decision = made(replace(serving, model=broken), service.Request(n=4, arrival=arrival), person)
            assert decision.actions
            assert not np.isnan(decision.trace["candidates"]["features"]).any()


def test_a_model_of_an_older_catalogue(model: Model) -> None:
    """The teapot is gone, a bottle of tea came: what is gone is never shown, what came may be."""
    ids = [*IDS, ADDED]
    texts = [*TEXTS, "Green tea in a bottle, loose leaf"]
    items: list[Item | None] = [item(one, text, time.time()) for one, text in zip(ids, texts, strict=True)]
    items[2] = None
    old = serve(model.extended(vocabulary((texts[-1],))), items, ids)
    for person in (NOBODY, someone([IDS[0], IDS[2]]), someone([IDS[2]]), someone([ADDED])):
        for surface in ("home", "cart", "email"):
            shown = [one.product_id for one in made(old, service.Request(surface, 100), person).actions]
            assert IDS[2] not in shown
    wanted = service.Request("home", 3)
    assert ADDED in [one.product_id for one in made(old, wanted, someone([IDS[0], IDS[1]])).actions]
    made(old, service.Request("alike", 3, IDS[2]), NOBODY)


def test_nothing_at_all() -> None:
    for ids, items in (([], []), ([5], [None]), ([SOLD_OUT], [item(SOLD_OUT, "gone")])):
        decision = made(
            serve(None, list(items), ids), service.Request(n=5, arrival=Arrival(landing=("Tea",))), someone([5])
        )
        assert decision.actions == ()
        assert decision.trace["short"]["left_after_filters"] == 0


def test_a_shop_of_one_thing_without_a_model() -> None:
    decision = made(serve(None, [item(1, "One")], [1]), service.Request(n=5), someone([1], [float("nan")]))
    assert decision.trace["short"]["wanted"] == 5
