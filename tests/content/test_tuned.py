"""Teaching a writer: what it learns from, what it is asked, that it is measured, registered, promoted, used and taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from regulars.content import train as training
from regulars.content.lessons import Lessons, made_lessons, read_lessons
from regulars.content.measure import measure
from regulars.content.realiser import realise
from regulars.content.sheet import sheet_of
from regulars.content.studio import Studio
from regulars.content.tuned import ABOUT_FILE, FORM, TAUGHT, About, TunedWriter, answer, question, read_answer
from regulars.content.writers import ChatWriter, Realiser, Writer
from regulars.errors import DamagedModel, InvalidInput, ModelError, NotEnoughData, RegularsError
from regulars.language.chat_models import ScriptedModel
from regulars.language.local_models import BundledModel
from regulars.schema.content import KINDS, Brief, Voice
from regulars.shop import Shop
from regulars.store import texts as table

from .test_studio import put
from .things import JACKET, record

COLOURS = ["red", "navy", "green", "white", "black", "grey"]
MATERIALS = ["clay", "steel", "oak", "glass"]
THINGS = ["teapot", "bowl", "mug", "tray", "jug"]


def goods(many: int = 30) -> list[dict[str, Any]]:
    return [
        {
            "id": f"G{number}", "title": {"en": f"Series {number} {THINGS[number % 5]}"}, "brand": "Hillside", "category": ["Kitchen", "Table"],
            "price": str(10 + number),
            "attributes": {"material": MATERIALS[number % 4], "colour": COLOURS[number % 6], "weight": f"{100 + 7 * number} g"},
        }
        for number in range(many)
    ]  # fmt: skip


def lessons(**changes: Any) -> Lessons:
    made = [
        record(
            {"material": MATERIALS[number % 4], "colour": COLOURS[number % 6], "weight": f"{100 + 7 * number} g"},
            f"Series {number} {THINGS[number % 5]}",
        )
        for number in range(30)
    ]
    from dataclasses import replace

    return made_lessons([replace(one, product_id=place) for place, one in enumerate(made)], Voice(), many=60, **changes)


def test_no_product_is_learned_from_and_held_out() -> None:
    found = lessons()
    learned = {one.sheet.record.product_id for one in found.learned}
    held = {one.sheet.record.product_id for one in found.held} | {sheet.record.product_id for sheet, _ in found.prompts}
    assert learned
    assert held
    assert not learned & held
    assert {brief.kind for _, brief in found.prompts} == set(TAUGHT)
    assert len({(sheet.record.product_id, brief.kind) for sheet, brief in found.prompts}) == len(found.prompts)
    assert len({(one.sheet.record.product_id, one.brief.kind) for one in found.held}) == len(found.held)
    assert {one.sheet.record.product_id for one in lessons(seed=9).learned}.isdisjoint(held)  # whatever the seed
    assert found.origins() == {"realised": 60}


def test_what_is_asked_holds_every_value_of_the_answer() -> None:
    """A model that learns to say what isn't in its question learns to invent: numbers are a case that can be counted."""
    import re

    for one in [*lessons().learned, *lessons(seed=3).learned]:
        _, user, said, _ = one.words()
        assert set(re.findall(r"\d+", said)) <= set(re.findall(r"\d+", user)), (user, said)


def test_the_same_seed_gives_the_same_lessons() -> None:
    assert [one.words() for one in lessons(seed=5).learned] == [one.words() for one in lessons(seed=5).learned]
    assert [one.words() for one in lessons(seed=5).learned] != [one.words() for one in lessons(seed=6).learned]


@pytest.mark.parametrize("kind", TAUGHT)
def test_an_answer_is_read_as_it_was_written(kind: str) -> None:
    sheet = sheet_of(record(JACKET, description="Made for wet days. Packs into its own pocket."))
    brief = Brief(kind, "en")
    fields = realise(sheet, brief)
    again = read_answer(answer(fields, brief), brief)
    assert answer(again, brief) == answer(fields, brief)
    assert set(again) == {place.name for place in KINDS[kind]}


