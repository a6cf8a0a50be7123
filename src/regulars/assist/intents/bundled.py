"""The assistant's own model: fitted on the bundled phrases, so that it understands before a shop has trained anything.

Fitted once, in seconds, and kept in the models folder under a name that changes with phrases, settings and what is installed.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

from regulars.assist.intents.model import IntentModel
from regulars.assist.intents.settings import Example, IntentSettings
from regulars.errors import DamagedModel

LOCALES = ("en", "zh")
FORM = 1
"""Raised when a model of the same phrases would come out otherwise."""


@functools.cache
def bundled_phrases(locale: str) -> dict[str, tuple[str, ...]]:
    """Intent → phrasings, in one of LOCALES."""
    text = (files(__package__) / "phrases" / f"{locale}.json").read_text(encoding="utf-8")
    return {intent: tuple(phrases) for intent, phrases in json.loads(text).items()}


def bundled_examples(locales: Sequence[str] = LOCALES) -> list[Example]:
    """All phrasings as examples."""
    return [
        Example(text, intent, locale)
        for locale in locales
        for intent, phrases in bundled_phrases(locale).items()
        for text in phrases
    ]


BUNDLED = IntentSettings(parts=("multilingual", "terms"))
"""Of the model that serves before a shop trains its own: without the English encoder, which brings .01 here, it needs no torch
and a third of the time a text.
"""


FITTED = "fitted"
"""The folder in this package that holds the bundled model, fitted: `python -m regulars.assist.intents.bundled` makes it anew."""


def bundled_model(models: Path, settings: IntentSettings | None = None) -> IntentModel:
    """The model of the bundled phrases: as it comes with the package, or, where the settings are others or its parts
    aren't all installed, from the models folder; fitted and put there when it isn't yet. Raises Unavailable.
    """
    settings = settings or BUNDLED
    name = _name(settings)
    if (files(__package__) / FITTED / "name").is_file():
        fitted = Path(str(files(__package__) / FITTED))
        if (fitted / "name").read_text().strip() == name:
            return IntentModel.load(fitted)
    folder = models / f"assistant-bundled-{name}"
    if folder.is_dir():
        try:
            return IntentModel.load(folder)
        except DamagedModel:
            shutil.rmtree(folder, ignore_errors=True)
    from regulars.assist.intents.train import fit_intents

    model = fit_intents(bundled_examples(), settings)
    models.mkdir(parents=True, exist_ok=True)
    # Made beside and moved: two processes may be doing this at once, and neither may see half a model.
    made = Path(tempfile.mkdtemp(prefix=".assistant-bundled-", dir=models))
    try:
        model.save(made)
        made.chmod(0o755)
        os.replace(made, folder)
    except OSError:
        # Another process was first: its model is the same.
        shutil.rmtree(made, ignore_errors=True)
    return model


def _name(settings: IntentSettings) -> str:
    """Another one for other phrases, settings or parts."""
    from regulars.assist.intents.train import available_parts

    content = [FORM, asdict(settings), available_parts(settings), [asdict(one) for one in bundled_examples()]]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:12]


def main() -> None:
    """Fits the bundled model and puts it into the package."""
    from regulars.assist.intents.train import fit_intents

    folder = Path(__file__).parent / FITTED
    shutil.rmtree(folder, ignore_errors=True)
    fit_intents(bundled_examples(), BUNDLED).save(folder)
    (folder / "name").write_text(_name(BUNDLED) + "\n")


if __name__ == "__main__":
    main()
