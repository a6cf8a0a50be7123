"""The console's pages of customer service, with NiceGUI's simulated user: what they say, and that what they do is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from regulars.assist.pages.knowledge import free_name
from regulars.assist.pages.policies import changes
from regulars.shop import Shop
from regulars.store import actions as action_table
from regulars.store import conversations as table

from .chat_shop import furnish
from .console_shop import PATIENCE, console_shop, form_of, press, simulate, until


@pytest.fixture(scope="module")
def desk(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with console_shop(servers, tmp_path_factory.mktemp("desk") / "shop") as (_, shop):
        furnish(shop)
        yield shop


def waiting(shop: Shop) -> UUID:
    """Ada asked what delivery costs after she had asked for a person."""
    talk = shop.talk("ada")
    talk.say("I'd like to speak to a human please")
    talk.say("What does delivery cost?")
    return talk.id


def said(shop: Shop, conversation: UUID) -> list[Any]:
    with shop.database.connect() as connection:
        return table.messages(connection, conversation)


def mode(shop: Shop, conversation: UUID) -> str:
    with shop.database.connect() as connection:
        row = table.read(connection, conversation)
    assert row is not None
    return str(row["mode"])


def test_a_new_shop_is_told_what_will_stand_here(servers: Callable[[str], Any], tmp_path: Path) -> None:
    with console_shop(servers, tmp_path / "shop", filled=False) as (_, shop):

        async def steps(user: Any) -> None:
            await user.open("/inbox")
            await user.should_see("Nobody has written yet", retries=PATIENCE)
            await user.open("/assistant")
            await user.should_see("Figures appear with the first conversation", retries=PATIENCE)
            await user.open("/assistant/knowledge")
            await user.should_see("The assistant has nothing to answer from yet", retries=PATIENCE)
            await user.open("/assistant/policies")
            await user.should_see("The careful defaults", retries=PATIENCE)

        simulate(shop, steps)


def test_the_inbox_says_who_waits_and_finds_words(desk: Shop) -> None:
    conversation = waiting(desk)

    async def steps(user: Any) -> None:
        await user.open("/inbox")
        await user.should_see("waits for a person", retries=PATIENCE)
        await user.should_see("Ada Byron", retries=PATIENCE)
        await user.open("/inbox?q=delivery+cost")
        await user.should_see(str(conversation), retries=PATIENCE)
        await user.open("/inbox?q=50%25_nothing")
        await user.should_see("Nothing here holds 50%_nothing.", retries=PATIENCE)
        await user.open(f"/inbox/{UUID(int=1)}")
        await user.should_see("There is no such conversation.", retries=PATIENCE)

    simulate(desk, steps)


def test_a_suggested_reply_is_sent_and_the_conversation_handed_back(desk: Shop) -> None:
    conversation = waiting(desk)

    async def steps(user: Any) -> None:
        await user.open(f"/inbox/{conversation}")
        await user.should_see("Ada Byron waits for a person", retries=PATIENCE)
        await user.should_see("Delivery costs €3.90.", retries=PATIENCE)
        press(user, "Send it as it is")
        await until(lambda: mode(desk, conversation) == "human")
        last = said(desk, conversation)[-1]
        assert last["role"] == "human"
        assert "€3.90" in last["body"]
        assert last["details"]["outcome"] == "accepted"
        form_of(user, "Send").trigger("submit.prevent", {"text": ["And express costs more."]})
        await until(lambda: said(desk, conversation)[-1]["body"] == "And express costs more.")
        form_of(user, "Send").trigger("submit.prevent", {"text": ["   "]})
        await until(lambda: any("empty" in message for message in user.notify.messages))
        press(user, "Hand it back to the assistant")
        await until(lambda: mode(desk, conversation) == "bot")

    simulate(desk, steps)


def test_an_edited_and_a_wrong_suggestion_are_kept_as_that(desk: Shop) -> None:
    edited, wrong = waiting(desk), waiting(desk)

    async def steps(user: Any) -> None:
        await user.open(f"/inbox/{edited}")
        await user.should_see("Delivery costs €3.90.", retries=PATIENCE)
        press(user, "Edit it")
        await asyncio.sleep(0.3)
        form_of(user, "Send").trigger("submit.prevent", {"text": ["It costs €3.90, dear Ada."]})
        await until(lambda: said(desk, edited)[-1]["details"].get("outcome") == "edited")
        assert "€3.90" in said(desk, edited)[-1]["details"]["suggestion"]
        await user.open(f"/inbox/{wrong}")
        await user.should_see("Delivery costs €3.90.", retries=PATIENCE)
        press(user, "It's wrong")
        await until(lambda: said(desk, wrong)[-1]["details"].get("outcome") == "rejected")
        await user.open("/assistant")
        await user.should_see("sent after an edit", retries=PATIENCE)
        await user.should_see("called wrong", retries=PATIENCE)

    simulate(desk, steps)


def test_what_was_done_and_why_stands_beside_it(desk: Shop) -> None:
    talk = desk.talk("ada")
    for text in ("Please cancel order 1001", "yes"):
        talk.say(text)

    async def steps(user: Any) -> None:
        await user.open(f"/inbox/{talk.id}")
        await user.should_see("Ada Byron talks to the assistant", retries=PATIENCE)
        await user.should_see("Cancel an order", retries=PATIENCE)
        await user.should_see("StartFlow(cancel_order)", retries=PATIENCE)
        await user.should_see("cancelled", retries=PATIENCE)
        press(user, "Take it over")
        await until(lambda: mode(desk, talk.id) == "human")
        press(user, "Close it")
        await until(lambda: mode(desk, talk.id) == "closed")
        await user.should_see("It is over.", retries=PATIENCE)

    simulate(desk, steps)


def test_hostile_words_stay_words(desk: Shop) -> None:
    talk = desk.talk()
    talk.say("<script>document.title='owned'</script> hello")

    async def steps(user: Any) -> None:
        await user.open("/inbox?q=owned")
        await user.should_see(str(talk.id), retries=PATIENCE)
        await user.open(f"/inbox/{talk.id}")
        await user.should_see("&lt;script&gt;document.title", retries=PATIENCE)
        await user.should_not_see("<script>document.title")

    simulate(desk, steps)


def test_an_article_is_written_from_a_gap_edited_and_deleted(desk: Shop) -> None:
    desk.talk().say("Can you wrap it as a present?")

    def titles() -> list[str]:
        with desk.database.connect() as connection:
            return [row["title"] for row in connection.execute("SELECT title FROM articles").fetchall()]

    async def steps(user: Any) -> None:
        await user.open("/assistant/knowledge")
        await user.should_see("Can you wrap it as a present?", retries=PATIENCE)
        press(user, "Write it")
        await user.should_see("New article", retries=PATIENCE)
        given = {"title": ["Gift wrapping"], "locale": ["en"], "body": ["We wrap presents for €2."]}
        form_of(user, "Save").trigger("submit.prevent", {**given, "body": [" "]})
        await until(lambda: any("needs a title and a text" in message for message in user.notify.messages))
        form_of(user, "Save").trigger("submit.prevent", given)
        await until(lambda: "Gift wrapping" in titles())
        await user.should_see("The assistant answers from 4 articles", retries=PATIENCE)
        press(user, "Delete it")
        await until(lambda: len(titles()) == 3)

    simulate(desk, steps)


def test_what_customers_chose_becomes_a_wording_with_one_click(desk: Shop) -> None:
    talk = desk.talk()
    asked = "Is a heavy parcel dearer?"
    named = talk.say(asked)
    assert named.act == "no_evidence:near", "the case of this test"
    talk.say("1")

    def wordings() -> list[str]:
        with desk.database.connect() as connection:
            return [
                one
                for row in connection.execute("SELECT questions FROM articles").fetchall()
                for one in row["questions"]
            ]

    async def steps(user: Any) -> None:
        await user.open("/assistant/knowledge")
        await user.should_see("Chosen by customers", retries=PATIENCE)
        await user.should_see("Add the wording", retries=PATIENCE)
        press(user, "Add the wording")
        await until(lambda: asked in wordings())
        await user.should_see("what customers choose is gathered here", retries=PATIENCE)

    simulate(desk, steps)
    assert desk.talk().say(asked).act == "answer", "the same question has a sure answer now"


def test_two_articles_of_one_title_have_two_names(desk: Shop) -> None:
    with desk.database.connect() as connection:
        assert free_name(connection, "How do I return it?", "en") == "how-do-i-return-it.en"
        assert free_name(connection, "退货须知", "zh") == "退货须知.zh"
        assert free_name(connection, "!!!", "") == "article"


def test_labels_are_given_and_counted(desk: Shop) -> None:
    desk.talk().say("my parcel seems to have taken a holiday")

    async def steps(user: Any) -> None:
        await user.open("/assistant/knowledge")
        await user.should_see("Show me twenty", retries=PATIENCE)
        press(user, "Show me twenty")
        await user.should_see("Save the labels", retries=PATIENCE)
        form_of(user, "Save the labels").trigger("submit.prevent", {"0": ["track_order"], "1": [""]})
        await user.should_see("One message has a label.", retries=PATIENCE)

    simulate(desk, steps)


def policy(shop: Shop) -> dict[str, Any]:
    with shop.database.connect() as connection:
        row = action_table.read_policy(connection)
    return {} if row is None else dict(row["document"])


def test_a_policy_is_changed_refused_and_put_back(desk: Shop) -> None:
    async def steps(user: Any) -> None:
        from regulars.assist.actions.policy import Policy

        await user.open("/assistant/policies")
        await user.should_see("The assistant may do 8 things by itself", retries=PATIENCE)
        given = form_as_sent(Policy())
        changed = {**given, "return_items.within_days": ["14"], "return_items.cost": ["4.95"], "return_items.never_categories": ["Tea\n\n Food "], "note": ["A fortnight"]}  # fmt: skip
        del changed["change_payment.allowed"]
        form_of(user, "Put in force").trigger("submit.prevent", {**changed, "return_items.within_days": ["soon"]})
        await until(lambda: any("Return something, Days after delivery" in message for message in user.notify.messages))
        assert policy(desk) == {}
        form_of(user, "Put in force").trigger("submit.prevent", changed)
        await until(lambda: policy(desk) != {})
        rule = policy(desk)["return_items"]
        assert (rule["within_days"], rule["cost"], rule["never_categories"]) == (14, 495, ["Tea", "Food"])
        assert policy(desk)["change_payment"]["allowed"] is False
        await user.should_see("The assistant may do 7 things by itself", retries=PATIENCE)
        await user.should_see("A fortnight", retries=PATIENCE)
        form_of(user, "Put in force").trigger("submit.prevent", {**changed, "return_items.within_days": ["21"]})
        await until(lambda: policy(desk)["return_items"]["within_days"] == 21)
        await user.should_see("return_items.within_days: 14 → 21", retries=PATIENCE)
        press(user, "Put back in force")
        await until(lambda: policy(desk)["return_items"]["within_days"] == 14)

    simulate(desk, steps)


def form_as_sent(given: Any) -> dict[str, list[str]]:
    """What a browser sends of the policy's form when nothing was touched."""
    sent: dict[str, list[str]] = {}
    for action, rule in given.model_dump(mode="json").items():
        for name, value in rule.items():
            if value is True:
                sent[f"{action}.{name}"] = ["yes"]
            elif isinstance(value, list) and name in ("statuses", "refund_to", "ways"):
                sent[f"{action}.{name}"] = value
            elif isinstance(value, str | int) and value is not False:
                sent[f"{action}.{name}"] = [str(value)]
    return sent


