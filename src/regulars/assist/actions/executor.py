"""The one way in which the assistant acts: who is it, is it theirs, may it be done, what exactly, a yes to exactly that, once.

Deterministic and without any model. `propose` writes nothing but the proposal; `confirm` does in one transaction what was
proposed, if it would still come to the same. Everything that was asked for is kept in the table `actions`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import orjson
import uuid_utils

from regulars.assist.actions.arguments import Arguments, OrderArguments, arguments_of
from regulars.assist.actions.plans import Plan, Records, Refusal, plan
from regulars.assist.actions.policy import Policy, policy_of
from regulars.errors import Forbidden, InvalidInput, NotFound, RateLimited
from regulars.schema import DEFAULT_NAMESPACE, ExternalId
from regulars.store import actions as table
from regulars.store import identity, order_book
from regulars.store.database import Connection

How = Literal["trusted", "signed", "email", "name_postcode"]
TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an action is for, and how that is known."""

    customer_id: int
    how: How


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says to be known by. asker: who says it (a conversation, a browser): attempts are counted by it too."""

    email: str | None = None
    name: str | None = None
    postcode: str | None = None
    asker: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request.

    state: "done" (also what only reads), "needs_confirmation", "refused", or "void": it can't be confirmed any more, `code` says
    why ("expired", "other_arguments", "changed_meanwhile", "void"). token: what confirms it, once, until `until`.
    told: what may be said of it, by name. text: the policy's words, where it refused.
    """

    action: str
    state: Literal["done", "needs_confirmation", "refused", "void"]
    action_id: UUID | None
    plan: Plan | None = None
    order: order_book.OrderView | None = None
    code: str = ""
    text: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    token: str | None = None
    until: datetime | None = None
    done_at: datetime | None = None
    repeated: bool = False