def test_an_answer_without_a_part_is_no_answer() -> None:
    with pytest.raises(ModelError, match="left out headline"):
        read_answer("text: Of clay.\nmore", Brief("ad_banner", "en"))


def test_price_is_asked_of_kinds_that_tell_it() -> None:
    sheet = sheet_of(record(JACKET))
    assert "Price: €89" in question(sheet, Brief("sms", "en"))[1]
    assert "Price" not in question(sheet, Brief("description", "en"))[1]


def test_people_teach_by_what_they_let_out_and_what_they_put_in_its_place(shop: Shop) -> None:
    ids = put(shop, *goods())
    studio = Studio(shop.database)
    with shop.database.connect() as connection:
        for product in ids[:4]:
            text = studio.write(connection, product, "title", "en")
            studio.publish(connection, text, 1)
        edited = studio.write(connection, ids[0], "alt", "en")
        studio.edit(connection, edited, 1, {"alt": "A red clay teapot"})
        refused = studio.write(connection, ids[1], "alt", "en")
        studio.reject(connection, refused, 1, "dull")
        bad = studio.write(connection, ids[2], "sms", "en")
        studio.edit(connection, bad, 1, {"body": "The best bowl in the world."})
        row = table.read(connection, bad)
        studio.publish(connection, bad, row["version"], anyway=True)
        found = read_lessons(connection, (), 80, seed=4)
    people = [one for one in (*found.learned, *found.held) if one.origin != "realised"]
    assert {(one.origin, one.brief.kind) for one in people} == {("approved", "title"), ("edited", "alt")}
    (alt,) = [one for one in people if one.origin == "edited"]
    assert answer(alt.fields, alt.brief) == "A red clay teapot"
    assert alt.refused is not None
    assert answer(alt.refused, alt.brief) != "A red clay teapot"
    assert found.left_out == 1  # the world's best bowl: let out on somebody's word, and no lesson
    assert sum(found.origins().values()) == 80


def test_too_few_products_are_said(shop: Shop) -> None:
    put(shop, *goods(5))
    with shop.database.connect() as connection, pytest.raises(NotEnoughData, match="5 products"):
        read_lessons(connection)


@pytest.mark.parametrize(("method", "kinds"), [("magic", ()), ("lora", ("digest",)), ("lora", ("poem",))])
def test_what_can_not_be_taught_is_said(method: str, kinds: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput):
        training.check(method, kinds)


def test_a_version_says_what_it_was_taught(tmp_path: Path) -> None:
    about = About(("title",), "en", FORM, "abc")
    about.save(tmp_path)
    assert About.load(tmp_path) == about
    (tmp_path / ABOUT_FILE).write_text(json.dumps({"kinds": []}))
    with pytest.raises(DamagedModel):
        About.load(tmp_path)


# One contract of all who write.


@pytest.fixture(scope="module")
def bundled() -> BundledModel:
    if not BundledModel.installed():
        pytest.skip("the extra `chat` isn't installed")
    return BundledModel()


def writer_called(name: str, kind: str, bundled: BundledModel) -> Writer:
    """The tuned writer here is the bundled model before any teaching: the worst that may stand behind the contract."""
    if name == "realiser":
        return Realiser()
    if name == "tuned":
        return TunedWriter(bundled, About(TAUGHT, "en", FORM, ""))
    return ChatWriter(ScriptedModel(json.dumps({place.name: "A jacket.\nOf nylon." for place in KINDS[kind]})))


