"""What a customer wishes to be shown: read from the sentence, and answered from search, recommender and order book."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.assist import reading, sizes, wishes
from regulars.assist.actions.executor import Executor
from regulars.assist.desk import Desk
from regulars.assist.service import Assistant
from regulars.assist.shelf import Shelf
from regulars.assist.turns import Turn
from regulars.recommend.live import Live
from regulars.recommend.rules.book import RuleBook
from regulars.recommend.rules.language import parse
from regulars.schema import Order, Product
from regulars.store import records, rows
from regulars.store.database import Database

from .orders import SETTINGS, _order, fill
from .test_conversation import Talk

SHOES = {
    "id": "shoe", "title": {"en": "Fjord running shoes", "zh": "峡湾跑鞋"}, "category": "Sport > Shoes",
    "variants": [
        {"id": f"shoe-{size}-{colour}", "options": {"size": size, "colour": colour}, "price": price, "stock": stock}
        for size, colour, price, stock in
        [("41", "grey", "80.00", 3), ("42", "grey", "80.00", 3), ("43", "grey", "80.00", 2), ("44", "grey", "85.00", 0), ("43", "red", "85.00", 1)]
    ],
}  # fmt: skip
SOCKS = {"id": "socks", "title": {"en": "Wool socks", "zh": "羊毛袜"}, "category": "Sport > Socks",
         "variants": [{"id": "socks-1", "options": {}, "price": "9.00", "stock": 20}]}  # fmt: skip


@pytest.fixture
def assistant(database: Database, models: Path) -> Assistant:
    fill(database)
    with database.connect() as connection:
        made = [rows.product_row(Product.model_validate(one), SETTINGS) for one in (SHOES, SOCKS)]
        records.upsert(connection, records.UPSERT_PRODUCTS, made)
        order = Order.model_validate(
            _order("3001", "bo", "delivered", 0.5, "bo-card", [("shoe", "shoe-42-grey", "80.00")])
        )
        row, events = rows.order_rows(order, rows.Clock.of(SETTINGS), SETTINGS)
        records.upsert(connection, records.UPSERT_ORDERS, [row], events)
    live = Live(database, models)
    live.refresh()
    assert live.current is not None
    desk = Desk(models, live.serving)
    with database.connect() as connection:
        desk.refresh(connection, SETTINGS)
    return desk.assistant(Executor(b"a secret of the tests"), SETTINGS)


def shown(turn: Turn) -> list[str]:
    return [one["id"] for one in turn.products]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("I'm looking for a backpack", "backpack"),
        ("Hi, I would like to buy some coffee beans please", "coffee beans"),
        ("what kettles do you have in stock?", "kettles"),
        ("have you got any blue mugs", "blue mugs"),
        ("I was wondering if you have hand cream", "hand cream"),
        ("Which teapot is the best?", "teapot"),
        ("a red scarf under 30 euros", "red scarf under 30 euros"),
        ("我想买一个背包", "背包"),
        ("你家卖不卖咖啡豆？", "咖啡豆"),
        ("想找一盏台灯", "台灯"),
        ("帮我找个20元以下的杯子", "20元以下的杯子"),
        ("Thanks! I want a kettle", "kettle"),
        ("do you have thank you cards", "thank you cards"),
        ("got any in-ear headphones?", "in-ear headphones"),
        ("有有线耳机吗", "有线耳机"),
        ("你们有没有家具", "家具"),
        ("推荐点心", "点心"),
        ("a rug that isn't too big", "rug that isn't too big"),
    ],
)
def test_what_is_looked_for_is_read_without_the_asking(said: str, words: str) -> None:
    assert wishes.read(said) == wishes.Wish("search", words)


@pytest.mark.parametrize(
    ("said", "kind", "theirs"),
    [
        ("What do you recommend?", "recommend", False),
        ("推荐点东西", "recommend", False),
        ("what are your bestsellers", "recommend", False),
        ("surprise me", "surprise", False),
        ("something that matches my last order", "goes_with", True),
        ("what goes well with the boots I bought", "goes_with", True),
        ("什么和茶壶搭配", "goes_with", False),
        ("show me more like this", "alike", False),
        ("有没有跟这个类似的", "alike", False),
        ("do you have these a size larger?", "size", False),
        ("这款有大一码的吗", "size", False),
    ],
)
def test_what_it_should_be_about_is_read(said: str, kind: str, theirs: bool) -> None:
    found = wishes.read(said, recommended=True)
    assert (found.kind, found.theirs) == (kind, theirs)


def test_of_what_they_bought_only_its_name_is_left() -> None:
    assert wishes.read("what goes well with the boots I bought").words == "boots"
    assert wishes.read("something similar to what I bought last time").words == ""
    assert wishes.read("和我上次买的东西搭配的有什么").words == ""


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    found = wishes.read(text)
    assert found.words in " ".join(text.split()) or found.kind != "search"


def test_a_long_text_is_read_at_once() -> None:
    began = time.process_time()
    for text in ("hi the for a " * 12 + "x" + ", " * 850 + "x" + " please" * 10, ", " * 990 + "x", "我想" * 900):
        wishes.read(text)
    assert time.process_time() - began < 0.5


@dataclass
class One:
    options: dict[str, str]


def of_sizes(*values: str) -> list[One]:
    return [One({"size": value}) for value in values]


def test_sizes_stand_in_their_order() -> None:
    shirts = [One({"size": size, "colour": colour}) for size in ("XL", "S", "M", "L") for colour in ("red", "blue")]
    found = sizes.next_size(shirts, {"size": "M", "colour": "blue"}, 1)
    assert found is not None
    assert found.options == {"size": "L", "colour": "blue"}
    assert sizes.next_size(shirts, {"size": "M", "colour": "blue"}, 2) is shirts[1]
    assert sizes.following(shirts, {"size": "XL", "colour": "red"}, 1) == [], "there is nothing larger"
    assert sizes.following(shirts, {"colour": "red"}, 1) is None, "a colour has no next one"


def test_where_an_order_cannot_be_told_nothing_is_said_of_it() -> None:
    assert sizes.following(of_sizes("one", "other"), {"size": "one"}, 1) is None
    assert sizes.following(of_sizes("500 g", "1 kg"), {"size": "500 g"}, 1) is None, "two units"
    assert sizes.following(of_sizes("S", "M", "One size"), {"size": "S"}, 1) is None
    assert sizes.following(of_sizes("140x200", "160x200"), {"size": "140x200"}, 1) is None


def test_a_size_there_is_in_another_colour_alone_is_shown_as_that() -> None:
    some = [One({"size": "43", "colour": "red"}), One({"size": "44", "colour": "grey"})]
    assert sizes.following(some, some[0].options, 1) == [some[1]]
    assert sizes.next_size(some, some[0].options, 1) is None, "an exchange changes nothing but the size"


def test_what_is_there_is_found_and_what_is_not_is_not_claimed(database: Database, assistant: Assistant) -> None:
    found = Talk(database, assistant, None).say("I'm looking for a mug")
    assert (found.act, shown(found)[0]) == ("list", "mug")
    none = Talk(database, assistant, None).say("I'm looking for a violin")
    assert none.act == "list:else"
    assert none.products, "something else is shown, and called that"
    zh = Talk(database, assistant, None, "zh").say("有没有跑鞋？")
    assert (zh.act, shown(zh)[0]) == ("list", "shoe")


def test_each_list_is_a_decision(database: Database, assistant: Assistant) -> None:
    talk = Talk(database, assistant, "bo")
    turns = [talk.say("show me mugs"), talk.say("what do you recommend?"), talk.say("what goes with my last order?")]
    ids = [turn.products[0]["decision_id"] for turn in turns]
    assert len(set(ids)) == 3
    with database.connect() as connection:
        kept = connection.execute("SELECT decision_id::text AS id, surface FROM decisions").fetchall()
    surfaces = {one["id"]: one["surface"] for one in kept}
    assert [surfaces[one] for one in ids] == ["assistant", "assistant", "goes_with"]


def test_the_help_centres_silence_is_filled_by_products_that_have_all_the_words(
    database: Database, assistant: Assistant
) -> None:
    assert Talk(database, assistant, None).say("Which mug is the best?").act in ("list", "answer")
    assert Talk(database, assistant, None).say("What violins do you have?").act != "list"


def test_what_goes_with_an_order_asks_whose_it_is(database: Database, assistant: Assistant) -> None:
    talk = Talk(database, assistant, None)
    assert talk.say("what goes with my last order?").act == "verify:ask"
    told = talk.say("bo@example.org")
    assert told.act == "list:goes_with"
    assert "Fjord running shoes" in (told.text or "")
    assert "shoe" not in shown(told)


def test_the_next_size_of_what_they_have(database: Database, assistant: Assistant) -> None:
    larger = Talk(database, assistant, "bo").say("Do you have my running shoes a size larger?")
    if larger.act.startswith("confirm"):  # understood as an exchange of that pair: to 43 then
        assert "43" in (larger.text or "")
    else:
        assert larger.act == "size:in_stock"
        assert "43" in (larger.text or "")
        assert "€80.00" in (larger.text or "")
    two = Talk(database, assistant, "bo").say("are there Fjord running shoes two sizes larger than my 42?")
    assert "44" in (two.text or "")
    unknown = Talk(database, assistant, None).say("do you have the Fjord running shoes a size up?")
    assert unknown.act == "size:all", "it isn't known which size they have"


def test_another_thing_than_they_named_is_not_taken_for_it(database: Database, assistant: Assistant) -> None:
    told = Talk(database, assistant, "bo").say("what goes with the mug I bought?")
    assert "Fjord running shoes" not in (told.text or "").split(":")[0], "no mug is among their orders"


def test_somebody_who_looks_for_something_has_said_no_name(database: Database, assistant: Assistant) -> None:
    talk = Talk(database, assistant, None)
    talk.say("I'm looking for a mug")
    asked = talk.say("where is my order?")
    assert asked.act == "verify:ask", "not for the postcode of Mr. Looking"


@pytest.mark.parametrize("said", ["what goes with my sofa?", "what goes with the sofa I bought?", "something that goes with my hair colour"])  # fmt: skip
def test_what_they_never_bought_is_not_taken_for_their_last_order(
    database: Database, assistant: Assistant, said: str
) -> None:
    told = Talk(database, assistant, "bo").say(said)
    assert "Fjord running shoes" not in (told.text or "").split(":")[0]


def test_somebody_elses_order_is_as_one_that_is_not_there(database: Database, assistant: Assistant) -> None:
    own = Talk(database, assistant, "bo").say("what goes with order 3001?")
    assert "Fjord running shoes" in (own.text or "")
    others = [Talk(database, assistant, "bo").say(f"what goes with order {name}?") for name in ("1001", "99999")]
    assert others[1].act == "refused:not_found"
    assert all("goes_with" not in one.act for one in others), "nothing is told of it"
    assert Talk(database, assistant, None).say("what goes with order 99999?").act == "verify:ask"


def test_who_waits_to_say_who_they_are_may_ask_for_something_else(database: Database, assistant: Assistant) -> None:
    talk = Talk(database, assistant, None)
    assert talk.say("what goes with my last order?").act == "verify:ask"
    assert talk.say("show me mugs").act == "list"


@pytest.mark.parametrize("name", ["Ming Li", "Jing Wang", "Sterling Moss", "Agnes Farrow"])
def test_names_that_look_like_doing_are_names(name: str) -> None:
    assert reading.looks_like_a_name(name)


def test_a_pin_and_nothing_found_is_no_find(database: Database, assistant: Assistant) -> None:
    shelf = assistant.flows.shows
    assert isinstance(shelf, Shelf)
    serving = shelf._serving_of()
    rules = parse("pin product is mug at 1 on assistant", serving.surfaces)
    assert serving.links is not None
    book = RuleBook(1, rules, serving.catalogue, serving.links)
    shelf._serving_of = lambda: replace(serving, rules=book)
    assert shown(Talk(database, assistant, None).say("what do you recommend?"))[0] == "mug"
    assert Talk(database, assistant, None).say("I'm looking for a violin").act == "list:else"


def test_an_exchange_for_the_next_size_needs_no_number(database: Database, assistant: Assistant) -> None:
    talk = Talk(database, assistant, "bo")
    asked = talk.say("I want to exchange order 3001 for a size larger")
    assert asked.act == "confirm:exchange_items"
    assert "43" in (asked.text or "")
    assert "grey" in (asked.text or "")


def test_a_place_in_the_list_that_was_shown_is_understood(database: Database, assistant: Assistant) -> None:
    talk = Talk(database, assistant, None)
    listed = talk.say("what do you recommend?")
    second = listed.products[1]["title"]
    assert second in (talk.say("what goes with the second one?").text or "")
    assert talk.say("more like the second one").act in ("list:alternatives", "list:empty"), "and no order is changed"


def test_hostile_words_are_only_searched_for(database: Database, assistant: Assistant) -> None:
    talk = Talk(database, assistant, None)
    for said in (
        "show me '; DROP TABLE products; --",
        "I'm looking for <script>alert(1)</script>",
        "有没有" + "🙂" * 400,
    ):
        told = talk.say(said)
        assert told.text
        assert "DROP" not in told.text
        assert "script" not in told.text
    assert shown(Talk(database, assistant, None).say("show me mugs")) == ["mug"]
