"""What the console's pages say and do, with NiceGUI's simulated user. The gate and the browser have tests of their own.

NiceGUI tidies up after one event loop a process: no served console may run beside these.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from regulars.errors import Conflict
from regulars.shop import Shop

from .console_shop import PATIENCE, console_shop, form_of, simulate, until


@pytest.fixture(scope="module")
def whole(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with console_shop(servers, tmp_path_factory.mktemp("console") / "shop") as (_, shop):
        yield shop


def test_the_overview_says_what_happened(whole: Shop) -> None:
    async def steps(user: Any) -> None:
        await user.open("/")
        await user.should_see("10 people came back in the last 28 days", retries=PATIENCE)
        await user.should_see("€100.00", retries=PATIENCE)
        from nicegui.testing.user_interaction import UserInteraction

        called = next(iter(user.find('class="called">Visitors').elements))
        UserInteraction(user, {called.parent_slot.parent}, "Visitors").click()
        await user.should_see("n11", retries=PATIENCE)

    simulate(whole, steps)


def test_the_overview_of_an_empty_shop_teaches(servers: Callable[[str], Any], tmp_path: Path) -> None:
    with console_shop(servers, tmp_path / "shop", filled=False) as (_, shop):

        async def steps(user: Any) -> None:
            await user.open("/")
            await user.should_see("Nothing is in this shop yet", retries=PATIENCE)
            await user.should_see("Bring your products in", retries=PATIENCE)
            for path in ("/recommendations", "/data", "/models", "/settings"):
                await user.open(path)
                await user.should_not_see("It is in the log.")

        simulate(shop, steps)


def test_a_person_is_found_by_id_and_by_address(whole: Shop) -> None:
    async def steps(user: Any) -> None:
        for asked in ("n1", "nora@example.org", "NORA@example.org"):
            await user.open(f"/recommendations?q={asked}")
            await user.should_see("Nora Näb (n1) was last here", retries=PATIENCE)
            await user.should_see("Green tea 1", retries=PATIENCE)
            await user.should_see("What they would be shown now", retries=PATIENCE)
        await user.open("/recommendations?q=nobody-by-that-name")
        await user.should_see("Nobody is called nobody-by-that-name here", retries=PATIENCE)
        await user.open("/recommendations?q=0199f7a5-0000-7000-8000-000000000000")
        await user.should_see("There is no list 0199f7a5-0000-7000-8000-000000000000.", retries=PATIENCE)

    simulate(whole, steps)


def test_looking_at_a_list_leaves_no_decision(whole: Shop) -> None:
    before = whole.counts()["decisions"]

    async def steps(user: Any) -> None:
        await user.open("/recommendations?customer=n2&surface=product")
        await user.should_see("Beside", retries=PATIENCE)

    simulate(whole, steps)
    assert whole.counts()["decisions"] == before


def test_a_list_that_was_shown_is_opened(whole: Shop) -> None:
    made = whole.recommend("n3", n=5)

    async def steps(user: Any) -> None:
        await user.open(f"/recommendations?q={made.decision_id}")
        await user.should_see("5 products, Home page", retries=PATIENCE)
        await user.should_see("What the filters took away", retries=PATIENCE)
        await user.should_see(made.items[0].title, retries=PATIENCE)

    simulate(whole, steps)


def test_hostile_titles_stay_text(whole: Shop) -> None:
    whole.track([{"type": "view", "customer": "n4", "product": "hostile"}])

    async def steps(user: Any) -> None:
        await user.open("/recommendations?q=n4")
        await user.should_see("&lt;script&gt;document.title", retries=PATIENCE)
        await user.should_not_see("<script>document.title")

    simulate(whole, steps)


def test_settings_are_saved_and_wrong_ones_refused(whole: Shop) -> None:
    given = {name: [str(value)] for name, value in whole.settings.stored().items() if not isinstance(value, list)}
    given |= {
        "locales": ["en, zh"],
        "repeatable_categories": ["Tea\n\n Coffee "],
        "excluded_products": ["sold\nshopify: 991"],
        "allowed_origins": ["*"],
    }

    async def steps(user: Any) -> None:
        await user.open("/settings")
        await user.should_see("Save", retries=PATIENCE)
        form = form_of(user, "Save")
        form.trigger("submit.prevent", {**given, "name": ["Tea & Shoes"]})
        await until(lambda: whole.settings.name == "Tea & Shoes")
        assert whole.settings.repeatable_categories == ["Tea", "Coffee"]
        assert [tuple(one) for one in whole.settings.excluded_products] == [("shop", "sold"), ("shopify", "991")]
        form.trigger("submit.prevent", {**given, "zone": ["Nowhere/City"]})
        await until(lambda: any("Nowhere/City" in message for message in user.notify.messages))
        assert whole.settings.zone == "UTC"

    simulate(whole, steps)


def test_what_is_wrong_with_rules_is_said_in_the_readers_language(whole: Shop) -> None:
    async def steps(user: Any) -> None:
        await user.open("/recommendations/rules")
        await user.should_see("启用", retries=PATIENCE)
        form = form_of(user, "启用")
        wrong = "boots brand is North by 20%\nexclude price > 3 on hom\ncap each brand"
        form.trigger("submit.prevent", {"text": [wrong], "do": ["check"]})
        await user.should_see("所在的位置应为动作", retries=PATIENCE)
        await user.should_see("是指 &#39;home&#39; 吗？", retries=PATIENCE)
        await user.should_see("规则不完整：缺少数量上限", retries=PATIENCE)
        await user.should_not_see("is wanted")
        odd = "boost stock < 3 by 20%\nbury stock < 3 by 20%\nexclude brand is Nobody"
        form.trigger("submit.prevent", {"text": [odd], "do": ["preview"]})
        await user.should_see("对相同商品一升一降", retries=PATIENCE)
        await user.should_see("没有名为 Nobody 的内容", retries=PATIENCE)

    simulate(whole, steps, "zh-CN")


def test_a_key_is_made_shown_once_and_revoked(whole: Shop) -> None:
    async def steps(user: Any) -> None:
        await user.open("/settings")
        await user.should_see("Make a key", retries=PATIENCE)
        form_of(user, "Make a key").trigger("submit.prevent", {"name": ["the website"], "scope": ["public"]})
        await user.should_see("It is shown this once", retries=PATIENCE)
        key = next(row for row in _keys(whole) if row["name"] == "the website")
        assert key["scope"] == "public"
        await user.open("/settings")
        await user.should_see("the website", retries=PATIENCE)
        from nicegui.testing.user_interaction import UserInteraction

        # The newest key stands last; the storefront has one of its own.
        yes = max((one for one in user.find("Revoke").elements if "danger" in one.classes), key=lambda one: one.id)
        UserInteraction(user, {yes}, "Revoke").click()
        await until(lambda: any(row["name"] == "the website" and row["revoked_at"] for row in _keys(whole)))

    simulate(whole, steps)


def _keys(shop: Shop) -> list[dict[str, Any]]:
    return list(shop.keys())


def test_pages_speak_chinese(whole: Shop) -> None:
    async def steps(user: Any) -> None:
        await user.open("/")
        await user.should_see("最近 28 天有", retries=PATIENCE)
        await user.open("/data")
        await user.should_see("把文件拖到这里，或点击选择", retries=PATIENCE)

    simulate(whole, steps, "zh-CN")


def test_a_second_training_is_refused(whole: Shop) -> None:
    async def steps() -> None:
        from regulars.desk.works import Works

        works = Works(whole.workspace.folder)
        works.start("training", "Training", ["--help"])
        with pytest.raises(Conflict):
            works.start("training", "Training", ["--help"])
        await works.stop()
        assert works.all[0].over

    asyncio.run(steps())


def test_a_work_that_fails_says_why(whole: Shop) -> None:
    async def steps() -> None:
        from regulars.desk.works import Works

        works = Works(whole.workspace.folder)
        work = works.start("import", "Importing", ["import", "products", "/no/such/file.csv", "--json"])
        while not work.over:
            await asyncio.sleep(0.05)
        assert work.state == "failed"
        assert "file.csv" in work.error

    asyncio.run(steps())
