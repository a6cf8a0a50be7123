"""HTTP of actions and policies: an action proposed, then confirmed by its token; the rules read and written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol, TypeVar
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from regulars.assist.actions.executor import Claim, Executor, Outcome, Person
from regulars.assist.actions.plans import ACTIONS
from regulars.assist.actions.policy import Policy
from regulars.assist.actions.told import outcome_told
from regulars.assist.answers import Draft, drafted
from regulars.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from regulars.schema import ExternalId
from regulars.schema.identity import ExternalIdField, as_external_id
from regulars.schema.text import Plain, ShortText
from regulars.store import actions as table
from regulars.store import identity, order_book
from regulars.store.database import Connection

T = TypeVar("T")
VOID = {
    "void": "this was replaced by another proposal",
    "refused": "this was refused",
    "expired": "the time to confirm it has passed",
    "other_arguments": "what is confirmed isn't what was proposed",
    "changed_meanwhile": "it would come to something else now",
}
"""Why a confirmation does nothing."""


class Acts(Protocol):
    """What these routes need of the engine."""

    @property
    def executor(self) -> Executor: ...

    async def in_transaction(self, work: Callable[[Connection], T]) -> T: ...


class IdentityIn(BaseModel):
    """Who it is for. A customer's id counts with a secret key, or with a token signed for that customer; everybody else is
    known by e-mail, or by name and postcode, as the policy allows.
    """

    model_config = ConfigDict(extra="forbid")
    customer: ExternalIdField | None = None
    email: Annotated[Plain, Field(max_length=320)] | None = None
    name: ShortText | None = None
    postcode: ShortText | None = None


class ActionIn(BaseModel):
    """One action, to be proposed; with `confirmation`, to be done."""

    model_config = ConfigDict(extra="forbid")
    action: Literal[ACTIONS]  # type: ignore[valid-type]
    arguments: dict[str, Any] = Field(default_factory=dict)
    identity: IdentityIn = Field(default_factory=IdentityIn)
    confirmation: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="The token of the proposal. It confirms these very arguments, once."
    )
    locale: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")


class ActionOut(BaseModel):
    """What became of it."""

    action: str
    state: Literal["done", "needs_confirmation", "refused"]
    action_id: UUID | None
    confirmation: str | None = Field(description="Send it with the same action and arguments to have it done.")
    confirm_until: datetime | None
    code: str = Field(description="Why it was refused, for programs.")
    text: str = Field(description="The policy's words where it refused; else what is (to be) done.")
    details: dict[str, Any] = Field(description="Amounts are in minor units beside currency and exponent.")
    order: dict[str, Any] | None = Field(description="The order as it was read for this answer.")
    done_at: datetime | None
    repeated: bool = Field(description="It was done before, by the same token; nothing was done now.")


class PolicyOut(BaseModel):
    """The rules in force."""

    version: int | None = Field(description="null: the shop has written none; these are the defaults.")
    policy: Policy


class PolicyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    policy: Policy
    note: ShortText | None = None


MOST_WORDINGS = 200  # as many as an article has


def draft_told(draft: Draft) -> dict[str, Any]:
    """A draft as HTTP and the command line tell it: title, body and locale are an article's."""
    mark = hashlib.blake2b(f"{draft.locale}/{draft.title}".encode(), digest_size=5).hexdigest()
    return {
        "id": f"draft-{mark}",
        "title": draft.title,
        "body": draft.text,
        "locale": draft.locale,
        "sentences": [{"text": text, "answers": many} for text, many in zip(draft.body, draft.agree, strict=True)],
        "questions": list(draft.questions[:MOST_WORDINGS]),
        "count": draft.count,
        "last": draft.last,
        "conversations": [str(one) for one in draft.conversations],
    }


