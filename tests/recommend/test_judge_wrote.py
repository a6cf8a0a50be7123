"""What customers wrote, in what the judge reads: the latest words before the choice, never later ones, never a refusing person's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regulars.language import encoder_weights as weights
from regulars.language.text_features import TextSettings
from regulars.recommend.dataset import Histories, Searches
from regulars.recommend.judge.cross import Teacher
from regulars.recommend.judge.pairs import histories_rows, judgements, neighbour_pairs
from regulars.recommend.judge.settings import JudgeSettings
from regulars.recommend.judge.training import train_judge
from regulars.recommend.judge.wrote import SEARCHES_READ, TITLES_READ, customer_text, with_searches
from regulars.recommend.sources.text import TextSource

from .shop import TEXTS, two_crowds, vocabulary

MOMENTS = st.lists(st.integers(0, 30), max_size=12)


def lived(rows: list[list[int]], searches: list[list[int]]) -> Histories:
    """Each person looks at things 0, 1, 2 … of the shop at these moments, and searches for the number of the moment."""
    times = [sorted(row) for row in rows]
    said = [sorted(row) for row in searches]
    people = np.arange(len(rows), dtype=np.int64) * 7 - 3  # rising, some negative: visitors
    return Histories(
        np.concatenate([[0], np.cumsum([len(row) for row in times])]).astype(np.int64),
        np.array([step % len(TEXTS) for row in times for step in range(len(row))], np.int32),
        np.array([moment for row in times for moment in row], np.int64),
        np.ones(sum(len(row) for row in times), np.float32),
        people=people,
        searches=Searches(
            np.repeat(people, [len(row) for row in said]),
            np.array([moment for row in said for moment in row], np.int64),
            [f"words {place} {moment}" for place, row in enumerate(said) for moment in row],
        ),
    )


@given(st.lists(st.tuples(MOMENTS, MOMENTS), min_size=1, max_size=4))
def test_no_later_word_is_read_and_none_of_anybody_else(given_rows: list[tuple[list[int], list[int]]]) -> None:
    rows, searches = [one for one, _ in given_rows], [two for _, two in given_rows]
    histories = lived(rows, searches)
    texts, together = with_searches(TEXTS, histories)
    titles = len(TEXTS)
    for person in range(len(rows)):
        span, steps = together.of(person), together.items[together.of(person)]
        assert steps[steps < titles].tolist() == histories.items[histories.of(person)].tolist(), "nothing else moved"
        for at in np.flatnonzero(steps < titles).tolist():
            chosen_at = int(together.times[span][at])
            for item in steps[:at][steps[:at] >= titles].tolist():
                _, whose, moment = texts[item].split()
                assert int(whose) == person
                assert int(moment) < chosen_at, "what is searched at the very moment is no past either"
    left, right, _ = neighbour_pairs(histories_rows(together, np.arange(len(rows)), 50), 3, 0.6, 0.3, titles)
    assert (right < titles).all(), "a search is nobody's answer"
    assert (left[left >= titles] < len(texts)).all()


def test_a_search_leads_to_what_was_looked_at_after_it_only() -> None:
    left, right, _ = neighbour_pairs([np.array([0, 6, 1, 2])], 3, 0.6, 0.3, titles=6)
    pairs = set(zip(left.tolist(), right.tolist(), strict=True))
    assert {(6, 1), (6, 2)} <= pairs
    assert (6, 0) not in pairs
    assert not {pair for pair in pairs if pair[1] == 6}


def test_a_customers_text_has_room_for_words_and_titles() -> None:
    histories = lived([[1, 5, 9, 13, 20]], [[0, 3, 8, 12]])
    assert histories.searches is not None
    histories = replace(
        histories, searches=replace(histories.searches, words=["w" * 500, "a pot", "green tea", "gift"])
    )
    texts, together = with_searches(TEXTS, histories)
    near = TextSource.fit(vocabulary(), TextSettings(dims=12)).neighbours
    cases = judgements(together, np.array([0]), near, 0, popular=0, hard=0)
    past = cases.pasts[0]
    assert (past >= len(TEXTS)).sum() == SEARCHES_READ
    assert customer_text(texts, past, cases.titles) == "; ".join(["gift", "green tea", *(TEXTS[at] for at in (3, 2, 1))][: SEARCHES_READ + TITLES_READ])  # fmt: skip
    assert max(map(len, texts)) <= 40, "however long a search is, titles find room behind it"
    teacher = Teacher(weights.encoder_folder(), JudgeSettings(tokens=12, threads=1))
    read = teacher.tokenizer.encode(customer_text(texts, past, cases.titles), TEXTS[4])
    words = teacher.tokenizer.decode(read.ids)
    assert "gift" in words
    assert "running" in words, "the candidate is read too"


def test_it_learns_from_what_was_written_and_serves_products_alone() -> None:
    people = two_crowds(60)
    count = len(people)
    own = np.arange(count, dtype=np.int64)
    histories = replace(
        people,
        clock=True,
        times=people.times * 10,
        people=own,
        searches=Searches(own, people.times[people.offsets[:-1]] * 10 + 5, ["something to brew with" if one % 2 == 0 else "for a long run" for one in range(count)]),
    )  # fmt: skip
    near = TextSource.fit(vocabulary(), TextSettings(dims=12)).neighbours
    folder: Path = weights.encoder_folder()
    settings = JudgeSettings(people=16, epochs=1, max_seconds=20.0, checks=2, tokens=12, threads=1, min_people=10, held_people=20, teacher_seconds=3.0)  # fmt: skip
    taught = train_judge(vocabulary(), histories, near, folder, settings)
    assert taught.vectors.shape[0] == len(TEXTS)
    assert np.isfinite(taught.vectors).all()
    assert taught.report["teacher"]
