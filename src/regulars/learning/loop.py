"""The loop: mirror → data → train → gate → registry → promote. Runs beside serving; serving picks the version up by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from regulars.errors import ModelError, NotEnoughData
from regulars.experiments import curves
from regulars.learning import returns
from regulars.recommend import card, pictures
from regulars.recommend import settings as saved_settings
from regulars.recommend.blend import MIN_CASES
from regulars.recommend.catalogue import CatalogueReader
from regulars.recommend.context import UNLEARNED, ContextPrior
from regulars.recommend.dataset import Histories, Vocabulary
from regulars.recommend.first_visits import learn
from regulars.recommend.going_on import continue_model
from regulars.recommend.live import KIND
from regulars.recommend.logged import read_logged
from regulars.recommend.model import Model
from regulars.recommend.prepare import histories_from_mirror
from regulars.recommend.ranker import Lists
from regulars.recommend.train import TrainSettings, fit_model
from regulars.store import people, registry
from regulars.store import shop as shop_table
from regulars.store.database import Database, Row
from regulars.store.mirror import Mirror
from regulars.store.workspace import Workspace

Progress = Callable[[float, str], None]
_MEASURED = ("held_out", "validation", "validation_blend", "validation_by_source", "cases", "judged", "ranker")
GATE_SLACK = 0.95  # the blend may be this much worse than its best source before it is rejected: validation is noisy


@dataclass(frozen=True, slots=True)
class Data:
    """What a training run reads. products: all of them, as they were read. logged: lists that were shown and what was chosen
    in them. refused: people left out because they refused personalisation, visitors as negative ids. zone: the shop's.
    """

    vocabulary: Vocabulary
    histories: Histories
    products: CatalogueReader
    zone: str
    logged: Lists | None = None
    refused: Sequence[int] = ()
    arrivals: ContextPrior = UNLEARNED


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training run made. `verdict` says why it was promoted or not."""

    version: str
    promoted: bool
    verdict: str
    report: dict[str, Any]


def read_data(database: Database, workspace: Workspace, with_pictures: bool = False) -> Data:
    """Syncs the mirror and reads catalogue and histories.

    Raises: NotEnoughData when there is no product or no interaction, saying what to import; DatabaseUnavailable.
    """
    mirror = Mirror(workspace.mirror)
    mirror.sync(database)
    reader = CatalogueReader()
    with database.connect(autocommit=True) as connection:
        reader.refresh(connection)
        refused = people.refused(connection)
        logged = read_logged(connection).lists
        zone = shop_table.read(connection).settings.zone
        catalogue = reader.catalogue(np.zeros(0, np.int64))
        vocabulary = catalogue.vocabulary()
        if with_pictures:
            vocabulary = replace(vocabulary, pictures=pictures.vectors(connection, vocabulary.product_ids))
    if len(vocabulary) == 0:
        raise NotEnoughData("There are no products yet.", hint="Import some: `regulars import products FILE`.")
    histories = histories_from_mirror(mirror, vocabulary, refused=refused)
    if len(histories.items) == 0:
        raise NotEnoughData(
            "There are no events with these products yet.",
            hint="Import some: `regulars import events FILE` or `regulars import orders FILE`.",
        )
    arrivals = learn(mirror, catalogue, zone, refused)
    return Data(vocabulary, histories, reader, zone, logged if len(logged) else None, refused, arrivals)


def settings_for(workspace: Workspace, max_seconds: float | None = None) -> TrainSettings:
    """What a training in this workspace uses: tuned settings if there are any, else the defaults.

    max_seconds: for the transformer; None = as the settings say. Raises: InvalidInput naming what is wrong in the file.
    """
    tuned = saved_settings.read(workspace.tuning) or TrainSettings()
    if max_seconds is None:
        return tuned
    return saved_settings.with_values(tuned, {"sequence.max_seconds": max_seconds})


