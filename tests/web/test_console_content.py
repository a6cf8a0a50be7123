"""The console's pages of content, with NiceGUI's simulated user: what they say, and that what they do is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from regulars.content.records import product_id, voice_of
from regulars.schema import Product
from regulars.shop import Shop
from regulars.store import records, rows
from regulars.store import texts as table

from .console_shop import PATIENCE, console_shop, form_of, press, simulate, until

CUP = {
    "id": "cup", "title": {"en": "Clay cup", "zh": "陶土杯"}, "brand": "Hillside", "category": ["Tea", "Cup"], "price": "11",
    "attributes": {"material": "clay", "weight": "200 g"}, "description": {"en": "It weighs 300 g. Buy now!"},
}  # fmt: skip


@pytest.fixture(scope="module")
def desk(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with console_shop(servers, tmp_path_factory.mktemp("content") / "shop") as (_, shop):
        with shop.database.connect() as connection:
            made = [rows.product_row(Product.model_validate(CUP), shop.settings)]
            records.upsert(connection, records.UPSERT_PRODUCTS, made)
        yield shop


def draft(shop: Shop, **fields: str) -> UUID:
    """A text of the cup; with other words than the realiser's where some are given."""
    with shop.database.connect() as connection:
        text_id = shop.studio.write(
            connection, product_id(connection, {"namespace": "shop", "value": "cup"}), "description", "en"
        )
        if fields:
            shop.studio.edit(connection, text_id, 1, fields)
        return text_id


def state(shop: Shop, text_id: UUID) -> tuple[str, int]:
    with shop.database.connect() as connection:
        row = table.read(connection, text_id)
    return row["state"], row["version"]


def test_a_new_shop_is_told_what_will_stand_here(servers: Callable[[str], Any], tmp_path: Path) -> None:
    with console_shop(servers, tmp_path / "shop", filled=False) as (_, shop):

        async def steps(user: Any) -> None:
            await user.open("/content")
            await user.should_see("Nothing to review", retries=PATIENCE)
            await user.open("/content/studio")
            await user.should_see("Bring your products in on the page Data.", retries=PATIENCE)
            await user.open("/content/many")
            await user.should_see("Nothing was written yet", retries=PATIENCE)
            await user.open("/content/results")
            await user.should_see("No text was compared yet", retries=PATIENCE)
            await user.open("/content/voice")
            await user.should_see("The shop speaks in a plain voice", retries=PATIENCE)

        simulate(shop, steps)


def test_a_text_is_published_edited_and_put_back(desk: Shop) -> None:
    text_id = draft(desk)

    async def steps(user: Any) -> None:
        await user.open(f"/content?text={text_id}")
        await user.should_see("One text waits for you", retries=PATIENCE)
        await user.should_see("The record contradicts itself", retries=PATIENCE)
        await user.should_see("weight: 200 g ≠ description: It weighs 300 g.", retries=PATIENCE)
        await user.should_see("One part of the supplier", retries=PATIENCE)
        press(user, "Edit")
        await user.should_see("Save", retries=PATIENCE)
        form_of(user, "Save").trigger("submit.prevent", {"body": ["A porcelain cup."]})
        await until(lambda: state(desk, text_id) == ("waiting", 2))
        await user.should_see("The record has no such property.", retries=PATIENCE)
        press(user, "Versions")
        await user.should_see("What changed", retries=PATIENCE)
        press(user, "Put it back")
        await until(lambda: state(desk, text_id) == ("draft", 3))
        await user.should_see("Publish", retries=PATIENCE)
        press(user, "Publish")
        await until(lambda: state(desk, text_id)[0] == "published")
        await user.should_see("No text waits for you", retries=PATIENCE)

    simulate(desk, steps)


def test_what_is_held_back_goes_out_on_a_persons_word_or_is_rejected(desk: Shop) -> None:
    first, second = draft(desk, body="The best cup."), draft(desk, body="A cup of gold.")

    async def steps(user: Any) -> None:
        await user.open(f"/content?text={first}")
        await user.should_see("Publish anyway", retries=PATIENCE)
        press(user, "Publish it anyway")
        await until(lambda: state(desk, first)[0] == "published")
        await user.open(f"/content?text={second}")
        await user.should_see("Reject", retries=PATIENCE)
        press(user, "Reject")
        await until(lambda: state(desk, second)[0] == "rejected")

    simulate(desk, steps)


