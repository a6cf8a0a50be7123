"""The inner loops of serving, compiled: a list is a few thousand small sums, and NumPy's calls cost more than the sums do.

Plain loops over arrays (numba, Lam et al. 2015). Compiled once and kept on disk; `warm` asks each once, so that no request waits for
it. Functions here are told arrays of fixed types: their callers are the only ones who should. Knows no source and no product.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from regulars.recommend.dataset import Float32, Int32, Int64

Loop = TypeVar("Loop", bound=Callable[..., Any])
Bool = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]

SMALL = 1e-12


def compiled(loop: Loop) -> Loop:
    """The same function, compiled when it is first called; kept on disk where there is a place for it."""
    try:
        return cast(Loop, numba.njit(cache=True, nogil=True)(loop))
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return cast(Loop, numba.njit(nogil=True)(loop))


@compiled
def weigh(strengths: Float32, ages: Float32, log_decay: float, log_fade: float) -> Float32:
    """(h,) weights of a history, oldest first, their sum is 1: strength^½ · e^(log_decay · steps back) · e^(−log_fade · age)."""
    count = len(strengths)
    logs = np.empty(count, np.float64)
    top = -np.inf
    for place in range(count):
        logs[place] = (
            (count - 1 - place) * log_decay - ages[place] * log_fade + 0.5 * math.log(max(strengths[place], 1e-6))
        )
        top = max(top, logs[place])
    total = 0.0
    for place in range(count):
        logs[place] = math.exp(logs[place] - top)
        total += logs[place]
    return (logs / total).astype(np.float32)


@compiled
def latest_of_each(items: Int32) -> Int64:
    """(d,) where each different item stands last, ascending."""
    count = len(items)
    kept = np.empty(count, np.int64)
    found = 0
    for place in range(count - 1, -1, -1):
        again = False
        for other in range(found):
            if items[kept[other]] == items[place]:
                again = True
                break
        if not again:
            kept[found] = place
            found += 1
    return kept[:found][::-1].copy()


@compiled
def added_up(offsets: Int64, indices: Int32, weights: Float32, of: Int32, shares: Float32) -> Float32:
    """(n,) Σ share(h) · weight(h → item) over the neighbour lists of each h in `of`."""
    sums = np.zeros(len(offsets) - 1, np.float64)
    for row in range(len(of)):
        for place in range(offsets[of[row]], offsets[of[row] + 1]):
            sums[indices[place]] += weights[place] * shares[row]
    return sums.astype(np.float32)


@compiled
def _place_in(ordered: Int32, item: int) -> int:
    """Where an item stands in an ascending array, −1 where it doesn't."""
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) // 2
        if ordered[middle] < item:
            low = middle + 1
        else:
            high = middle
    return low if low < len(ordered) and ordered[low] == item else -1


@compiled
def between(offsets: Int64, indices: Int32, weights: Float32, of: Int32, items: Int32) -> Float32:
    """(h, m) weights of these items in the neighbour lists of each of `of`; 0 where one isn't in a list. items: each once."""
    out = np.zeros((len(of), len(items)), np.float32)
    order = np.argsort(items)
    ordered = items[order]
    for row in range(len(of)):
        for place in range(offsets[of[row]], offsets[of[row] + 1]):
            found = _place_in(ordered, indices[place])
            if found >= 0:
                out[row, order[found]] = weights[place]
    return out


@compiled
def sum_up(weights: Float32, out: Float32, column: int, columns: int) -> None:
    """(h, m), the latest step first → the first of these four into (m, …) `out` from `column` on: with the latest, at most, on average,
    and how many are not 0.
    """
    steps, count = weights.shape
    for item in range(count):
        most, total, met = weights[0, item], 0.0, 0
        for step in range(steps):
            one = weights[step, item]
            most = max(most, one)
            total += one
            met += one != 0
        out[item, column] = weights[0, item]
        out[item, column + 1] = most
        out[item, column + 2] = total / steps
        if columns > 3:
            out[item, column + 3] = met