@pytest.mark.parametrize("name", ["realiser", "chat", "tuned"])
@pytest.mark.parametrize("kind", ["title", "sms", "ad_banner"])
def test_a_writer_gives_the_kinds_parts_or_says_why_not(name: str, kind: str, bundled: BundledModel) -> None:
    writer = writer_called(name, kind, bundled)
    sheet = sheet_of(record(JACKET))
    before = repr(sheet)
    fields, why = None, ""
    try:
        fields = writer.write(sheet, Brief(kind, "en"))
    except RegularsError as error:
        why = error.detail
    assert repr(sheet) == before
    if fields is None:
        assert name == "tuned"
        assert why
    else:
        assert set(fields) == {place.name for place in KINDS[kind]}
        assert all(one.text.strip() for several in fields.values() for one in several)


@pytest.mark.parametrize(("kind", "locale"), [("digest", "en"), ("title", "zh")])
def test_a_tuned_writer_leaves_what_it_was_not_taught(kind: str, locale: str, bundled: BundledModel) -> None:
    writer = TunedWriter(bundled, About(("title",), "en", FORM, ""))
    assert not writer.can(Brief(kind, locale))
    with pytest.raises(ModelError):
        writer.write(sheet_of(record(JACKET)), Brief(kind, locale))


def test_a_measurement_counts_what_the_gate_lets_out() -> None:
    found = lessons()
    told = measure(Realiser(), found.prompts, {})
    assert told.passed.some == told.texts == len(found.prompts)
    assert told.coverage == 1.0
    assert told.failed == {}


def test_a_writer_is_taught_measured_registered_used_and_taken_back(shop: Shop, bundled: BundledModel) -> None:
    ids = put(shop, *goods())
    lines: list[str] = []
    settings: dict[str, Any] = {"kinds": ("title",), "lessons": 60, "max_seconds": 10.0, "learning_rate": 3e-3}
    trained = shop.train_writer(**settings, progress=lambda _done, line: lines.append(line))
    report = trained.report
    assert report["after"]["perplexity"] < report["before"]["perplexity"]
    assert report["lessons"] == {"realised": 60}
    assert any("perplexity" in line for line in lines)
    assert trained.promoted == (report["after"]["passed"]["some"] > report["before"]["passed"]["some"])
    (row,) = shop.models("writer")
    assert set(row["files"]) >= {"writer.gguf", "writer.json"}
    assert row["settings"]["method"] == "lora"
    assert row["metrics"]["after"] == report["after"]
    if not trained.promoted:
        shop.promote(trained.version)
    with shop.database.connect() as connection:
        _, written = shop.studio.preview(connection, ids[0], "title", "en")
        assert written.tries[0].writer == trained.version
        assert written.judgement.passed
        _, other = shop.studio.preview(connection, ids[0], "sms", "en")
        assert [one.writer for one in other.tries] == ["realiser"]  # it wasn't taught these
    name, measured = shop.evaluate_writer()
    assert name == trained.version
    assert measured.texts == report["after"]["texts"]  # of the kind that it was taught
    assert measured.passed.some == report["after"]["passed"]["some"]
    again = shop.train_writer(**{**settings, "max_seconds": 0.1}, go_on=True, promote=False)
    newest = shop.models("writer")[0]
    assert (newest["version"], newest["parent"]) == (again.version, trained.version)
    assert (
        again.report["before"]["passed"] == report["after"]["passed"]
    )  # compared with the one before, on the same questions


def test_a_damaged_version_writes_nothing(shop: Shop, bundled: BundledModel, tmp_path: Path) -> None:
    ids = put(shop, *goods(3))
    from regulars.store import registry

    draft = registry.draft(shop.workspace.models, "writer")
    (draft.folder / "writer.gguf").write_bytes(b"hello")
    About(("title",), "en", FORM, "").save(draft.folder)
    with shop.database.connect() as connection:
        version = registry.register(connection, shop.workspace.models, draft)
        registry.promote(connection, shop.workspace.models, version, "by hand")
        (shop.workspace.models / version / "writer.gguf").write_bytes(b"goodbye")
        _, written = shop.studio.preview(connection, ids[0], "title", "en")
    assert [one.writer for one in written.tries] == ["realiser"]
