"""Intent models on a handful of intents of the bundled phrases, fitted once, and a place for those of whole assistants."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulars.assist.intents.bundled import bundled_examples
from regulars.assist.intents.model import IntentModel
from regulars.assist.intents.settings import OUT_OF_SCOPE, Example, IntentSettings
from regulars.assist.intents.train import fit_intents

CHEAP = IntentSettings(parts=("multilingual", "terms"), folds=3)
FEW = ("track_order", "cancel_order", "invoice", "greeting", "recommend", OUT_OF_SCOPE)


@pytest.fixture(scope="session")
def few() -> list[Example]:
    return [one for one in bundled_examples() if one.intent in FEW]


@pytest.fixture(scope="session")
def cheap(few: list[Example]) -> IntentModel:
    """Without the English encoder, as where torch isn't installed."""
    return fit_intents(few, CHEAP)


@pytest.fixture(scope="session")
def full(few: list[Example]) -> IntentModel:
    return fit_intents(few, IntentSettings(folds=2))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where an assistant keeps its fitted models."""
    return tmp_path_factory.mktemp("assistant-models")