def test_an_untouched_form_changes_nothing(desk: Shop) -> None:
    from regulars.assist.actions.policy import Policy

    before = policy(desk)

    async def steps(user: Any) -> None:
        await user.open("/assistant/policies")
        await user.should_see("Put in force", retries=PATIENCE)
        now = Policy.model_validate(before)
        form_of(user, "Put in force").trigger("submit.prevent", {**form_as_sent(now), "return_items.cost": [f"{now.return_items.cost / 100:.2f}"], "return_items.never_categories": ["\n".join(now.return_items.never_categories)]})  # fmt: skip
        await until(lambda: any("Nothing was changed." in message for message in user.notify.messages))

    simulate(desk, steps)
    assert policy(desk) == before


def test_changes_are_told_by_their_paths() -> None:
    before, after = (
        {"cancel_order": {"times": None, "statuses": ["open"]}},
        {"cancel_order": {"times": 2, "statuses": []}},
    )
    assert changes(before, after) == ["cancel_order.times: – → 2", "cancel_order.statuses: open → –"]


def test_the_pages_speak_chinese(desk: Shop) -> None:
    conversation = waiting(desk)

    async def steps(user: Any) -> None:
        for path, words in (
            ("/inbox", "在等人工"),
            (f"/inbox/{conversation}", "智能客服会这样回复"),
            ("/assistant", "由智能客服独立完成"),
            ("/assistant/knowledge", "值得标注的消息"),
            ("/assistant/policies", "自行办理"),
        ):
            await user.open(path)
            await user.should_see(words, retries=PATIENCE)

    simulate(desk, steps, "zh-CN")