def router(engine_of: Callable[[], Acts], any_caller: Any, secret_caller: Any, responses: dict[int | str, Any]) -> APIRouter:  # fmt: skip
    """The routes. any_caller, secret_caller: dependencies that say who calls, or refuse."""
    routes = APIRouter(prefix="/v1", tags=["assistant"], responses=responses)

    @routes.post("/actions", response_model=ActionOut, summary="Propose an action, or confirm a proposed one")
    async def act(asked: Annotated[ActionIn, Body()], caller: Any = Depends(any_caller)) -> Response:
        engine = engine_of()
        named = asked.identity.customer
        who = caller.speaks_for(named)

        def work(connection: Connection) -> tuple[Outcome, Person]:
            person = person_of(connection, engine.executor, who, asked.identity, caller.scope)
            if asked.confirmation is not None:
                outcome = engine.executor.confirm(
                    connection, person, asked.confirmation, asked.action, asked.arguments, asked.locale
                )
            else:
                outcome = engine.executor.propose(
                    connection, person, asked.action, asked.arguments, locale=asked.locale
                )
            if outcome.state == "done" and outcome.order is not None:
                outcome = _as_it_is_now(connection, outcome)
            return outcome, person

        outcome, _ = await engine.in_transaction(work)
        if outcome.state == "void":
            raise Conflict(f"Nothing was done: {VOID[outcome.code]}.", hint="Ask for it anew.", state=outcome.code)
        return _json(outcome_told(outcome, asked.locale))

    @routes.get("/articles/drafts", summary="Drafts of help articles from what people answered in solved conversations")
    async def article_drafts(_: Any = Depends(secret_caller)) -> Response:
        found = await engine_of().in_transaction(drafted)
        return _json({"drafts": [draft_told(one) for one in found]})

    @routes.get("/actions", summary="What was proposed and done, the latest first")
    async def actions(
        caller: Any = Depends(secret_caller),  # noqa: ARG001
        order: Annotated[str | None, Query(max_length=200)] = None,
        customer: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> Response:
        def work(connection: Connection) -> list[dict[str, Any]]:
            ids: dict[str, int | None] = {"order": None, "customer": None}
            for kind, given in (("order", order), ("customer", customer)):
                if given is not None:
                    found = identity.id_of(connection, kind, _named(given, kind))
                    if found is None:
                        raise NotFound(f"There is no {kind} {given[:60]!r}.", field=kind)
                    ids[kind] = found
            rows = table.read_actions(connection, ids["customer"], ids["order"], limit=limit)
            orders = identity.names_of(connection, "order", [row["order_id"] for row in rows if row["order_id"]])
            people = identity.names_of(
                connection, "customer", [row["customer_id"] for row in rows if row["customer_id"]]
            )
            return [
                {
                    **{name: row[name] for name in ("action_id", "name", "state", "arguments", "effects", "refusal", "identity", "proposed_at", "done_at")},
                    "policy_version": row["policy_id"],
                    "order": _told_name(orders.get(row["order_id"] or 0)),
                    "customer": _told_name(people.get(row["customer_id"] or 0)),
                }
                for row in rows
            ]  # fmt: skip

        return _json({"actions": await engine_of().in_transaction(work)})

    @routes.get("/policies", response_model=PolicyOut, summary="The assistant's rules in force")
    async def policy(caller: Any = Depends(secret_caller)) -> Response:  # noqa: ARG001
        engine = engine_of()
        rules, version = await engine.in_transaction(engine.executor.policy)
        return _json({"version": version, "policy": rules.model_dump(mode="json")})

    @routes.put("/policies", response_model=PolicyOut, summary="Put other rules in force; the old ones are kept")
    async def write_policy(given: Annotated[PolicyIn, Body()], caller: Any = Depends(secret_caller)) -> Response:  # noqa: ARG001
        document = given.policy.model_dump(mode="json")
        version = await engine_of().in_transaction(
            lambda connection: table.write_policy(connection, document, given.note)
        )
        return _json({"version": version, "policy": document})

    return routes


def person_of(
    connection: Connection,
    executor: Executor,
    signed: ExternalId | None,
    given: IdentityIn,
    scope: str,
    asker: str = "",
) -> Person:
    """Who an action is for. signed: the customer whom the caller may speak for.

    Raises: Unauthenticated when nobody is said, NotFound, Forbidden when what is said fits nobody, RateLimited.
    """
    if signed is not None:
        customer_id = identity.id_of(connection, "customer", signed)
        if customer_id is None or order_book.read_profile(connection, customer_id) is None:
            raise NotFound(f"There is no customer {signed.value[:60]!r}.", field="identity.customer")
        return Person(customer_id, "trusted" if scope == "secret" else "signed")
    if given.email is None and given.name is None and given.postcode is None:
        raise Unauthenticated(
            "It isn't said for whom this is.",
            hint="Give `identity`: a customer with a secret key or a signed token, an e-mail, or a name and a postcode.",
        )
    person = executor.verify(connection, Claim(given.email, given.name, given.postcode, asker))
    if person is None:
        connection.commit()  # the attempt counts though this raises
        raise Forbidden("No customer is known by what was said.", hint="Check the spelling, or ask for a person.")
    return person


def _as_it_is_now(connection: Connection, outcome: Outcome) -> Outcome:
    assert outcome.order is not None
    return replace(outcome, order=order_book.read_order(connection, outcome.order.order_id))


def _named(given: str, field: str) -> ExternalId:
    try:
        return as_external_id(given)
    except ValueError as error:
        raise InvalidInput(f"{field}: {error}.", field=field) from None


def _told_name(name: ExternalId | None) -> dict[str, str] | None:
    return None if name is None else name._asdict()


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
