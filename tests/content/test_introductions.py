"""Introductions to categories: what they say of what is in them, in both languages, kept and published like any text."""

from __future__ import annotations

from typing import Any

import pytest

from regulars.content.gate import judge, texts
from regulars.content.records import category_id, sheets, voice_of
from regulars.content.service import write
from regulars.errors import Conflict, InvalidInput, NotFound
from regulars.schema.content import Brief, Voice
from regulars.shop import Shop
from regulars.store import texts as table

from .test_studio import put


def teapots() -> list[dict[str, Any]]:
    made = [
        ("clay", "red", "Hillside"),
        ("steel", "black", "Tarn"),
        ("glass", "white", "Hillside"),
        ("clay", "navy", "Tarn"),
    ]
    return [
        {
            "id": f"T{number}", "title": {"en": f"Teapot {number}", "zh": f"茶壶{number}号"}, "brand": brand, "price": "20",
            "category": ["Kitchen", "Teapots"], "attributes": {"material": material, "colour": colour},
        }
        for number, (material, colour, brand) in enumerate(made)
    ] + [
        {"id": f"C{number}", "title": {"en": f"Cup {number}"}, "brand": "Moss", "category": ["Kitchen", "Cups"], "price": "5"}
        for number in range(3)
    ]  # fmt: skip


@pytest.fixture
def kitchen(shop: Shop) -> Shop:
    put(shop, *teapots())
    with shop.database.connect() as connection:
        table.write_voice(connection, {"glossary": {"Teapots": "茶壶", "Cups": "杯子", "Kitchen": "厨房"}})
    return shop


@pytest.mark.parametrize("variant", range(6))
def test_an_introduction_says_what_is_in_the_category(kitchen: Shop, variant: int) -> None:
    with kitchen.database.connect() as connection:
        found = category_id(connection, "teapots")
        assert found < 0
        sheet = sheets(connection, [found], voice_of(connection))[found]
    written = write(sheet, Brief("category", "en", Voice(), variant), foreign=["Moss"])
    said = texts(written.fields, "en")["body"]
    assert written.state == "draft", written.judgement.flags
    for word in ("eapots", "Hillside", "Tarn", "clay", "steel", "glass", "red", "black", "white", "navy"):
        assert word in said
    chinese = texts(write(sheet, Brief("category", "zh", Voice(), variant)).fields, "zh")["body"]
    for word in ("茶壶", "Hillside", "陶土", "红色", "藏青色"):
        assert word in chinese


def test_the_wider_category_names_what_is_inside(kitchen: Shop) -> None:
    with kitchen.database.connect() as connection:
        found = category_id(connection, "Kitchen")
        sheet = sheets(connection, [found], voice_of(connection))[found]
    written = write(sheet, Brief("category", "en"))
    assert "teapots" in texts(written.fields, "en")["body"].lower()
    assert "杯子" in texts(write(sheet, Brief("category", "zh")).fields, "zh")["body"]


@pytest.mark.parametrize(
    "false", ["Teapots of gold.", "Teapots by Moss.", "The best teapots in the world.", "All are waterproof."]
)
def test_the_gate_judges_an_introduction_too(kitchen: Shop, false: str) -> None:
    from regulars.content.writers import in_sentences

    with kitchen.database.connect() as connection:
        found = category_id(connection, "Teapots")
        sheet = sheets(connection, [found], voice_of(connection))[found]
    assert not judge({"body": in_sentences(false)}, sheet, Brief("category", "en"), ["Moss"]).passed


def test_it_is_written_for_all_categories_published_and_goes_with_the_last_product(kitchen: Shop) -> None:
    studio = kitchen.studio
    with kitchen.database.connect() as connection:
        writing_id, many = studio.begin(connection, ["category"], ["en", "zh"])
        assert many == 6  # Kitchen, Teapots and Cups in two languages
        assert table.writing(connection, writing_id)["kinds"] == ["category"]
    ran = studio.run(writing_id)
    assert (ran.done, ran.failed) == (6, 0)
    with kitchen.database.connect() as connection:
        rows = table.listed(connection, ["draft", "waiting"], "category")
        assert {(*row["category"], row["locale"]) for row in rows} >= {("Kitchen", "Teapots", "en"), ("Kitchen", "zh")}
        for row in rows:
            if row["category"] == ["Kitchen", "Teapots"] and row["locale"] == "en":
                studio.publish(connection, row["text_id"], row["version"])
                kept = row["text_id"]
        assert table.note_gone(connection) == 0
        with pytest.raises(NotFound):
            studio.begin(connection, ["category"], ["en"])  # all have one
        connection.execute("UPDATE products SET known = false WHERE category @> ARRAY['Teapots']")
        assert table.note_gone(connection) == 2
        with pytest.raises(Conflict):
            studio.publish(connection, kept, 1)


def test_a_model_writes_no_kind_of_what_it_is_not(kitchen: Shop) -> None:
    """The realiser refuses by itself; a model would write anything."""
    from regulars.content.studio import Studio
    from regulars.language.chat_models import ScriptedModel

    studio = Studio(kitchen.database, ScriptedModel('{"body": "Teapots by Tarn."}'))
    with kitchen.database.connect() as connection:
        product = table.find_products(connection, None, None, False, [])[0]
        for about, kind in ((product, "category"), (category_id(connection, "Teapots"), "description")):
            with pytest.raises(InvalidInput, match="no kind"):
                studio.preview(connection, about, kind, "en")
        with pytest.raises(InvalidInput, match="not of a brand"):
            studio.begin(connection, ["category"], ["en"], brand="Tarn")
        connection.execute("DELETE FROM voices")
        _, many = studio.begin(connection, ["category"], ["en", "zh"], own_languages=True)
        assert many == 4  # of the Chinese names one is known without the shop's glossary: Kitchen, 厨房


def test_a_category_has_no_price_and_a_product_no_introduction(kitchen: Shop) -> None:
    with kitchen.database.connect() as connection:
        found = category_id(connection, "Kitchen > Teapots")
        with pytest.raises(InvalidInput, match="no kind"):
            kitchen.studio.preview(connection, found, "sms", "en")
        product = table.find_products(connection, None, None, False, [])[0]
        with pytest.raises(InvalidInput, match="no kind"):
            kitchen.studio.preview(connection, product, "category", "en")
        with pytest.raises(NotFound):
            category_id(connection, "Gardens")