@compiled
def of_sources(
    out: Float32,
    columns: Int64,
    width: int,
    values: Float32,
    places: npt.NDArray[np.int16],
    scores: Float32,
    not_listed: float,
) -> None:
    """Fills the columns that sources have in a ranker's rows, (c, …): value, log(1 + place) and the highest value of any, `width` apart;
    behind them the blended score less the first one's, and the place.

    columns: (sources,) where each source's value goes. values, places: (c, sources), −1 where not listed. scores: (c,).
    """
    count, sources = values.shape
    for source in range(sources):
        most = values[0, source]
        for row in range(count):
            most = max(most, values[row, source])
        for row in range(count):
            place = places[row, source]
            out[row, columns[source]] = values[row, source]
            out[row, width + columns[source]] = math.log1p(not_listed if place < 0 else place)
            out[row, 2 * width + columns[source]] = most
    for row in range(count):
        out[row, 3 * width] = scores[row] - scores[0]
        out[row, 3 * width + 1] = row


@compiled
def best_above(scores: Float32, count: int, floor: float, barred: Bool) -> tuple[Int32, Int32]:
    """The `count` highest of (n,) scores above the floor that aren't barred, best first, equal ones by position; and the barred
    ones, `count` at most, that would have stood among them.

    barred: (n,), or (0,) where nothing is. One pass and a heap whose root is the worst that is kept.
    """
    count = min(count, len(scores))
    heap = np.empty(max(count, 1), np.int32)
    size = 0
    any_barred = len(barred) > 0
    least = np.float32(floor)  # what a score has to pass: most don't, and nothing more is looked at of them
    for item in range(len(scores)):
        score = scores[item]
        if not score > least or (any_barred and barred[item]):
            continue
        if size < count:
            place = size
            size += 1
            while place > 0:
                parent = (place - 1) // 2
                above = heap[parent]
                # An item that comes later is worse than an equal one before it.
                if scores[above] < score:
                    break
                heap[place] = above
                place = parent
            heap[place] = item
        elif count > 0:
            place = 0
            while True:
                child = 2 * place + 1
                if child >= size:
                    break
                if child + 1 < size and _worse(scores, heap[child + 1], heap[child]):
                    child += 1
                if not _worse(scores, heap[child], item):
                    break
                heap[place] = heap[child]
                place = child
            heap[place] = item
        if size == count and count > 0:
            least = max(least, scores[heap[0]])
    kept = np.sort(heap[:size])
    kept = kept[np.argsort(-scores[kept], kind="mergesort")]
    if not any_barred:
        return kept, np.empty(0, np.int32)
    least = scores[kept[size - 1]] if size == count and size > 0 else np.float32(floor)
    removed = np.empty(len(scores), np.int32)
    out = 0
    for item in range(len(scores)):
        if barred[item] and scores[item] > floor and scores[item] >= least:
            removed[out] = item
            out += 1
    gone = removed[:out].copy()
    if out > count:
        gone = gone[np.argsort(-scores[gone], kind="mergesort")[:count]]
    return kept, gone


@compiled
def _worse(scores: Float32, one: int, other: int) -> bool:
    return scores[one] < scores[other] or (scores[one] == scores[other] and one > other)


@compiled
def merged(proposed: Int32, offsets: Int64) -> tuple[Int32, npt.NDArray[np.int16]]:
    """Several sources' lists, one after the other, as (c,) items, ascending, each once, and (c, sources) each one's place in each
    list, −1 where it isn't in it. offsets: (sources + 1,).
    """
    ordered = np.sort(proposed)
    items = np.empty(len(ordered), np.int32)
    count = 0
    for place in range(len(ordered)):
        if place == 0 or ordered[place] != ordered[place - 1]:
            items[count] = ordered[place]
            count += 1
    items = items[:count].copy()
    ranks = np.full((count, len(offsets) - 1), -1, np.int16)
    for source in range(len(offsets) - 1):
        for place in range(offsets[source], offsets[source + 1]):
            ranks[_place_in(items, proposed[place]), source] = place - offsets[source]
    return items, ranks


