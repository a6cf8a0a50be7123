"""The subjects that shops are asked about, as they come along."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.assist.knowledge import ArticleText, Knowledge
from regulars.assist.knowledge.subjects import known_subjects, read_subjects
from regulars.assist.knowledge.words import is_chinese

ARTICLES = [
    ArticleText("password", "A new password", "Press forgotten and choose another by the link that we mail.", "en"),
    ArticleText("lime", "电水壶除垢", "倒入柠檬酸水煮沸，静置半小时后冲洗。", "zh"),
    ArticleText("wool", "Washing wool", "Wash wool by hand in cold water. Dry it flat.", "en"),
    ArticleText("invoice", "Invoices", "The PDF lies beside each order.", "en"),
]


def test_every_subject_is_told_and_asked_in_both_languages() -> None:
    subjects = read_subjects()
    assert len({one.name for one in subjects}) == len(subjects)
    for one in subjects:
        assert one.titles.keys() == one.texts.keys() == {"en", "zh"}
        chinese = [is_chinese(wording) for wording in one.wordings]
        assert any(chinese)
        assert not all(chinese)


def test_vectors_belong_to_the_texts() -> None:
    """A text changed without `python -m benchmarks.subjects` would leave more or fewer lines than vectors."""
    subjects = known_subjects("universal")
    assert subjects is not None
    asked = sum(len(one.wordings) for one in read_subjects())
    assert len(subjects._wordings) == asked
    assert known_subjects("another") is None


@pytest.mark.parametrize(
    ("question", "locale", "expected"),
    [
        ("I can't get in, none of my usual words work", "en", "password"),
        ("there is a white crust inside", "en", "lime"),
        ("the tax man wants something on paper", "en", "invoice"),
        ("洗完缩得只能给娃娃穿", "zh", "wool"),
    ],
)
def test_oblique_questions_find_their_subject(question: str, locale: str, expected: str) -> None:
    found = Knowledge.of(ARTICLES).search(question, locale)
    assert found[0].source == f"article:{expected}"


def test_an_encoder_without_subjects_still_finds() -> None:
    class Letters:
        """Vectors of letters: enough to be another encoder."""

        name, dims = "letters", 26

        def encode(self, texts: list[str]) -> np.ndarray:
            out = np.array([[text.lower().count(chr(97 + at)) for at in range(26)] for text in texts], np.float32)
            return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6)

    knowledge = Knowledge.of(ARTICLES, encoder=Letters())
    assert knowledge.search("How do I wash wool?", "en")[0].source == "article:wool"
    assert Knowledge.of([], encoder=Letters()).search("wool", "en") == []
    assert Knowledge.of([]).search("wool", "en") == []
