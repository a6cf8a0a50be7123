"""Real sources, each fitted once on the six-item shop."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from regulars.language.text_features import TextSettings
from regulars.recommend.sequence_training import SequenceSettings, Trained, train_sequence
from regulars.recommend.sources.base import CandidateSource
from regulars.recommend.sources.covisitation import CovisitationSource
from regulars.recommend.sources.ease import EaseSource
from regulars.recommend.sources.popular import PopularSource
from regulars.recommend.sources.sequence import SequenceSource
from regulars.recommend.sources.text import TextSource

from .shop import two_crowds, vocabulary

SMALL = TextSettings(dims=12)

TINY_NETWORK = SequenceSettings(
    threads=1,
    width=16,
    layers=1,
    heads=2,
    dropout=0.1,
    batch=16,
    epochs=30,
    min_people=10,
    min_targets=10,
    learning_rate=5e-3,
)


@dataclass(frozen=True)
class Fitted:
    """Every source of the six-item shop, by name."""

    sources: dict[str, CandidateSource]
    trained: Trained


@pytest.fixture(scope="session")
def fitted() -> Fitted:
    words, people = vocabulary(), two_crowds(80)
    text = TextSource.fit(words, SMALL)
    trained = train_sequence(text.vectors, people, None, TINY_NETWORK)
    sources: list[CandidateSource] = [
        SequenceSource([trained.member], trained.length, text.encoder),
        CovisitationSource.fit(len(words), people),
        EaseSource.fit(len(words), people),
        text,
        PopularSource.fit(len(words), people),
    ]
    return Fitted({source.name: source for source in sources}, trained)