def train(
    database: Database,
    workspace: Workspace,
    *,
    settings: TrainSettings | None = None,
    seed: int = 0,
    promote: bool = True,
    progress: Progress | None = None,
    go_on: bool = False,
) -> Trained:
    """Fits a recommender on everything up to now, registers it and, if it passes the gate, promotes it.

    settings: None = the workspace's, see settings_for. go_on: from the version that serves, in a fraction of the time; in full
    where there is none that can be gone on from. The version's folder holds its model card and its curves as well.

    Raises: NotEnoughData, DatabaseUnavailable. Killed midway it leaves nothing that serves.
    """
    settings = settings_for(workspace) if settings is None else settings
    parent = _parent(database, workspace) if go_on else None
    looked = parent is not None and any(parent["settings"].get(one) for one in ("picture_source", "picture_content"))
    data = read_data(database, workspace, settings.looks or looked)
    made: tuple[Model, dict[str, Any]] | None = None
    if parent is not None:
        folder = workspace.models / parent["version"]
        try:
            made = continue_model(data.vocabulary, data.histories, folder, settings, seed, progress)
        except ModelError:  # of another format, or without texts
            parent = None
        else:
            made[1].update({name: parent["metrics"][name] for name in _MEASURED if name in parent["metrics"]})
    if made is None:
        made = fit_model(data.vocabulary, data.histories, settings, seed, progress, logged=data.logged)
    model, report = made
    draft = registry.draft(workspace.models, KIND)
    try:
        model.save(draft.folder)
        data.arrivals.save(draft.folder)
        report["return_value"] = _learn_returns(workspace, data, model, draft)
        draft.metrics = report
        draft.parent = parent["version"] if parent is not None else None
        draft.settings = {"seed": seed, **saved_settings.document_of(settings)}
        passed, verdict = _gate(report)
        if parent is not None:
            verdict = f"goes on from {parent['version']}; when that was measured: {verdict}"
        draft.note = verdict
        _describe(database, draft, data, settings, seed)
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


def _learn_returns(workspace: Workspace, data: Data, model: Model, draft: registry.Draft) -> dict[str, Any]:
    """What coming back is worth, into the version's folder; or why it isn't known yet."""
    mirror = Mirror(workspace.mirror)
    catalogue = data.products.catalogue(model.product_ids)
    now = datetime.now(UTC).replace(tzinfo=None)
    try:
        found = returns.learn(mirror, catalogue, model, data.zone, now, data.refused)
    except NotEnoughData as error:
        return {"skipped": error.detail}
    found.save(draft.folder)
    return dict(found.report)


def _parent(database: Database, workspace: Workspace) -> Row | None:
    """The version that serves, if its files are what was registered."""
    with database.connect(autocommit=True) as connection:
        row = next((one for one in registry.versions(connection, KIND) if one["serving"]), None)
    if row is None:
        return None
    try:
        registry.verify(workspace.models / row["version"], row["files"])
    except ModelError:
        return None
    return row


def _describe(database: Database, draft: registry.Draft, data: Data, settings: TrainSettings, seed: int) -> None:
    """The card and the curves, into the draft's folder."""
    with database.connect() as connection:
        before = next((row["version"] for row in registry.versions(connection, KIND) if row["serving"]), None)
        currency = shop_table.read(connection).settings.currency
    origin = card.Origin(draft.version, seed, len(data.refused), before, draft.parent, currency)
    card.save(card.made(origin, data.vocabulary, data.histories, settings, draft.metrics), draft.folder)
    for number, network in enumerate(draft.metrics.get("sequence", [])):
        series = curves.series_of(network["history"])
        curves.write_events(draft.folder / curves.FOLDER, series, time.time(), f"sequence-{number}")
    if "judge" in draft.metrics:
        checks = draft.metrics["judge"]["history"]
        passed = {int(one["step"]): one["seconds"] for one in checks}
        series = curves.series_of([{**one, "seconds": None} for one in checks], step="step")
        curves.write_events(draft.folder / curves.FOLDER / "judge", series, time.time(), passed=passed)


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
