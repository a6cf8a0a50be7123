"""Makes the demo shop, or goes on where it stopped: workspace, records, training. Each step is safe to repeat."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

import regulars
from regulars.demo import MARK, catalogue
from regulars.demo.kinds import KINDS
from regulars.demo.state import State
from regulars.demo.step import WORLD, Stepper
from regulars.demo.world import CUSTOMERS, NAME, SEED, World
from regulars.errors import WorkspaceError
from regulars.recommend.train import TrainSettings
from regulars.shop import Shop
from regulars.store import texts
from regulars.store.workspace import FILE, Workspace

LIVED_DAYS = 7
TRAIN_SECONDS = 45.0
SETTINGS: dict[str, Any] = {
    "name": NAME,
    "currency": "GBP",
    "zone": "Europe/London",
    "locales": ["en", "zh"],
    "demo_orders": True,
    "repeatable_categories": [kind.en for kind in KINDS if kind.lasts],
}
Say = Callable[[str], None]
Bar = Callable[..., AbstractContextManager[Any]]


def prepare(
    folder: Path,
    *,
    say: Say,
    bar: Bar,
    seed: int = SEED,
    customers: int = CUSTOMERS,
    today: datetime | None = None,
    settings: TrainSettings | None = None,
    lived: int = LIVED_DAYS,
) -> None:
    """A demo shop in `folder`, ready to serve.

    seed, customers, today: of a new world; one that was begun goes on as it was. settings: of the training. lived: the
    last days before today that the world lives with the engine's lists, so that there are lists and clicks to look at;
    after a break that many days are caught up with at most.

    Raises: WorkspaceError when the folder holds a shop that isn't a demo: it would be mixed with invented data.
    """
    started = time.monotonic()
    today = (today or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)
    with _opened(folder, say, bar, f"{today - timedelta(days=lived):%Y-%m-%d} {seed} {customers}") as shop:
        mark = folder / MARK
        if not _imported(mark):
            fill(shop, mark, say, bar)
        if any(row["serving"] for row in shop.models()):
            _live(shop, today, lived, say, bar)
            say(f"The demo shop is ready ({time.monotonic() - started:.1f} s).")
            return
        began = time.monotonic()
        with bar("training", False, 1.0) as progress:
            trained = shop.train(settings=settings or _training(), progress=progress.share if progress else None)
        took = time.monotonic() - began
        if trained.promoted:
            say(f"Trained a recommender: {trained.verdict} ({took:.1f} s)")
        else:
            say(f"Trained a recommender and kept it back: {trained.verdict} ({took:.1f} s). Counts and words serve.")
        _live(shop, today, lived, say, bar)
        say(f"The demo shop is ready ({time.monotonic() - started:.1f} s in all).")


def _live(shop: Shop, today: datetime, most: int, say: Say, bar: Bar) -> None:
    """Steps the world up to today: people come, are shown the engine's lists, click and buy."""
    stepper = Stepper(shop, talks=True)
    days = min(most, (today - stepper.today).days)
    if days <= 0:
        return
    began = time.monotonic()
    with bar("living with the engine's lists", False, days) as progress:
        figures = list(stepper.days(days, progress.rows if progress else None))
    say(
        f"Lived {days} {'day' if days == 1 else 'days'} with its lists: {sum(one.visitors for one in figures):,} visits,"
        f" {sum(one.clicks for one in figures):,} clicks, {sum(one.orders for one in figures):,} orders,"
        f" {sum(one.conversations for one in figures):,} conversations"
        f" ({time.monotonic() - began:.1f} s)"
    )


def _training() -> TrainSettings:
    """A small network for a small shop, so that several rounds fit into the time; more people decide on the weights."""
    from regulars.recommend.sequence_training import SequenceSettings

    small = SequenceSettings(width=64, layers=1, length=32, max_seconds=TRAIN_SECONDS)
    return TrainSettings(sequence=small)


