"""Texts of a store's products: written, reviewed, published, many at once; killed, contradicted, changed by two at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from regulars.content.studio import Studio
from regulars.errors import Conflict, InvalidInput, ModelError, NotFound, Unavailable
from regulars.language.chat_models import ScriptedModel
from regulars.schema import Product
from regulars.shop import Shop
from regulars.store import records, rows
from regulars.store import texts as table

TEAPOT = {
    "id": "T1", "title": {"en": "Clay teapot", "zh": "陶土茶壶"}, "brand": "Hillside", "category": ["Tea", "Teapot"], "price": "31",
    "attributes": {"material": "clay", "capacity": "0.8 l", "dishwasher safe": True}, "description": {"en": "Pours without a drip."},
}  # fmt: skip


WHOLE = "A clay teapot. It holds 0.8 l and is dishwasher safe."


def put(shop: Shop, *products: dict[str, Any]) -> list[int]:
    settings = shop.settings
    with shop.database.connect() as connection:
        made = [rows.product_row(Product.model_validate(one), settings) for one in products]
        records.upsert(connection, records.UPSERT_PRODUCTS, made)
        return [row["product_id"] for row in connection.execute("SELECT product_id FROM products ORDER BY product_id")]


@pytest.fixture
def teapot(shop: Shop) -> int:
    return put(shop, TEAPOT)[0]


def states(shop: Shop) -> dict[str, int]:
    with shop.database.connect() as connection:
        return table.counts(connection)


def said(**fields: str) -> str:
    return json.dumps(fields)


def written(shop: Shop, product: int, *answers: Any, kind: str = "description", locale: str = "en") -> Any:
    studio = Studio(shop.database, ScriptedModel(*answers) if answers else None)
    with shop.database.connect() as connection:
        return table.read(connection, studio.write(connection, product, kind, locale))


def test_a_models_true_text_is_taken(shop: Shop, teapot: int) -> None:
    row = written(
        shop, teapot, said(body="A clay teapot that holds 0.8 l, pours without a drip and is dishwasher safe.")
    )
    assert (row["state"], row["writer"]) == ("draft", "scripted")
    assert [one["why"] for one in row["trace"]] == [""]
    assert row["fields"]["body"][0][1] == ["title", "capacity", "material", "dishwasher safe"]


def test_a_false_text_is_written_once_more_with_what_was_wrong(shop: Shop, teapot: int) -> None:
    model = ScriptedModel(said(body="A porcelain teapot."), said(body=WHOLE))
    studio = Studio(shop.database, model)
    with shop.database.connect() as connection:
        row = table.read(connection, studio.write(connection, teapot, "description", "en"))
    assert (row["state"], row["writer"]) == ("draft", "scripted")
    assert [one["why"] for one in row["trace"]] == ["gate", ""]
    assert "porcelain" in model.asked[1][-1].content


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([said(body="A porcelain teapot."), said(body="The best teapot.")], ["gate", "gate", ""]),
        ([said(body="A clay teapot.")], ["thin", "thin", ""]),  # true, and no description
        ([said(body="")], ["gate", "gate", ""]),
        ([said(body="一把陶土茶壶。")], ["gate", "gate", ""]),
        ([said(body="<h1>Clay teapot</h1>")], ["gate", "gate", ""]),
        (["no json"], ["model", ""]),
        ([Unavailable("slow")], ["unavailable", ""]),
        ([ModelError("refused")], ["model", ""]),
    ],
)
def test_where_the_model_fails_the_realiser_writes(shop: Shop, teapot: int, answers: list[Any], why: list[str]) -> None:
    row = written(shop, teapot, *answers)
    assert (row["state"], row["writer"]) == ("draft", "realiser")
    assert [one["why"] for one in row["trace"]] == why
    assert "clay" in row["fields"]["body"][0][0]


def test_a_product_without_a_title_in_the_language_waits(shop: Shop) -> None:
    (product,) = put(shop, {"id": "O1", "title": "Clay pot"})
    row = written(shop, product, locale="zh")
    assert row["state"] == "waiting"
    assert any("no title" in flag["reason"] for flag in row["flags"])


def test_edited_published_replaced_and_restored(shop: Shop, teapot: int) -> None:
    studio = shop.studio
    row = written(shop, teapot)
    with shop.database.connect() as connection:
        version, edited = studio.edit(connection, row["text_id"], 1, {"body": "A clay teapot for two."})
        assert (version, edited["state"]) == (2, "waiting")  # nobody said for how many it is
        with pytest.raises(Conflict, match="holds it back"):
            studio.publish(connection, row["text_id"], 2)
        version, edited = studio.edit(connection, row["text_id"], 2, {"body": "A clay teapot. It holds 0.8 l."})
        assert (version, edited["state"]) == (3, "draft")
        studio.publish(connection, row["text_id"], 3)
        with pytest.raises(Conflict, match="version 3"):
            studio.edit(connection, row["text_id"], 2, {"body": "Another's words."})
    second = written(shop, teapot)
    with shop.database.connect() as connection:
        studio.publish(connection, second["text_id"], 1)
        assert [one["text_id"] for one in table.live(connection, [teapot], ["description"])] == [second["text_id"]]
        assert table.read(connection, row["text_id"])["state"] == "replaced"
        assert studio.restore(connection, row["text_id"], 3, 1) == 4
        kept = table.versions(connection, row["text_id"])
        assert [one["version"] for one in kept] == [4, 3, 2, 1]
        assert kept[0]["fields"] == kept[3]["fields"]
        pairs = connection.execute("SELECT chosen, refused FROM preferences").fetchall()
        assert [one["refused"] for one in pairs] == [row["fields"]]


def test_a_person_may_answer_for_a_text(shop: Shop, teapot: int) -> None:
    row = written(shop, teapot)
    with shop.database.connect() as connection:
        shop.studio.edit(connection, row["text_id"], 1, {"body": "Our founder's favourite."})
        shop.studio.publish(connection, row["text_id"], 2, anyway=True)
    assert states(shop) == {"published": 1}


def test_a_product_that_is_deleted_takes_its_texts_off(shop: Shop, teapot: int) -> None:
    row = written(shop, teapot)
    with shop.database.connect() as connection:
        connection.execute("DELETE FROM products WHERE product_id = %s", (teapot,))
        with pytest.raises(Conflict, match="gone"):
            shop.studio.publish(connection, row["text_id"], 1)
        assert table.note_gone(connection) == 1
        assert table.read(connection, row["text_id"])["state"] == "gone"
        with pytest.raises(NotFound):
            shop.studio.write(connection, teapot, "description", "en")


def test_scheduled_texts_come_out_when_it_is_time(shop: Shop, teapot: int) -> None:
    row = written(shop, teapot)
    with shop.database.connect() as connection:
        when = connection.execute("SELECT now() + interval '1 hour' AS at").fetchone()
        assert when is not None
        shop.studio.publish(connection, row["text_id"], 1, when["at"])
        assert table.publish_due(connection) == 0
        connection.execute("UPDATE texts SET publish_at = now() - interval '1 second'")
        assert table.publish_due(connection) == 1
    assert states(shop) == {"published": 1}


def test_a_kind_goes_out_by_itself_only_where_the_shop_says_so(shop: Shop, teapot: int) -> None:
    with shop.database.connect() as connection:
        table.write_voice(connection, {"publish": ["alt"], "avoid": ["snug"]})
    assert written(shop, teapot, kind="alt")["state"] == "published"
    assert written(shop, teapot)["state"] == "draft"


@pytest.mark.parametrize(("kind", "locale"), [("poem", "en"), ("description", "fr")])
def test_what_cannot_be_written_is_told_of(shop: Shop, teapot: int, kind: str, locale: str) -> None:
    with pytest.raises(InvalidInput), shop.database.connect() as connection:
        shop.studio.write(connection, teapot, kind, locale)


def many(shop: Shop, count: int) -> list[int]:
    return put(shop, *({**TEAPOT, "id": f"T{number}", "title": f"Clay teapot {number}"} for number in range(count)))


def test_a_writing_that_is_killed_goes_on_and_writes_none_twice(shop: Shop) -> None:
    many(shop, 90)
    studio = Studio(shop.database)
    with shop.database.connect() as connection:
        writing_id, count = studio.begin(connection, ["description", "title"], ["en"])
    assert count == 180

    def kill(done: int, total: int | None) -> None:
        if done >= 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        studio.run(writing_id, kill)
    assert 60 <= sum(states(shop).values()) < 180
    ran = studio.run(writing_id)
    assert (ran.state, ran.done, ran.left) == ("done", 180, 0)
    with shop.database.connect() as connection:
        twice = connection.execute("SELECT product_id, kind, count(*) FROM texts GROUP BY 1, 2 HAVING count(*) > 1").fetchall()  # fmt: skip
        assert twice == []
        with pytest.raises(NotFound, match="No product fits"):
            studio.begin(connection, ["description"], ["en"])


def test_a_pause_holds_and_a_product_that_goes_meanwhile_fails_alone(shop: Shop) -> None:
    products = many(shop, 45)
    studio = Studio(shop.database)
    with shop.database.connect() as connection:
        writing_id, _ = studio.begin(connection, ["alt"], ["en"])
        connection.execute("DELETE FROM products WHERE product_id = %s", (products[40],))

    def pause(done: int, total: int | None) -> None:
        if done >= 20:
            with shop.database.connect() as connection:
                table.set_writing(connection, writing_id, "paused")

    assert studio.run(writing_id, pause).state == "paused"
    ran = studio.run(writing_id)
    assert (ran.done, ran.failed) == (44, 1)
    with shop.database.connect() as connection:
        assert [one["problem"] for one in table.failures(connection, writing_id)] == ["The product is gone."]
        assert table.retry_failed(connection, writing_id) == 1


def test_a_product_with_too_few_reviews_fails_alone(shop: Shop) -> None:
    many(shop, 2)
    with shop.database.connect() as connection:
        writing_id, _ = shop.studio.begin(connection, ["alt", "digest"], ["en"])
    ran = shop.studio.run(writing_id)
    assert (ran.done, ran.failed, ran.state) == (2, 2, "done")


@pytest.mark.parametrize(("budget", "asked"), [(0, 0), (3, 3)])
def test_a_budget_is_kept(shop: Shop, budget: int, asked: int) -> None:
    many(shop, 6)
    model = ScriptedModel(said(alt="Clay teapot"))
    studio = Studio(shop.database, model)
    with shop.database.connect() as connection:
        writing_id, _ = studio.begin(connection, ["alt"], ["en"], budget=budget)
    ran = studio.run(writing_id)
    assert ran.done == 6
    with shop.database.connect() as connection:
        row = table.writing(connection, writing_id)
    assert row["spent"] == len(model.asked) == asked


def test_two_who_write_at_once_share_the_work(shop: Shop, new_database: Callable[[], Any]) -> None:
    import threading

    many(shop, 120)
    studio = Studio(shop.database)
    with shop.database.connect() as connection:
        writing_id, _ = studio.begin(connection, ["alt"], ["en"])
    threads = [threading.Thread(target=studio.run, args=(writing_id,)) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with shop.database.connect() as connection:
        row = connection.execute("SELECT count(*) AS all, count(DISTINCT product_id) AS products FROM texts").fetchone()
        assert row is not None
        assert (row["all"], row["products"]) == (120, 120)
