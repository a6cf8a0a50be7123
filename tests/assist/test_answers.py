"""Drafts of articles from what people answered: what they agree on, nothing about one customer, nothing that nobody said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from regulars.assist.answers import Answered, drafted, drafts, read, usable
from regulars.assist.asked import impersonal
from regulars.schema import Customer
from regulars.shop import Shop
from regulars.store import records, rows
from regulars.store.database import sql

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def answered(number: int, question: str, answer: str) -> Answered:
    return Answered(UUID(int=number), question, answer, NOW + timedelta(hours=number))


LOG = [
    answered(
        1,
        "Can I return shoes that I wore once?",
        "Hi Ada! Worn shoes can't be returned. Unworn ones go back free within 30 days.",
    ),
    answered(
        2,
        "Can I send back shoes I have worn?",
        "I'm afraid shoes that were worn can't be sent back. Have a lovely day!",
    ),
    answered(
        3,
        "Do you take worn shoes back?",
        "Worn shoes can't be returned. I have sent you a mail about your order NB-10415.",
    ),
    answered(4, "How much is shipping to Norway?", "Shipping to Norway costs 12 euros."),
    answered(5, "Where is my parcel?", "Your parcel is in Hamburg. I can see it arrives tomorrow."),
    answered(6, "Where is my parcel now?", "Your order left today."),
]


def test_what_two_answers_agree_on_becomes_a_draft() -> None:
    (draft,) = drafts(LOG)
    assert draft.locale == "en"
    assert draft.count >= 2
    assert draft.title in {one.question for one in LOG[:3]}
    assert any("can't be" in one for one in draft.body)
    said = " ".join(one.answer for one in LOG)
    assert all(one in said for one in draft.body)  # word for word
    assert all(many >= 2 for many in draft.agree)
    assert "Ada" not in " ".join(draft.body)
    assert set(draft.conversations) <= {UUID(int=1), UUID(int=2), UUID(int=3)}


def test_one_answer_alone_is_no_article_unless_asked_for() -> None:
    assert not any("Norway" in one.title for one in drafts(LOG))
    assert any("Norway" in one.title for one in drafts(LOG, least=1))
    assert drafts([]) == []


def test_languages_are_kept_apart() -> None:
    log = [
        answered(1, "穿过的鞋可以退吗？", "您好！穿过的鞋不能退货。"),
        answered(2, "鞋子穿过一次还能退吗？", "很抱歉，穿过的鞋子不能退货。"),
        *LOG[:3],
    ]
    found = drafts(log)
    assert {one.locale for one in found} == {"en", "zh"}
    (chinese,) = [one for one in found if one.locale == "zh"]
    assert "不能退货" in "".join(chinese.body)


def test_who_asks_twice_agrees_once() -> None:
    twice = [replace(one, conversation_id=UUID(int=1)) for one in LOG[:3]]
    assert drafts(twice) == []


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("Hello! You're welcome. Is there anything else?", []),
        ("Your refund was sent today.", []),
        ("Gift cards never expire. I've just checked.", ["Gift cards never expire."]),
        ("您好！礼品卡永不过期。您的订单已发出。", ["礼品卡永不过期。"]),
    ],
)
def test_what_is_about_one_customer_is_left_out(answer: str, kept: list[str]) -> None:
    assert usable(answer) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Can I return worn shoes?", True),
        ("I'm Ada, can I return shoes?", False),
        ("Can you deliver to Mill Lane?", False),
        ("Is order … on its way?", False),
        ("穿过的鞋能退吗？", True),
        ("我叫王芳，能退吗？", False),
    ],
)
def test_wordings_that_seem_personal_are_not_kept(text: str, kept: bool) -> None:
    assert impersonal(text) == kept


def put(shop: Shop, number: int, mode: str, rating: int | None, *said: tuple[str, str]) -> None:
    with shop.database.connect() as connection:
        name = UUID(int=number)
        connection.execute(
            sql(
                "INSERT INTO conversations (conversation_id, locale, channel, mode, rating) VALUES (%s, 'en', 'widget', %s, %s)"
            ),
            (name, mode, rating),
        )
        for place, (role, body) in enumerate(said):
            connection.execute(
                sql("INSERT INTO messages (conversation_id, place, role, body) VALUES (%s, %s, %s, %s)"),
                (name, place, role, body),
            )


def test_only_solved_conversations_count(shop: Shop) -> None:
    asked = ("customer", "Can I return shoes that I wore once? My mail is ada@example.org")
    person = {
        "id": "ada",
        "name": "Ada Byron",
        "addresses": [{"line1": "1 Mill Lane", "city": "Leeds", "country": "GB"}],
    }
    with shop.database.connect() as connection:
        made = [rows.customer_row(Customer.model_validate(person), shop.settings)]
        records.upsert(connection, records.UPSERT_CUSTOMERS, made)
    told = ("human", "Worn shoes can't be returned, I'm sorry to say.")
    more = ("human", "Shoes that were worn can't be returned.")
    put(shop, 1, "closed", 5, asked, ("human", "We came to Mill Lane, Ms Byron."), told, more)
    with shop.database.connect() as connection:
        connection.execute("UPDATE conversations SET customer_id = (SELECT customer_id FROM customers LIMIT 1)")
    put(shop, 2, "closed", None, asked, ("assistant", "Let me see."), more, ("customer", "Thanks a lot!"))
    put(shop, 3, "closed", 1, asked, more)
    put(shop, 4, "human", None, asked, more)
    with shop.database.connect() as connection:
        found = read(connection)
        (draft,) = drafted(connection)
    assert [one.conversation_id.int for one in found].count(3) == 0
    assert {one.conversation_id.int for one in found} == {1, 2}
    assert "ada@example.org" not in repr(found)
    assert "Byron" not in repr(found)
    assert "Mill" not in repr(found)
    assert draft.count == 2


def test_who_only_asks_for_a_person_had_asked_something_before(shop: Shop) -> None:
    asked = ("customer", "Do you sell gift cards on paper?")
    told = ("human", "Gift cards come by mail on printed paper.")
    put(shop, 1, "closed", 5, asked, ("assistant", "I don't know."), ("customer", "Can I talk to a real person?"), told)
    put(shop, 2, "closed", 5, ("customer", "I'd like to speak to a human"), told)
    with shop.database.connect() as connection:
        found = read(connection)
    assert [one.question for one in found] == [asked[1]]
