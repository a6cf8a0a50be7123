"""The loop: mirror → data → train → gate → registry → promote. Runs beside serving; serving picks the version up by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from regulars.errors import NotEnoughData
from regulars.recommend.blend import MIN_CASES
from regulars.recommend.catalogue import CatalogueReader
from regulars.recommend.dataset import Histories, Vocabulary
from regulars.recommend.live import KIND
from regulars.recommend.prepare import histories_from_mirror
from regulars.recommend.train import TrainSettings, fit_model
from regulars.store import people, registry
from regulars.store.database import Database
from regulars.store.mirror import Mirror
from regulars.store.workspace import Workspace

Progress = Callable[[float, str], None]
GATE_SLACK = 0.95  # the blend may be this much worse than its best source before it is rejected: validation is noisy


@dataclass(frozen=True, slots=True)
class Data:
    """What a training run reads."""

    vocabulary: Vocabulary
    histories: Histories


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training run made. `verdict` says why it was promoted or not."""

    version: str
    promoted: bool
    verdict: str
    report: dict[str, Any]


def read_data(database: Database, workspace: Workspace) -> Data:
    """Syncs the mirror and reads catalogue and histories.

    Raises: NotEnoughData when there is no product or no interaction, saying what to import; DatabaseUnavailable.
    """
    mirror = Mirror(workspace.mirror)
    mirror.sync(database)
    reader = CatalogueReader()
    with database.connect(autocommit=True) as connection:
        reader.refresh(connection)
        refused = people.refused(connection)
    vocabulary = reader.catalogue(np.zeros(0, np.int64)).vocabulary()
    if len(vocabulary) == 0:
        raise NotEnoughData("There are no products yet.", hint="Import some: `regulars import products FILE`.")
    histories = histories_from_mirror(mirror, vocabulary, refused=refused)
    if len(histories.items) == 0:
        raise NotEnoughData(
            "There are no events with these products yet.",
            hint="Import some: `regulars import events FILE` or `regulars import orders FILE`.",
        )
    return Data(vocabulary, histories)


def train(
    database: Database,
    workspace: Workspace,
    *,
    settings: TrainSettings | None = None,
    seed: int = 0,
    promote: bool = True,
    progress: Progress | None = None,
) -> Trained:
    """Fits a recommender on everything up to now, registers it and, if it passes the gate, promotes it.

    Raises: NotEnoughData, DatabaseUnavailable. Killed midway it leaves nothing that serves.
    """
    data = read_data(database, workspace)
    model, report = fit_model(data.vocabulary, data.histories, settings, seed, progress)
    draft = registry.draft(workspace.models, KIND)
    try:
        model.save(draft.folder)
        draft.metrics = report
        draft.settings = {"seed": seed}
        passed, verdict = _gate(report)
        draft.note = verdict
        with database.connect() as connection:
            version = registry.register(connection, workspace.models, draft)
            if not passed:
                registry.reject(connection, version)
            elif promote:
                registry.promote(connection, workspace.models, version, "trained")
    except BaseException:
        draft.discard()
        raise
    return Trained(version, passed and promote, verdict, report)


def _gate(report: dict[str, Any]) -> tuple[bool, str]:
    """A version serves only if it isn't plainly worse than one of its own sources on held-out choices."""
    validation = report.get("validation")
    if not validation or report.get("cases", 0) < MIN_CASES:
        return True, "too few held-out choices to compare; promoted on trust"
    best_name, best = max(
        ((name, figures["ndcg_at_10"]) for name, figures in report["validation_by_source"].items()),
        key=lambda pair: pair[1],
    )
    own = validation["ndcg_at_10"]
    if own < GATE_SLACK * best:
        return False, f"NDCG@10 {own:.4f} is below {best_name} alone ({best:.4f})"
    return True, f"NDCG@10 {own:.4f} on {report['cases']} held-out choices; best single source {best_name} {best:.4f}"
