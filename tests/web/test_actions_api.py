"""Actions over HTTP: proposed, confirmed once, refused with the policy's words; only for whom the caller may speak."""

from __future__ import annotations

from typing import Any

import pytest

from assist.orders import fill

from .test_api import Api, api

__all__ = ["api"]

ADA = {"customer": "ada"}


@pytest.fixture(scope="module")
def book(api: Api) -> Api:
    fill(api.shop.database)
    return api


def ask(book: Api, action: str, identity: dict[str, Any], public: dict[str, str] | None = None, **more: Any) -> Any:
    body = {"action": action, "arguments": {"order": "1001"}, "identity": identity, **more}
    return book.client.post("/v1/actions", json=body, headers=public or book.secret)


def test_proposed_then_confirmed_once(book: Api) -> None:
    proposed = ask(book, "change_payment", ADA, arguments={"order": "1001", "payment_method": "ada-paypal"})
    assert proposed.status_code == 200
    told = proposed.json()
    assert (told["state"], told["details"]["amount"], told["details"]["exponent"]) == ("needs_confirmation", 1790, 2)
    again = {"arguments": {"order": "1001", "payment_method": "ada-paypal"}, "confirmation": told["confirmation"]}
    done = ask(book, "change_payment", ADA, **again).json()
    assert (done["state"], done["repeated"]) == ("done", False)
    assert [one["kind"] for one in done["order"]["payments"]] == ["charge", "charge", "refund"]
    assert ask(book, "change_payment", ADA, **again).json()["repeated"] is True
    listed = book.client.get("/v1/actions?order=1001", headers=book.secret).json()["actions"]
    assert [(one["name"], one["state"], one["customer"]["value"]) for one in listed] == [("change_payment", "done", "ada")]  # fmt: skip


def test_other_arguments_void_the_confirmation(book: Api) -> None:
    token = ask(book, "cancel_order", ADA).json()["confirmation"]
    other = ask(book, "cancel_order", ADA, arguments={"order": "1002"}, confirmation=token)
    assert (other.status_code, other.json()["type"].rsplit("/", 1)[-1]) == (409, "conflict")
    assert ask(book, "cancel_order", ADA, confirmation=token).status_code == 409


def test_for_whom(book: Api) -> None:
    assert ask(book, "track_order", {}).status_code == 401
    assert ask(book, "track_order", ADA, public=book.public).status_code == 403
    assert ask(book, "track_order", {"email": "ada@example.org"}, public=book.public).json()["state"] == "done"
    assert ask(book, "track_order", {"email": "bo@example.org"}, public=book.public).status_code == 404
    assert ask(book, "track_order", {"email": "nobody@example.org"}).status_code == 403
    signed = {**book.public, "Regulars-Customer": book.shop.customer_token("ada")}
    assert ask(book, "track_order", {}, public=signed).json()["order"]["id"] == "1001"


def test_what_does_not_fit_names_the_field(book: Api) -> None:
    wrong = ask(book, "change_items", ADA, arguments={"order": "1001", "items": [{"new": "mug-red"}]})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "arguments.items[0]"
    assert ask(book, "fly", ADA).status_code == 422


def test_policies_are_read_and_written(book: Api) -> None:
    first = book.client.get("/v1/policies", headers=book.secret).json()
    assert first["version"] is None
    rules = {**first["policy"], "cancel_order": {"allowed": False, "text": {"zh": "请联系客服。"}}}
    written = book.client.put("/v1/policies", json={"policy": rules}, headers=book.secret)
    assert written.status_code == 200
    refused = ask(book, "cancel_order", ADA, locale="zh").json()
    assert (refused["state"], refused["code"], refused["text"]) == ("refused", "not_allowed", "请联系客服。")
    assert book.client.put("/v1/policies", json={"policy": {"x": 1}}, headers=book.secret).status_code == 422
    assert book.client.get("/v1/policies", headers=book.public).status_code == 403
