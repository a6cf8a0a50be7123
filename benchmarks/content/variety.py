"""How varied texts are: distinct-2 (Li et al. 2016), self-BLEU-4 (Zhu et al. 2018), near-twins by exact Jaccard similarity of word triples."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Sequence

Words = tuple[str, ...]


def words(text: str) -> Words:
    return tuple(re.findall(r"[a-z0-9]+(?:['’-][a-z]+)*|[\u3400-\u9fff]", text.casefold()))


def runs(given: Words, length: int) -> Counter[Words]:
    return Counter(given[at : at + length] for at in range(len(given) - length + 1))


def distinct_2(texts: Sequence[Words]) -> float:
    """Different pairs of neighbouring words among all of them."""
    pairs: Counter[Words] = Counter()
    for one in texts:
        pairs += runs(one, 2)
    return len(pairs) / max(1, sum(pairs.values()))


def self_bleu_4(texts: Sequence[Words], sample: int, seed: int) -> float:
    """The mean BLEU-4 of a text against all others: 1 where they repeat each other. Sampled texts, all others as references."""
    dice = random.Random(seed)
    best: list[dict[Words, list[int]]] = []
    for length in range(1, 5):
        most: dict[Words, list[int]] = {}
        for one in texts:
            for run, count in runs(one, length).items():
                kept = most.setdefault(
                    run, [0, 0]
                )  # the highest and the second highest count: a text isn't its own reference
                if count > kept[0]:
                    kept[0], kept[1] = count, kept[0]
                elif count > kept[1]:
                    kept[1] = count
        best.append(most)
    scores = []
    for at in dice.sample(range(len(texts)), min(sample, len(texts))):
        one = texts[at]
        logs = 0.0
        for length in range(1, 5):
            own = runs(one, length)
            total = sum(own.values())
            clipped = sum(
                min(count, best[length - 1][run][1] if best[length - 1][run][0] == count else best[length - 1][run][0])
                for run, count in own.items()
            )
            logs += math.log((clipped + 1e-9) / max(1, total)) / 4 if total else 0.0
        scores.append(math.exp(logs))
    return sum(scores) / len(scores)


def near_twins(texts: Sequence[Words], least: float = 0.8) -> float:
    """The share of texts of which another one has at least this Jaccard similarity of word triples."""
    sets = [frozenset(runs(one, 3)) for one in texts]
    where: dict[Words, list[int]] = {}
    for at, marks in enumerate(sets):
        for run in marks:
            where.setdefault(run, []).append(at)
    twins: set[int] = set()
    for at, marks in enumerate(sets):
        if at in twins or not marks:
            continue
        shared: Counter[int] = Counter()
        for run in marks:
            if len(where[run]) < 400:
                shared.update(where[run])
        for other, count in shared.items():
            if other != at and count / len(marks | sets[other]) >= least:
                twins.update((at, other))
    return len(twins) / max(1, len(texts))