@compiled
def of_facts(
    out: Float32,
    column: int,
    prices: Float32,
    kinds: Int32,
    brands: Int32,
    created: Float64,
    now: float,
    steps: Int32,
    items: Int32,
) -> None:
    """Fills seven columns of `out` from `column` on: price_fit, price_known, kind_share, kind_last, brand_share, brand_last, days_old.

    prices, kinds, brands, created: (n,) of all items. steps: (h,) the latest first. What is unknown stays as it is.
    """
    paid = np.empty(len(steps), np.float64)
    known = 0
    for step in range(len(steps)):
        if prices[steps[step]] > 0:
            paid[known] = prices[steps[step]]
            known += 1
    usual = math.log(np.median(paid[:known])) if known else np.nan
    for row in range(len(items)):
        item = items[row]
        if prices[item] > 0:
            out[row, column + 1] = math.log(prices[item])
            if known:
                out[row, column] = out[row, column + 1] - usual
        if len(steps):
            for which in range(2):
                codes = kinds if which == 0 else brands
                if codes[item] >= 0:
                    same = 0
                    for step in range(len(steps)):
                        same += codes[steps[step]] == codes[item]
                    out[row, column + 2 + 2 * which] = same / len(steps)
                    out[row, column + 3 + 2 * which] = codes[steps[0]] == codes[item]
        days = (now - created[item]) / 86_400
        if not math.isnan(days):
            out[row, column + 6] = math.log1p(max(days, 0.0))


@compiled
def without_each(
    offsets: Int64,
    indices: Int32,
    weights: Float32,
    of: Int32,
    shares: Float32,
    steps: Int32,
    items: Int32,
    small_share: float,
) -> Float32:
    """(h, m) what lists of neighbours say of these items without each of the steps, on the blend's scale; the other things of the
    history weigh what they weighed.

    of, shares: the weighed history. steps: (h,) items of it. small_share: above 0, the scale is log(1 + share of all / small_share);
    else the scores are means over the history's weights.
    """
    order = np.argsort(items)
    ordered = items[order]
    total = np.zeros(len(items), np.float64)
    mass = 0.0
    own = np.zeros((len(steps), len(items)), np.float64)
    own_mass = np.zeros(len(steps), np.float64)
    own_share = np.zeros(len(steps), np.float64)
    for row in range(len(of)):
        step = -1
        for one in range(len(steps)):
            if steps[one] == of[row]:
                step = one
                break
        if step >= 0:
            own_share[step] += shares[row]
        for place in range(offsets[of[row]], offsets[of[row] + 1]):
            one = weights[place] * shares[row]
            mass += one
            if step >= 0:
                own_mass[step] += one
            found = _place_in(ordered, indices[place])
            if found >= 0:
                total[order[found]] += one
                if step >= 0:
                    own[step, order[found]] += one
    left = np.empty((len(steps), len(items)), np.float32)
    for step in range(len(steps)):
        rest = mass - own_mass[step]
        weighed = max(1.0 - own_share[step], 1e-6)
        for item in range(len(items)):
            score = max(total[item] - own[step, item], 0.0)
            if small_share > 0:
                left[step, item] = math.log1p(score / (small_share * rest)) if rest > SMALL else 0.0
            else:
                left[step, item] = score / weighed
    return left


@compiled
def centred(values: Float32, left: Float32, weight: float) -> Float32:
    """(m,) with all steps, (h, m) without each → (h, m) weight · (values − left), less each row's median."""
    steps, count = left.shape
    out = np.empty((steps, count), np.float32)
    row = np.empty(count, np.float32)
    for step in range(steps):
        for item in range(count):
            row[item] = weight * (values[item] - left[step, item])
        middle = np.median(row)
        for item in range(count):
            out[step, item] = row[item] - middle
    return out


