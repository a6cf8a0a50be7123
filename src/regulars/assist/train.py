"""Trains the assistant's intents on the shop's own conversations, compares, promotes. Offline; answers nobody.

Learned from: the bundled phrases, what was labelled (in imported conversations, or in the console), and what sure rules and the model that serves
agree on among the rest. A version serves only if it understands held-out labelled messages at least as well as the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from regulars.assist.desk import KIND
from regulars.assist.intents.ask import Question, worth_asking
from regulars.assist.intents.bundled import BUNDLED, bundled_examples, bundled_model
from regulars.assist.intents.measures import judged
from regulars.assist.intents.model import IntentModel
from regulars.assist.intents.settings import Example, IntentSettings
from regulars.assist.intents.stretch import mined_rules, pseudo_labels, trust
from regulars.assist.intents.train import fit_intents
from regulars.errors import NotEnoughData
from regulars.store import registry
from regulars.store.database import Connection, Database

Progress = Callable[[float, str], None]
MIN_LABELLED = 10
"""Labelled messages below which there is nothing of the shop's own to learn."""

HELD_SHARE = 0.25
MIN_HELD = 20
MOST_UNLABELLED = 20_000
READ_MESSAGES = """
SELECT m.body, coalesce(m.locale, c.locale) AS locale, m.details->>'intent' AS intent
FROM messages m JOIN conversations c USING (conversation_id)
WHERE m.role = 'customer' AND length(m.body) BETWEEN 2 AND 2000 AND (m.details->>'intent' IS NOT NULL) = %s
ORDER BY m.at DESC, m.conversation_id, m.place LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class TrainedAssistant:
    """version: its name in the registry. accuracy: of held-out labelled messages, None where there were too few to hold out."""

    version: str
    promoted: bool
    verdict: str
    report: dict[str, Any]


def labelled(connection: Connection) -> list[Example]:
    """Messages whose intent somebody said."""
    rows = connection.execute(READ_MESSAGES, (True, MOST_UNLABELLED)).fetchall()
    return [Example(row["body"], row["intent"], _language(row)) for row in rows]


def unlabelled(connection: Connection) -> list[str]:
    """Messages of customers without a label, the latest first, each text once."""
    rows = connection.execute(READ_MESSAGES, (False, MOST_UNLABELLED)).fetchall()
    return list(dict.fromkeys(row["body"] for row in rows))


def worth_labelling(connection: Connection, model: IntentModel, count: int = 20) -> list[Question]:
    """The messages whose labels would teach the model most."""
    return worth_asking(unlabelled(connection), model, count, [one.text for one in labelled(connection)])


def serving(connection: Connection, models: Path) -> IntentModel:
    """The intent model that serves: the promoted one, else the bundled one."""
    for version in registry.serving_order(connection.execute(registry.PROMOTION_ORDER, (KIND,)).fetchall(), models):
        return IntentModel.load(version.folder)
    return bundled_model(models)


def train_assistant(
    database: Database,
    models: Path,
    settings: IntentSettings | None = None,
    seed: int = 0,
    promote: bool = True,
    progress: Progress | None = None,
) -> TrainedAssistant:
    """Learns from everything that is labelled now. Raises: NotEnoughData below MIN_LABELLED labelled messages."""
    settings = settings or BUNDLED
    tell = progress or _silent
    with database.connect() as connection:
        own, rest = labelled(connection), unlabelled(connection)
        before = serving(connection, models)
    if len(own) < MIN_LABELLED:
        raise NotEnoughData(
            f"{len(own)} messages have a label; {MIN_LABELLED} are needed.",
            hint="Import conversations with `intent`, or label messages on the console's page Knowledge.",
        )
    held = _held(len(own), seed)
    kept = [one for place, one in enumerate(own) if place not in held]
    tell(0.02, "what rules and the present model agree on")
    trusted = trust(mined_rules(kept), kept)
    stretched = [one.example for one in pseudo_labels(rest, before, trusted)]
    examples = [*bundled_examples(), *kept, *stretched]

    def share(done: float, line: str) -> None:
        tell(0.1 + 0.85 * done, line)

    model = fit_intents(examples, settings, seed, share)
    report: dict[str, Any] = {
        "labelled": len(own),
        "unlabelled": len(rest),
        "pseudo_labelled": len(stretched),
        "settings": asdict(settings),
        "intents": model.report,
    }
    better, verdict = True, "nothing was held out: too few labels to compare"
    if held:
        texts = [own[place] for place in sorted(held)]
        scores = {name: _accuracy(one, texts) for name, one in (("before", before), ("after", model))}
        report["held_out"] = {**scores, "messages": len(texts)}
        better = scores["after"] >= scores["before"]
        verdict = f"understands {scores['after']:.1%} of {len(texts)} held-out messages, the one before {scores['before']:.1%}"
    draft = registry.draft(models, KIND)
    model.save(draft.folder)
    draft.metrics.update(report.get("held_out", {}))
    draft.settings.update(report["settings"])
    with database.connect() as connection:
        version = registry.register(connection, models, draft)
        if better and promote:
            registry.promote(connection, models, version, verdict)
        elif not better:
            registry.reject(connection, version)
    tell(1.0, "done")
    return TrainedAssistant(version, better and promote, verdict, report)


def _silent(_done: float, _line: str) -> None:
    """Progress that nobody follows."""


def _held(count: int, seed: int) -> frozenset[int]:
    """Places of the labelled messages that are compared on; none where a quarter of them says nothing."""
    many = int(count * HELD_SHARE)
    if many < MIN_HELD:
        return frozenset()
    return frozenset(np.random.default_rng(seed).permutation(count)[:many].tolist())


def _accuracy(model: IntentModel, texts: Sequence[Example]) -> float:
    found = model.predict([one.text for one in texts])
    return float(judged(found, [one.intent for one in texts])["accuracy"])


def _language(row: dict[str, Any]) -> str:
    given = (row["locale"] or "").split("-")[0]
    return given if given in ("en", "zh") else "zh" if any("\u3400" <= one <= "\u9fff" for one in row["body"]) else "en"