class Executor:
    """Acts for one shop. Safe to share between threads: it keeps nothing but the shop's secret and its clock."""

    def __init__(self, secret: bytes, clock: Callable[[], datetime] | None = None) -> None:
        """clock: what time it is for all that is decided and written, None = this machine's and the database's own. A world that is
        lived faster than time has one.
        """
        self._secret = secret
        self._clock = clock

    @property
    def stamp(self) -> datetime | None:
        """When what is written now happens; None leaves it to the database's clock."""
        return None if self._clock is None else self._clock()

    def now(self) -> datetime:
        """What time it is."""
        return datetime.now(UTC) if self._clock is None else self._clock()

    def policy(self, connection: Connection) -> tuple[Policy, int | None]:
        """What is in force, and the number of its version; the defaults and None where the shop wrote none."""
        row = table.read_policy(connection)
        return (Policy(), None) if row is None else (policy_of(row["document"]), row["policy_id"])

    def verify(self, connection: Connection, claim: Claim) -> Person | None:
        """Who that is, by e-mail or by name and postcode; None when nobody fits, or several do.

        Raises: RateLimited after too many failures about the same person or by the same asker; InvalidInput when nothing is claimed.
        """
        policy, _ = self.policy(connection)
        rule = policy.identity
        email, name, postcode = (text.strip() if text else "" for text in (claim.email, claim.name, claim.postcode))
        if email and "email" in rule.ways:
            how: How = "email"
            subject = f"email:{email.casefold()}"
        elif name and postcode and "name_postcode" in rule.ways:
            how = "name_postcode"
            subject = f"name:{' '.join(name.casefold().split())}"
        else:
            ways = {"email": "an e-mail address", "name_postcode": "a name and a postcode"}
            raise InvalidInput(
                "Nothing is said by which a customer could be known.",
                hint=f"Give {' or '.join(ways[way] for way in rule.ways)}." if rule.ways else "Only signed-in customers are served here.",
                field="identity",
            )  # fmt: skip
        subjects = [self._hashed(subject), *([self._hashed(f"asker:{claim.asker}")] if claim.asker else [])]
        # One after the other: two at once would both see the attempts before them.
        for one in sorted(subjects):
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtext('identity_attempts'), hashtext(%s))", (one.hex(),)
            )
        if table.failed_attempts(connection, subjects, timedelta(minutes=rule.within_minutes)) >= rule.attempts:
            raise RateLimited(
                "There were too many attempts to say who this is.",
                hint="Try again later, or ask for a person.",
                retry_after=rule.within_minutes * 60,
            )
        found = (
            order_book.find_by_email(connection, email)
            if how == "email"
            else order_book.find_by_name(connection, name, postcode)
        )
        table.keep_attempt(connection, subjects, found is not None)
        return None if found is None else Person(found, how)

    def propose(
        self,
        connection: Connection,
        person: Person,
        action: str,
        given: Mapping[str, Any],
        conversation: UUID | None = None,
        locale: str = "en",
    ) -> Outcome:
        """What the action would do, to be confirmed; what it reads, at once; or why it may not be done.

        What was proposed before in the same conversation, or on the same order, can't be confirmed any more.
        Raises: InvalidInput for arguments that don't fit, NotFound for an order that isn't there or isn't theirs.
        """
        arguments = arguments_of(action, dict(given))
        policy, policy_id = self.policy(connection)
        records = self._records(connection, person, arguments)
        made = plan(action, arguments, records, policy, locale)
        order_id = None if records.order is None else records.order.order_id
        row: dict[str, Any] = {
            "action_id": UUID(bytes=uuid_utils.uuid7().bytes),
            "conversation_id": conversation,
            "customer_id": person.customer_id,
            "order_id": order_id,
            "name": action,
            "arguments": arguments.model_dump(mode="json"),
            "effects": [] if isinstance(made, Refusal) else list(made.effects),
            "policy_id": policy_id,
            "state": "refused" if isinstance(made, Refusal) else "proposed",
            "refusal": made.code if isinstance(made, Refusal) else None,
            "token": None,
            "identity": person.how,
            "at": self.stamp,
        }
        row["digest"] = self._digest(person, action, row["arguments"], row["effects"])
        if isinstance(made, Refusal):
            table.record(connection, row)
            return Outcome(action, "refused", row["action_id"], None, records.order, made.code, made.text, made.told)
        if made.reads:
            return Outcome(action, "done", None, made, records.order, told=self._read(records, made))
        token = secrets.token_urlsafe(TOKEN_BYTES)
        row["token"] = hashlib.sha256(token.encode()).digest()
        table.record(connection, row)
        until = records.now + timedelta(minutes=policy.identity.confirm_within_minutes)
        return Outcome(
            action,
            "needs_confirmation",
            row["action_id"],
            made,
            records.order,
            told=made.told,
            token=token,
            until=until,
        )

    def confirm(
        self,
        connection: Connection,
        person: Person,
        token: str,
        action: str | None = None,
        given: Mapping[str, Any] | None = None,
        locale: str = "en",
    ) -> Outcome:
        """Does what was proposed under this token, once. The same token again answers the same and does nothing.

        action, given: what the caller believes to confirm; where they are given and differ, the proposal is void.
        Nothing is done when it can't be confirmed any more: the arguments differ, it is too late, or it would come to something else
        now. Raises: NotFound for a token that isn't known, Forbidden for somebody else's.
        """
        row = table.by_token(connection, hashlib.sha256(token.encode()).digest())
        if row is None:
            raise NotFound("There is nothing to confirm by this token.", field="confirmation")
        if row["customer_id"] != person.customer_id:
            raise Forbidden("This confirmation was given to somebody else.", field="confirmation")
        if row["state"] == "done":
            return Outcome(row["name"], "done", row["action_id"], done_at=row["done_at"], repeated=True)
        if row["state"] != "proposed":
            return Outcome(row["name"], "void", row["action_id"], code=row["state"])
        policy, _ = self.policy(connection)
        arguments = arguments_of(row["name"], row["arguments"])
        if action is not None and (
            action != row["name"] or arguments_of(action, dict(given or {})).model_dump(mode="json") != row["arguments"]
        ):
            return self._void(connection, row, "other_arguments")
        if self.now() - row["proposed_at"] > timedelta(minutes=policy.identity.confirm_within_minutes):
            return self._void(connection, row, "expired", "expired")
        records = self._records(connection, person, arguments, lock=True)
        made = plan(row["name"], arguments, records, policy, locale)
        if isinstance(made, Refusal):
            table.set_state(connection, row["action_id"], "void")
            return Outcome(
                row["name"], "refused", row["action_id"], None, records.order, made.code, made.text, made.told
            )
        digest = self._digest(person, row["name"], row["arguments"], list(made.effects))
        if not hmac.compare_digest(digest, bytes(row["digest"])):
            return self._void(connection, row, "changed_meanwhile")
        table.apply(connection, made.effects, person.customer_id, row["order_id"], self.stamp)
        done_at = table.finish(connection, row["action_id"], self._before(records), self.stamp)
        return Outcome(row["name"], "done", row["action_id"], made, records.order, told=made.told, done_at=done_at)

    def _void(self, connection: Connection, row: Mapping[str, Any], code: str, state: str = "void") -> Outcome:
        table.set_state(connection, row["action_id"], state)
        return Outcome(row["name"], "void", row["action_id"], code=code)

    def _records(self, connection: Connection, person: Person, arguments: Arguments, *, lock: bool = False) -> Records:
        """Raises: NotFound. An order that isn't theirs is one that isn't there: nobody learns which numbers exist."""
        profile = order_book.read_profile(connection, person.customer_id, lock=lock)
        if profile is None:
            raise NotFound("There is no such customer any more.", field="customer")
        order = None
        if isinstance(arguments, OrderArguments):
            order_id = identity.id_of(connection, "order", arguments.order)
            order = None if order_id is None else order_book.read_order(connection, order_id, lock=lock)
            if order is None or order.customer_id != person.customer_id:
                raise NotFound(f"There is no order {arguments.order.value[:60]!r} of this customer.", field="order")

        def variant_of(name: ExternalId) -> order_book.Variant | None:
            variant_id = identity.id_of(connection, "variant", name)
            if variant_id is None and name.namespace == DEFAULT_NAMESPACE:
                variant_id = identity.id_of(connection, "variant", ExternalId("sku", name.value))
            return None if variant_id is None else order_book.read_variant(connection, variant_id)

        def method_of(name: ExternalId) -> order_book.Method | None:
            return profile.method(identity.id_of(connection, "payment_method", name))

        return Records(profile, order, method_of, variant_of, self.now())

    def _read(self, records: Records, made: Plan) -> dict[str, Any]:
        """What an action that only tells has to tell."""
        order = records.order
        if made.action == "store_credit":
            held = [one for one in records.profile.methods if one.holds_money]
            return {"methods": [{"kind": one.kind, "label": one.label, "balance": one.balance or 0} for one in held]}
        assert order is not None
        if made.action == "refund_status":
            refunds = [one for one in order.payments if one.kind == "refund"]
            return {
                "refunds": [{"amount": one.amount, "status": one.status, "method": one.method_id} for one in refunds]
            }
        return {}

    def _before(self, records: Records) -> dict[str, Any]:
        order = records.order
        return {
            "order": None
            if order is None
            else {"status": order.status, "address": order.address, "total": order.total, "lines": [asdict(line) for line in order.lines]},
            "addresses": list(records.profile.addresses),
            "balances": {str(one.method_id): one.balance for one in records.profile.methods if one.holds_money},
        }  # fmt: skip

    def _digest(
        self, person: Person, action: str, arguments: Mapping[str, Any], effects: list[dict[str, Any]]
    ) -> bytes:
        told = [person.customer_id, action, arguments, effects]
        return hmac.digest(self._secret, orjson.dumps(told, option=orjson.OPT_SORT_KEYS), "sha256")

    def _hashed(self, text: str) -> bytes:
        """Attempts are kept without what was said in them."""
        return hmac.digest(self._secret, text.encode(), "sha256")[:16]