def test_the_voice_is_changed_and_a_wrong_line_is_told_of(desk: Shop) -> None:
    async def steps(user: Any) -> None:
        await user.open("/content/voice")
        await user.should_see("The shop speaks in a plain voice", retries=PATIENCE)
        given = {
            "tone": ["warm"],
            "length": ["short"],
            "audience": ["tea drinkers"],
            "avoid": ["cheap\n"],
            "prefer": [""],
            "samples": [""],
        }
        form_of(user, "Save").trigger("submit.prevent", {**given, "glossary": ["mesh"]})
        await until(lambda: any("line 1" in message for message in user.notify.messages))
        form_of(user, "Save").trigger("submit.prevent", {**given, "glossary": ["mesh = 网布"], "publish": ["alt"]})
        await until(lambda: any("Saved" in message for message in user.notify.messages))
        with desk.database.connect() as connection:
            voice = voice_of(connection)
        assert (voice.tone, voice.avoid, voice.glossary, voice.publish) == (
            "warm",
            ["cheap"],
            {"mesh": "网布"},
            ["alt"],
        )

    simulate(desk, steps)


def test_a_writer_is_let_write_and_shown(desk: Shop) -> None:
    from regulars.content.tuned import FORM, About
    from regulars.store import registry

    made = registry.draft(desk.workspace.models, "writer")
    (made.folder / "writer.gguf").write_bytes(b"weights")
    About(("title",), "en", FORM, "").save(made.folder)
    for when, some in (("before", 2), ("after", 59)):
        made.metrics[when] = {"passed": {"some": some, "all": 66}, "texts": 66, "perplexity": 1.14}
    with desk.database.connect() as connection:
        version = registry.register(connection, desk.workspace.models, made)

    async def steps(user: Any) -> None:
        await user.open("/content/voice")
        await user.should_see("A writer of your own", retries=PATIENCE)
        await user.should_see("89%", retries=PATIENCE)
        form_of(user, "Teach it").trigger("submit.prevent", {"method": ["lora"], "minutes": ["0"]})
        await until(lambda: any("from 1 to" in message for message in user.notify.messages))
        press(user, "Let it write")
        await until(lambda: [row["serving"] for row in desk.models("writer")] == [True])
        await user.should_see("writes", retries=PATIENCE)

    simulate(desk, steps)
    with desk.database.connect() as connection:
        connection.execute("DELETE FROM promotions WHERE kind = 'writer'")
    assert version == desk.models("writer")[0]["version"]


def test_pictures_that_do_not_fit_are_listed_where_no_product_is_chosen(desk: Shop) -> None:
    import numpy as np

    names = [f"thing-{number}" for number in range(20)]
    goods = [
        {"id": name, "title": name, "category": ["Bags" if number < 10 else "Shoes"]}
        for number, name in enumerate(names)
    ]
    with desk.database.connect() as connection:
        made = [rows.product_row(Product.model_validate(one), desk.settings) for one in goods]
        records.upsert(connection, records.UPSERT_PRODUCTS, made)
        generator = np.random.default_rng(2)
        for number, name in enumerate(names):
            middle = np.eye(8)[0 if number < 9 else 1]  # the last bag looks like the shoes
            vector = (middle + generator.normal(0, 0.05, 8)).astype("<f2").tobytes()
            found = product_id(connection, {"namespace": "shop", "value": name})
            connection.execute("INSERT INTO picture_vectors (product_id, url, vector) VALUES (%s, 'x', %s)", (found, vector))  # fmt: skip

    async def steps(user: Any) -> None:
        await user.open("/content/studio")
        await user.should_see("Pictures beside the record", retries=PATIENCE)
        await user.should_see("thing-9", retries=PATIENCE)

    simulate(desk, steps)


def test_many_are_ordered_and_written(desk: Shop) -> None:
    async def steps(user: Any) -> None:
        await user.open("/content/many")
        await user.should_see("See what it takes", retries=PATIENCE)
        form_of(user, "See what it takes").trigger("submit.prevent", {"category": [""], "brand": [""]})
        await until(lambda: any("at least one kind" in message for message in user.notify.messages))
        form_of(user, "See what it takes").trigger(
            "submit.prevent",
            {"kind": ["title"], "locale": ["en"], "category": ["Tea"], "brand": [""], "without": ["1"]},
        )
        await user.should_see("10 texts at most, in about", retries=PATIENCE)
        await user.should_see("it costs nothing", retries=PATIENCE)

    simulate(desk, steps)