@compiled
def falls(scores: Float32, effect: Float32, places: Int64) -> Int64:
    """(h, p) how many places each of the items at `places` falls among (m,) scores when a step's (h, m) effect is taken away."""
    steps, count = effect.shape
    out = np.zeros((steps, len(places)), np.int64)
    for one in range(len(places)):
        own = scores[places[one]]
        before = 0
        for item in range(count):
            before += scores[item] > own
        for step in range(steps):
            own = scores[places[one]] - effect[step, places[one]]
            above = 0
            for item in range(count):
                above += scores[item] - effect[step, item] > own
            out[step, one] = above - before
    return out


@compiled
def causes_of(fell: Int64, together: Float32, by_source: Float32, places: Int64, least: int) -> tuple[Int64, Int64]:
    """For each of (p,) places the step without which it falls furthest, of equal ones what did most for it, and the source through
    which it does most; −1 where it falls less than `least` places or the step held it back.

    fell: (h, p). together: (h, m), the sum of by_source, (sources, h, m). places: (p,) columns of both.
    """
    steps = np.full(len(places), -1, np.int64)
    sources = np.full(len(places), -1, np.int64)
    for one in range(len(places)):
        column = places[one]
        best = 0
        for step in range(1, len(fell)):
            further = fell[step, one] > fell[best, one]
            as_far = fell[step, one] == fell[best, one] and together[step, column] > together[best, column]
            if further or as_far:
                best = step
        if fell[best, one] < least or together[best, column] <= 0:
            continue
        steps[one] = best
        through = 0
        for source in range(1, len(by_source)):
            if by_source[source, best, column] > by_source[through, best, column]:
                through = source
        sources[one] = through
    return steps, sources


@compiled
def histories_without(items: Int32, steps: Int32, length: int) -> tuple[Int32, Int64]:
    """(h, length) histories without each of the steps, their latest things without immediate repeats, oldest first from column 0;
    and (h,) how long each is.
    """
    out = np.zeros((len(steps), length), np.int32)
    lengths = np.zeros(len(steps), np.int64)
    for step in range(len(steps)):
        found = 0
        for place in range(len(items) - 1, -1, -1):
            if items[place] == steps[step] or (found and out[step, found - 1] == items[place]):
                continue
            if found == length:
                break
            out[step, found] = items[place]
            found += 1
        out[step, :found] = out[step, :found][::-1].copy()
        lengths[step] = found
    return out, lengths


@compiled
def tree_without(items: Int32, steps: Int32, length: int) -> tuple[Int32, Int64, Int64]:
    """Histories without each of the steps as one tree of what they share: (t,) items; (t, t) how many steps before each the others
    are, −1 for those that it doesn't see; (h + 1,) where each history ends, −1 for one that is empty, and last of all the whole one.

    The latest `length` items without immediate repeats come first, as they were. Of each history only what follows the first thing
    that is missing is written anew: what stands before it can't know.
    """
    base = np.empty(length, np.int32)
    size = 0
    for place in range(len(items) - 1, -1, -1):
        if size and base[size - 1] == items[place]:
            continue
        if size == length:
            break
        base[size] = items[place]
        size += 1
    base = base[:size][::-1].copy()
    most = size * (1 + len(steps))
    tokens = np.empty(most, np.int32)
    distance = np.full((most, most), -1, np.int64)
    last = np.full(len(steps) + 1, -1, np.int64)
    last[len(steps)] = size - 1
    for place in range(size):
        tokens[place] = base[place]
        for other in range(place + 1):
            distance[place, other] = place - other
    count = size
    path = np.empty(size, np.int64)
    for step in range(len(steps)):
        rest = 0
        for place in range(size):
            if base[place] == steps[step]:
                continue
            if rest and base[path[rest - 1]] == base[place]:
                path[rest - 1] = place  # the last of a run stands for it
            else:
                path[rest] = place
                rest += 1
        shared = 0
        while shared < rest and path[shared] == shared:
            shared += 1
        for rank in range(shared, rest):
            tokens[count] = base[path[rank]]
            path[rank] = count
            for other in range(rank + 1):
                distance[count, path[other]] = rank - other
            count += 1
        if rest:
            last[step] = path[rest - 1]
    return tokens[:count].copy(), distance[:count, :count].copy(), last


