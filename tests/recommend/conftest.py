"""Real sources, each fitted once on the six-item shop."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from regulars.language.encoder_weights import encoder_folder
from regulars.language.text_features import TextSettings
from regulars.recommend.judge.export import export_source
from regulars.recommend.judge.settings import JudgeSettings
from regulars.recommend.judge.training import train_judge
from regulars.recommend.sequence_network import Content
from regulars.recommend.sequence_training import SequenceSettings, Trained, train_sequence
from regulars.recommend.sources.base import CandidateSource
from regulars.recommend.sources.covisitation import CovisitationSource
from regulars.recommend.sources.ease import EaseSource
from regulars.recommend.sources.factors import FactorsSettings, FactorsSource
from regulars.recommend.sources.image import ImageSource
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
    trained = train_sequence(Content(text.vectors, text.rows), people, None, TINY_NETWORK)
    judge = JudgeSettings(people=40, epochs=1, checks=1, tokens=12, threads=1, min_people=10)
    taught = train_judge(words, people, text.neighbours, encoder_folder(), judge)
    sources: list[CandidateSource] = [
        export_source(taught, judge),
        SequenceSource([trained.member], trained.length, text.encoder),
        CovisitationSource.fit(len(words), people),
        EaseSource.fit(len(words), people),
        FactorsSource.fit(len(words), people, FactorsSettings(width=8)),
        text,
        ImageSource.fit(words),
        PopularSource.fit(len(words), people),
    ]
    return Fitted({source.name: source for source in sources}, trained)