def _opened(folder: Path, say: Say, bar: Bar, wanted: str) -> Shop:
    """The shop, made if need be. What a killed run left is finished."""
    mark = folder / MARK
    if (folder / FILE).exists():
        if not mark.exists():
            raise WorkspaceError(f"{folder} holds a shop that isn't a demo.", hint="Name another folder.")
        if len(_wanted(mark)) != 3 or (_imported(mark) and not mark.with_name(WORLD).exists()):
            raise WorkspaceError(
                f"{folder} holds a demo shop of an earlier version.", hint="Remove the folder, or name another one."
            )
        shop = regulars.open(folder)
        if not _imported(mark):  # it may have been killed before the shop had its name
            shop.change_settings(**SETTINGS)
        return shop
    began = time.monotonic()
    with bar("making a workspace", False):
        shop = _made(folder, mark, wanted)
    say(f"Made a workspace with a database of its own in {folder} ({time.monotonic() - began:.1f} s)")
    return shop


def _made(folder: Path, mark: Path, wanted: str) -> Shop:
    Workspace.create(folder)
    # The mark comes before anything slow, and keeps day and seed: a run that goes on tomorrow must write the same records.
    unfinished = mark.with_suffix(".part")
    unfinished.write_text(f"Everything in this shop is invented.\n{wanted}\n", encoding="utf-8")
    unfinished.replace(mark)
    shop = regulars.open(folder)
    shop.change_settings(**SETTINGS)
    return shop


def _imported(mark: Path) -> bool:
    return mark.read_text(encoding="utf-8").endswith("imported\n")


def fill(shop: Shop, mark: Path, say: Say, bar: Bar) -> None:
    """Imports the world that the mark names, and keeps how everybody is doing beside it. What is there already stays."""
    world = _world(mark)
    began = time.monotonic()
    with bar("living half a year", False) as progress:
        history, state = world.live(progress.rows if progress else None)
    say(
        f"Invented {world.people.count:,} customers and half a year of their lives ({time.monotonic() - began:.1f} s). Nothing of it is real."
    )
    parts: list[tuple[str, Iterable[dict[str, Any]]]] = [
        ("products", world.products()),
        ("articles", world.articles()),
        ("customers", world.customers()),
        ("orders", history.orders),
        ("events", history.events),
        ("reviews", history.reviews),
    ]
    with tempfile.TemporaryDirectory(prefix="regulars-demo-") as scratch:
        for kind, made in parts:
            file = Path(scratch) / f"{kind}.jsonl"
            file.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in made))
            with bar(f"importing {kind}", False) as progress:
                report = shop.import_file(kind, file, progress=progress.rows if progress else None)
            say(f"Imported {report.read:,} {kind} ({report.seconds:.1f} s)")
    _write_texts(shop, say, bar)
    _keep(state, mark)


def _write_texts(shop: Shop, say: Say, bar: Bar) -> None:
    """The shop's own words in both languages; texts for two categories, one of them published, the other to be reviewed."""
    began = time.monotonic()
    with shop.database.connect() as connection:
        texts.write_voice(connection, {"glossary": catalogue.glossary()})
        if texts.counts(connection):
            return
    with bar("writing product texts", False) as progress:
        for category, kinds in (
            ("Tea & coffee", ["description", "seo", "alt", "category"]),
            ("Kitchen", ["description"]),
        ):
            with shop.database.connect() as connection:
                writing_id, _ = shop.studio.begin(connection, kinds, ["en", "zh"], category)
            shop.studio.run(writing_id, progress.rows if progress else None, by_model=False)
            if category == "Tea & coffee":
                with shop.database.connect() as connection:
                    for row in texts.listed(connection, ["draft"], limit=10_000):
                        texts.move(connection, row["text_id"], row["version"], "published")
    with shop.database.connect() as connection:
        counts = texts.counts(connection)
    say(
        f"Wrote {sum(counts.values()):,} texts from the products' records: {counts.get('published', 0):,} published,"
        f" {counts.get('draft', 0) + counts.get('waiting', 0):,} to review ({time.monotonic() - began:.1f} s)"
    )


def _world(mark: Path) -> World:
    day, seed, customers = _wanted(mark)
    return World(datetime.fromisoformat(day).replace(tzinfo=UTC), int(seed), int(customers))


def _wanted(mark: Path) -> list[str]:
    """Day, seed and number of customers, as the mark keeps them."""
    lines = mark.read_text(encoding="utf-8").splitlines()
    return lines[1].split() if len(lines) > 1 else []


def _keep(state: State, mark: Path) -> None:
    state.save(mark.with_name(WORLD))
    with mark.open("a", encoding="utf-8") as file:
        file.write("imported\n")
