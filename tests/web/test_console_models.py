"""The console's pages of tuning and of one version in a real browser, on a version with a network and a study that was searched."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from recommend.test_tune import COUNTING, walkers
from regulars.language.text_features import TextSettings
from regulars.recommend import settings as saved
from regulars.recommend import tune
from regulars.recommend.sequence_training import SequenceSettings
from regulars.recommend.train import TrainSettings
from regulars.shop import Shop

from .browsing import LOOKS, chromium
from .console_shop import app_with_console, console_shop, served
from .test_console_browser import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SHOTS = os.environ.get("REGULARS_SCREENSHOTS")
TINY = TrainSettings(
    sequence=SequenceSettings(
        threads=1, width=16, layers=1, heads=2, batch=16, epochs=6, min_people=10, min_targets=10, learning_rate=5e-3
    ),
    text=TextSettings(dims=12),
)
Serving = tuple[str, Shop, str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def serving(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("models") / "shop"
    with console_shop(servers, folder) as (made, shop):
        trained = shop.train(settings=TINY)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tune, "PARTS", COUNTING)
            tune.tune(shop.workspace.tuning, walkers, trials=12)
        with app_with_console(made) as app, served(app) as address:
            yield address, shop, trained.version


@pytest.mark.parametrize(("scheme", "width", "language"), LOOKS)
def test_the_pages_are_whole_and_readable_for_everybody(
    browser: Browser, serving: Serving, width: str, language: str, scheme: Any
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    address, _, version = serving
    page = opened(browser, address, width, language, color_scheme=scheme)
    wrong: list[str] = []
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    for name, path in {"models": "models", "version": f"models/version/{version}", "tuning": "models/tuning"}.items():
        page.goto(path)
        page.locator(".nicegui-content h1").wait_for()
        for summary in page.locator("details > summary").all():
            summary.click()
        if name == "version":
            page.locator("figure.chart svg").nth(1).wait_for()
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}-{language}-{scheme}.png", full_page=True)
        across = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert across <= 0, f"{name} is {across} px too wide"
        found = Axe().run(page).response["violations"]
        serious = [
            (one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")
        ]
        assert not serious, f"{name}: {serious}"
        text = page.locator("#main").inner_text()
        assert bool(re.search(r"[\u4e00-\u9fff]", page.locator("h1").inner_text())) == (language == "zh-CN") or (
            name == "version"
        )
        assert "NDCG@10" in text
        assert "nan" not in text.lower().split()
        assert "None" not in text
    assert not wrong
    page.context.close()


@pytest.fixture
def page(browser: Browser, serving: Serving) -> Iterator[Page]:
    made = opened(browser, serving[0])
    yield made
    made.context.close()


def test_a_version_is_reached_from_the_list_and_says_its_limits(page: Page, serving: Serving) -> None:
    page.goto("models")
    page.get_by_text("It uses the tuned settings.").wait_for()
    page.get_by_role("link", name=serving[2]).click()
    page.get_by_role("heading", name="Limits").wait_for()
    text = page.locator("#main").inner_text()
    for part in (
        "Learned from only 72 people",
        "people with 2 to 4 events before",
        "Kept after epoch",
        "sequence.width",
    ):
        assert part in text
    page.goto("models/version/no-such")
    page.get_by_role("alert").wait_for()
    assert "no model version" in page.get_by_role("alert").inner_text()


def test_back_to_the_defaults_and_a_broken_file(page: Page, serving: Serving) -> None:
    folder = serving[1].workspace.tuning
    page.goto("models/tuning")
    page.get_by_role("heading", name="Trainings use settings that suit this shop").wait_for()
    page.get_by_role("button", name="Back to the defaults").click()
    page.get_by_role("button", name="Use the defaults").click()
    page.get_by_text("Trainings use the default settings again.").wait_for()
    assert not (folder / saved.FILE).exists()
    (folder / saved.FILE).write_text("{")
    page.goto("models/tuning")
    assert "line 1" in page.get_by_role("alert").inner_text()
    (folder / saved.FILE).unlink()
    (folder / tune.STUDY).rename(folder / "study.kept")
    page.goto("models/tuning")
    page.get_by_text("It needs 100 people").wait_for()
    page.get_by_role("button", name="Tune now").click()
    page.get_by_text("tuning needs 100").wait_for(timeout=60_000)  # the shop has fewer: said where long work is shown
    (folder / "study.kept").rename(folder / tune.STUDY)


def test_the_judges_curves_stand_on_the_versions_page(browser: Browser, serving: Serving) -> None:
    address, shop, version = serving
    page = opened(browser, address, "telephone", "en-GB")
    page.goto(f"models/version/{version}")
    page.get_by_text("This version has no judge of interest.").wait_for()
    checks = [
        {"step": 0.0, "epoch": 0.0, "accuracy": 0.31, "auc": 0.62, "seconds": 0.0},
        {"step": 12.0, "epoch": 1.0, "accuracy": 0.4, "auc": 0.7, "loss": 4.25, "seconds": 3.1},
        {"step": 24.0, "epoch": 2.0, "accuracy": 0.41, "auc": 0.715, "loss": 3.5, "seconds": 6.0},
    ]
    judge = {
        "method": "lora",
        "history": checks,
        "stopped": "time",
        "learned": 1234,
        "seconds": 9.0,
        "teacher": {"history": checks[1:]},
    }
    with shop.database.connect() as connection:
        connection.execute(
            "UPDATE model_versions SET metrics = (metrics::jsonb || %s::jsonb) WHERE version = %s",
            (json.dumps({"judge": judge}), version),
        )
    for language, heading, said in (
        (
            "en-GB",
            "How the judge of interest learned",
            "Loss, by step: 4.2500 at the first check, 3.5000 at the last of 2.",
        ),
        ("zh-CN", "兴趣判断模型的学习过程", "每一步的损失：第一次 4.2500，共 2 次，最后一次 3.5000。"),
    ):
        page = opened(browser, address, "telephone", language)
        page.goto(f"models/version/{version}")
        section = page.locator("section", has=page.get_by_role("heading", name=heading))
        section.locator("figure.chart svg").nth(5).wait_for()
        assert section.get_by_role("img", name=said).count() == 2, "its own loss, and its teacher's"
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"judge-{language}.png", full_page=True)