@compiled
def arranged(kinds: Int32, n: int, most: int) -> tuple[Int64, int]:
    """The rows in the order in which they are taken when past `most` of n places those of a kind wait, and how many were put off
    behind a later one. kinds: (c,) from 0 on; negative for none.
    """
    count = len(kinds)
    used = np.zeros(count, np.bool_)
    order = np.empty(count, np.int64)
    taken = 0
    last = -1
    for row in range(count):
        if taken == n:
            break
        same = 0
        if kinds[row] >= 0:
            for place in range(taken):
                same += kinds[order[place]] == kinds[row]
        if kinds[row] >= 0 and same >= most:
            continue
        order[taken] = row
        used[row] = True
        taken += 1
        last = row
    put_off = 0
    for row in range(last):
        put_off += not used[row]
    place = taken
    for row in range(count):
        if not used[row]:
            order[place] = row
            place += 1
    return order, put_off


@compiled
def spanning(quality: Float64, alike: Float32, count: int) -> Int64:
    """(count,) rows, greedily those that add most to the volume that the rows before span, under the kernel q_i S_ij q_j.

    quality: (m,). alike: (m, m), 1 on the diagonal (Chen, Zhang & Zhou 2018, algorithm 1).
    """
    size = len(quality)
    gain = quality * quality
    left = np.ones(size, np.bool_)
    spanned = np.zeros((count, size))
    chosen = np.zeros(count, np.int64)
    for step in range(count):
        row, most = -1, -np.inf
        for one in range(size):
            if left[one] and gain[one] > most:
                row, most = one, gain[one]
        if row < 0:
            return chosen[:step]
        chosen[step] = row
        left[row] = False
        root = math.sqrt(max(gain[row], 1e-60))
        for one in range(size):
            own = quality[row] * alike[row, one] * quality[one]
            for before in range(step):
                own -= spanned[before, row] * spanned[before, one]
            own /= root
            spanned[step, one] = own
            gain[one] = max(gain[one] - own * own, 0.0)
    return chosen


def warm() -> None:
    """Makes sure that all of these are compiled. The first time it takes some seconds; later, what is kept on disk is read."""
    offsets, indices = np.array([0, 1, 2], np.int64), np.array([1, 0], np.int32)
    ones, items = np.ones(2, np.float32), np.array([0, 1], np.int32)
    table = np.ones((2, 2), np.float32)
    weigh(ones, ones, 0.0, 0.0)
    latest_of_each(items)
    added_up(offsets, indices, ones, items, ones)
    sum_up(between(offsets, indices, ones, items, items), np.ones((2, 7), np.float32), 0, 4)
    of_sources(
        np.ones((2, 5), np.float32),
        np.array([0], np.int64),
        1,
        np.ones((2, 1), np.float32),
        np.ones((2, 1), np.int16),
        ones,
        300.0,
    )
    best_above(ones, 1, 0.0, np.zeros(2, np.bool_))
    merged(items, np.array([0, 2], np.int64))
    of_facts(np.ones((2, 7), np.float32), 0, ones, items, items, np.ones(2), 0.0, items, items)
    without_each(offsets, indices, ones, items, ones, items, items, 0.0)
    effect = centred(ones, table, 1.0)
    place = np.array([0], np.int64)
    causes_of(falls(ones, effect, place), effect, np.ones((1, 2, 2), np.float32), place, 1)
    histories_without(items, items, 2)
    tree_without(items, items, 2)
    arranged(items, 1, 1)
    spanning(np.ones(2), table, 2)
