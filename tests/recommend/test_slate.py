"""The slate: pins, caps, variety and drawn places over candidates of numbers alone, whose right answers a reader sees by eye."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.recommend.dataset import Float32
from regulars.recommend.model import Candidates
from regulars.recommend.rules.book import NOTHING, Cap, Pin, Steering
from regulars.recommend.slate import (
    EXPLORE_FLOOR,
    EXPLORE_POOL,
    Exposures,
    Limits,
    Slate,
    composed,
    diversified,
    in_spreads,
    moved,
    reordered,
    spread,
)

ITEMS = np.arange(40, dtype=np.int32) + 100
N = 200  # items of the imagined catalogue


def mask(*items: int) -> npt.NDArray[np.bool_]:
    out = np.zeros(N, np.bool_)
    out[list(items)] = True
    return out


def groups(**of: Sequence[int]) -> npt.NDArray[np.int32]:
    out = np.full(N, -1, np.int32)
    for number, items in enumerate(of.values()):
        out[list(items)] = number
    return out


def items_of(slate: Slate) -> list[int]:
    return [one.item for one in slate.placed]


def exposures(
    shown: dict[int, float],
    clicked: dict[int, float],
    under: Sequence[int] = (),
    usual: tuple[float, float] = (500, 10),
) -> Exposures:
    """Every item as usual, some of them otherwise."""
    seen, followed = np.full(N, usual[0], np.float32), np.full(N, usual[1], np.float32)
    for item, value in shown.items():
        seen[item] = value
    for item, value in clicked.items():
        followed[item] = value
    return Exposures(seen, followed, mask(*under))


def candidates(scores: Sequence[float], items: Sequence[int] | None = None) -> Candidates:
    some = np.array(range(len(scores)) if items is None else items, np.int32)
    own = np.array(scores, np.float32)
    ranks = np.arange(len(some), dtype=np.int16)[:, None]
    return Candidates(some, own, own[:, None], ("only",), ranks, ("only",), np.zeros(0, np.int32))


# Places


def test_without_anything_a_list_is_the_best_in_order() -> None:
    slate = composed(ITEMS, range(40), 5)
    assert items_of(slate) == [100, 101, 102, 103, 104]
    assert {(one.how, one.propensity) for one in slate.placed} == {("rank", None)}


def test_pins_stand_at_their_places_and_the_rest_flows_around_them() -> None:
    steering = Steering(pins=(Pin(1, 150, 1), Pin(2, 103, 3)))
    slate = composed(ITEMS, range(40), 5, steering=steering)
    assert items_of(slate) == [100, 150, 101, 103, 102]
    assert [(one.how, one.line, one.row) for one in slate.placed if one.how == "pin"] == [("pin", 1, -1), ("pin", 2, 3)]


def test_two_pins_for_one_place_stand_beside_each_other() -> None:
    slate = composed(ITEMS, range(40), 4, steering=Steering(pins=(Pin(1, 150, 0), Pin(2, 151, 0))))
    assert items_of(slate) == [150, 151, 100, 101]


def test_a_list_too_short_for_its_pins_closes_up() -> None:
    slate = composed(ITEMS[:2], range(2), 8, steering=Steering(pins=(Pin(1, 150, 6),)))
    assert items_of(slate) == [100, 101, 150]


def test_a_pin_that_may_not_stand_there_says_why() -> None:
    steering = Steering(
        pins=(Pin(1, 150, 0), Pin(2, 151, 1), Pin(3, 152, 9), Pin(4, 151, 2), Pin(5, 153, 3)),
        caps=(Cap(8, 1, mask(151, 153)),),
    )
    slate = composed(ITEMS, range(40), 4, steering=steering, why_not=lambda item: "out_of_stock" if item == 150 else "")
    assert slate.unpinned == [(150, 1, "out_of_stock"), (152, 3, "no_place"), (151, 4, "no_place"), (153, 5, "rule:8")]
    assert items_of(slate) == [100, 151, 101, 102]


def test_places_that_stay_empty_are_filled_from_more_without_repeating_or_breaking_a_cap() -> None:
    steering = Steering(caps=(Cap(1, 1, mask(110, 111, 112)),))
    slate = composed(ITEMS[:2], range(2), 6, steering=steering, more=iter([100, 110, 111, 120, 112, 121]))
    assert items_of(slate) == [100, 101, 110, 120, 121]
    assert [one.how for one in slate.placed] == ["rank", "rank", "fill", "fill", "fill"]


# Caps


def test_a_cap_holds_over_pins_ranked_and_drawn() -> None:
    steering = Steering(
        pins=(Pin(1, 100, 0),),
        caps=(Cap(2, 2, None, groups(a=range(100, 110), b=range(110, 120), c=range(120, 130))),),
    )
    for seed in range(30):
        slate = composed(ITEMS, range(40), 8, steering=steering, slots=3, seed=seed)
        counted = Counter((item - 100) // 10 for item in items_of(slate) if item < 130)
        assert len(slate.placed) == 8
        assert max(counted.values()) <= 2
        assert slate.capped[0] == (102, 2)


def test_limits_say_which_cap_blocks_and_what_is_open() -> None:
    limits = Limits((Cap(3, 1, mask(5, 6)), Cap(4, 2, None, groups(a=(5, 7, 8), b=(9,))), Cap(5, 0, mask(1))))
    assert limits.blocking(5) is None
    assert limits.blocking(1) == 5
    limits.take(5)
    assert (limits.blocking(6), limits.blocking(7)) == (3, None)
    limits.take(7)
    assert (limits.blocking(8), limits.blocking(9)) == (4, None)
    assert np.flatnonzero(limits.open(mask(1, 5, 6, 7, 8, 9, 10))).tolist() == [9, 10]


def test_an_untouched_cap_leaves_everything_open() -> None:
    free = mask(1, 2, 3)
    assert Limits((Cap(1, 1, mask(1, 2)), Cap(2, 3, None, groups(a=(3,))))).open(free).tolist() == free.tolist()


# Drawn places


def frequencies(count: int, **asked: object) -> tuple[Counter[int], dict[int, set[float]]]:
    """How often each item was drawn into the last of five places, and with which propensities."""
    drawn: Counter[int] = Counter()
    said: dict[int, set[float]] = {}
    for seed in range(count):
        last = composed(ITEMS, range(40), 5, slots=1, seed=seed, **asked).placed[-1]  # type: ignore[arg-type]
        assert last.how == "explore"
        assert last.propensity is not None
        drawn[last.item] += 1
        said.setdefault(last.item, set()).add(round(last.propensity, 9))
    return drawn, said


@pytest.mark.parametrize(
    ("known", "floor"),
    [
        (None, 0.0),
        (exposures({}, {}), 0.0),
        (exposures({108: 2_000}, {108: 200}), 0.0),
        (exposures({110: 0, 139: 0}, {110: 0, 139: 0}, under=(110, 130, 139)), 0.4),
    ],
)
def test_propensities_add_up_to_one_and_are_how_often_things_are_drawn(known: Exposures | None, floor: float) -> None:
    count = 4_000
    drawn, said = frequencies(count, exposures=known, floor=floor)
    assert all(len(values) == 1 for values in said.values()), "one item, one chance"
    chances = {item: values.pop() for item, values in said.items()}
    assert sum(chances.values()) == pytest.approx(1, abs=1e-6)  # every item of the pool was drawn at some time
    for item, chance in chances.items():
        error = 5 * np.sqrt(chance * (1 - chance) / count)
        assert abs(drawn[item] / count - chance) < error + 1e-9, item


def test_only_the_next_twenty_are_drawn_evenly_while_too_little_is_known() -> None:
    few = exposures({}, {}, usual=(10, 0.0))
    assert not few.enough
    for known in (None, few):
        drawn, said = frequencies(2_000, exposures=known, floor=0.9)
        assert set(drawn) == set(range(104, 104 + EXPLORE_POOL))
        assert {value for values in said.values() for value in values} == {round(1 / EXPLORE_POOL, 9)}


def test_what_is_surely_better_is_drawn_more_and_nothing_has_no_chance() -> None:
    _, said = frequencies(4_000, exposures=exposures({108: 2_000}, {108: 400}))
    chances = {item: min(values) for item, values in said.items()}
    assert chances[108] > 0.85
    assert len(chances) == EXPLORE_POOL
    assert min(chances.values()) >= EXPLORE_FLOOR / EXPLORE_POOL - 1e-9


def test_what_was_shown_little_is_drawn_more_than_what_is_known_to_be_usual() -> None:
    _, said = frequencies(3_000, exposures=exposures({110: 0}, {110: 0}))
    assert min(said[110]) > 2 * min(said[109])


def test_the_floor_gives_under_exposed_items_their_share_wherever_they_stand() -> None:
    under = (111, 130, 135)  # the last two are past the pool
    known = exposures({}, {}, under=under)
    drawn, said = frequencies(4_000, exposures=known, floor=0.3)
    assert sum(drawn[item] for item in (130, 135)) / 4_000 == pytest.approx(0.2, abs=0.03)
    assert min(said[130]) == pytest.approx(0.1)
    assert min(said[111]) > min(said[110])
    assert set(frequencies(500, exposures=known, floor=0.0)[0]) <= set(range(104, 104 + EXPLORE_POOL))
    assert set(frequencies(300, exposures=known, floor=1.0)[0]) == set(under)


def test_a_draw_never_takes_what_a_cap_blocks() -> None:
    steering = Steering(caps=(Cap(1, 0, mask(*range(104, 140, 2))),))
    drawn, _ = frequencies(400, steering=steering)
    assert not {item for item in drawn if item % 2 == 0}


def test_no_more_places_are_tried_out_than_there_are_candidates_without_a_place() -> None:
    ways = [one.how for one in composed(ITEMS[:6], range(6), 5, slots=3).placed]
    assert ways == ["rank"] * 4 + ["explore"]
    assert {one.how for one in composed(ITEMS[:5], range(5), 5, slots=3).placed} == {"rank"}


def test_a_seed_repeats_its_draws() -> None:
    def again(seed: int) -> list[int]:
        return items_of(composed(ITEMS, range(40), 8, slots=3, seed=seed))

    assert again(5) == again(5)
    assert len({tuple(again(seed)) for seed in range(10)}) > 5


@given(
    count=st.integers(0, 30),
    n=st.integers(1, 20),
    slots=st.integers(0, 5),
    seed=st.integers(0, 2**40),
    floor=st.floats(0, 1),
    pins=st.lists(st.tuples(st.integers(90, 140), st.integers(0, 22)), max_size=5),
    caps=st.lists(st.tuples(st.integers(0, 3), st.integers(2, 5)), max_size=3),
    known=st.booleans(),
)
def test_no_list_repeats_an_item_breaks_a_cap_or_grows_past_its_length(
    count: int,
    n: int,
    slots: int,
    seed: int,
    floor: float,
    pins: list[tuple[int, int]],
    caps: list[tuple[int, int]],
    known: bool,
) -> None:
    numbers = np.arange(N)
    made = tuple(Cap(line, most, None, (numbers % apart).astype(np.int32)) for line, (most, apart) in enumerate(caps))
    steering = Steering(pins=tuple(Pin(9, item, place) for item, place in sorted(pins, key=lambda p: p[1])), caps=made)
    slate = composed(
        ITEMS[:count], range(count), n, steering=steering, slots=slots, seed=seed, more=iter(range(140, 160)),
        exposures=exposures({}, {}, under=(101, 119)) if known else None, floor=floor,
    )  # fmt: skip
    found = items_of(slate)
    assert len(found) == len(set(found)) <= n
    for most, apart in caps:
        assert max(Counter(item % apart for item in found).values(), default=0) <= most
    for one in slate.placed:
        assert (one.propensity is not None) == (one.how == "explore")
        assert one.propensity is None or 0 < one.propensity <= 1 + 1e-9
        assert one.row < 0 or ITEMS[one.row] == one.item


# What moves candidates


def test_a_factor_moves_as_far_whatever_scale_the_scores_have() -> None:
    factors = np.zeros(6, np.float32)
    factors[4] = np.log(3)
    steering = Steering(factors=factors)
    scores = [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]
    for scale in (1.0, 1_000.0):
        own = candidates([scale * one for one in scores])
        after, why = moved(own, steering)
        assert after.items.tolist() == [0, 1, 2, 4, 3, 5]
        assert why.rules is not None
        unit = spread(own.scores)
        assert why.rules.tolist() == pytest.approx([0, 0, 0, unit * np.log(3), 0, 0], rel=1e-5)
        assert after.features[:, 0].tolist() == pytest.approx([scale * scores[item] for item in after.items])


def test_tiredness_sinks_what_was_shown_again_and_again() -> None:
    own = candidates([3.0, 2.9, 2.8, 2.7])
    once, none = moved(own, NOTHING, {0: 1}, 1.0)
    assert (once.items.tolist(), none.any) == ([0, 1, 2, 3], False)
    often, why = moved(own, NOTHING, {0: 30}, 1.0)
    assert often.items.tolist() == [1, 2, 3, 0]
    assert why.tired is not None
    assert why.tired[-1] == pytest.approx(-spread(own.scores) * np.log(30), rel=1e-5)
    assert moved(own, NOTHING, {0: 30}, 0.0)[0].items.tolist() == [0, 1, 2, 3]


def test_worth_for_coming_back_moves_too_and_is_kept_apart() -> None:
    after, why = moved(candidates([3.0, 2.0, 1.0]), NOTHING, value=np.array([0, 0, 5], np.float32))
    assert after.items.tolist() == [2, 0, 1]
    assert (why.rules, why.tired) == (None, None)
    assert why.return_value is not None
    assert int(why.return_value.argmax()) == 0


def test_scores_in_spreads_are_the_same_on_any_scale_and_flat_ones_stay_flat() -> None:
    scores = np.linspace(3, -3, 80, dtype=np.float32)
    found = in_spreads(scores)
    assert found[:50].mean() == pytest.approx(0, abs=1e-5)
    assert found[:50].std() == pytest.approx(1, abs=1e-5)
    assert np.allclose(in_spreads(7 * scores), found, atol=1e-4)
    assert in_spreads(np.full(5, 0.25, np.float32)).tolist() == [0.0] * 5
    assert len(in_spreads(np.zeros(0, np.float32))) == 0


def test_nothing_moves_nothing() -> None:
    own = candidates([2.0, 1.0])
    after, why = moved(own, NOTHING)
    assert after is own
    assert not why.any
    empty = candidates([])
    assert len(moved(empty, Steering(factors=np.ones(3, np.float32)))[0]) == 0


def test_rows_of_the_ranker_go_along() -> None:
    own = candidates([3.0, 2.0, 1.0])
    made = reordered(own, np.array([1.0, 2.0, 3.0], np.float32))
    assert made.items.tolist() == [2, 1, 0]
    assert made.ranks[:, 0].tolist() == [2, 1, 0]
    assert made.scores.tolist() == [3.0, 2.0, 1.0]


# Diversity


def kinds_alike(kinds: Sequence[int]) -> Callable[[npt.NDArray[np.int64]], Float32]:
    numbers = np.array(kinds)

    def alike(rows: npt.NDArray[np.int64]) -> Float32:
        own = numbers[rows]
        return np.asarray(own[:, None] == own[None, :], np.float32)

    return alike


SCORES = np.linspace(1, 0.1, 12).astype(np.float32)
KINDS = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3]


def test_the_dial_at_zero_is_the_order_of_the_scores() -> None:
    assert diversified(SCORES, kinds_alike(KINDS), 0.0, 6) == list(range(12))


def test_the_dial_at_one_spreads_over_all_kinds_first() -> None:
    order = diversified(SCORES, kinds_alike(KINDS), 1.0, 4)
    assert {KINDS[row] for row in order[:4]} == {0, 1, 2, 3}


def test_between_the_two_the_best_of_each_kind_comes_and_variety_only_grows() -> None:
    counts = []
    for dial in (0.0, 0.2, 0.5, 0.8, 1.0):
        order = diversified(SCORES, kinds_alike(KINDS), dial, 5)
        assert sorted(order) == list(range(12))
        counts.append(len({KINDS[row] for row in order[:5]}))
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (1, 4)
    assert diversified(SCORES, kinds_alike(KINDS), 0.5, 5)[:2] == [0, 5]


@given(
    scores=st.lists(st.floats(-5, 5, width=32), max_size=25),
    dial=st.floats(0, 1),
    n=st.integers(1, 30),
    apart=st.integers(1, 6),
)
def test_every_row_stands_in_the_order_once(scores: list[float], dial: float, n: int, apart: int) -> None:
    own = np.array(sorted(scores, reverse=True), np.float32)
    order = diversified(own, kinds_alike([row % apart for row in range(len(own))]), dial, n)
    assert sorted(order) == list(range(len(own)))
