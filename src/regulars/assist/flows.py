"""Carries out a planner's commands: fills slots, asks for what is missing, proposes, confirms, answers, hands over.

It decides nothing that the executor decides, and words nothing: what is to be said is left behind as frames.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from regulars.assist import framing, reading, sizes, wishes
from regulars.assist.actions.executor import Claim, Executor, Outcome
from regulars.assist.commands import (
    PRODUCT_FLOWS,
    Ask,
    CancelFlow,
    ChitChat,
    Clarify,
    Command,
    Confirm,
    Deny,
    HandOver,
    Read,
    SetSlot,
    StartFlow,
)
from regulars.assist.facts import Facts
from regulars.assist.handing import summary_of
from regulars.assist.planner import NEEDS
from regulars.assist.showing import Showing
from regulars.assist.texts import plain
from regulars.assist.turns import Knows, Shows, Work
from regulars.errors import NotFound, RateLimited
from regulars.schema import ExternalId, ShopSettings, exponent_of
from regulars.schema.conversations import Frame
from regulars.schema.identity import as_external_id
from regulars.store import order_book

MISSES = 3
"""Turns in a row that led nowhere, after which a person is offered without being asked for."""

SETTLED = ("answer", "chitchat:", "list", "size:", "no_attachments", "too_long")
"""Acts that ask nothing: below one of these a proposal may be shown again without two questions standing in one reply."""

MENDED = {
    "out_of_stock": "new", "same_variant": "new", "unknown_variant": "new", "other_product": "new", "not_in_order": "items",
    "balance_too_low": "method", "same_method": "method", "unknown_method": "method", "refund_elsewhere": "method",
}  # fmt: skip
"""Refusals that another answer may mend, and which: the rest end the flow."""


class Flows:
    """The flows of one shop's assistant."""

    def __init__(
        self, executor: Executor, knowledge: Callable[[], Knows | None], shows: Shows, settings: ShopSettings
    ) -> None:
        self.executor = executor
        self.knowledge = knowledge
        self.shows = shows
        self.showing = Showing(shows, settings)
        self.settings = settings

    def load(self, work: Work) -> None:
        if work.person is None:
            return
        work.profile = order_book.read_profile(work.connection, work.person.customer_id)
        if work.profile is None:
            work.person = None
            return
        work.orders = order_book.read_orders(work.connection, work.person.customer_id, 20)

    def carry_out(self, work: Work, command: Command) -> None:
        state = work.state
        if isinstance(command, StartFlow):
            if command.flow != state.flow or command.flow in PRODUCT_FLOWS:
                kept = {
                    name: value for name, value in state.slots.items() if name in ("order", "email", "name", "postcode")
                }
                state.clear()
                state.slots |= kept
            state.flow, state.token, state.options = command.flow, None, []
        elif isinstance(command, SetSlot):
            self._set(work, command)
        elif isinstance(command, Ask):
            self._answer(work, command.text, command.otherwise)
        elif isinstance(command, Read):
            self._read(work, command.source)
        elif isinstance(command, Confirm):
            self._confirm(work)
        elif isinstance(command, Deny):
            if command.instead and self._means_otherwise(work):
                return
            state.clear()
            work.frames.append(Frame("kept", work.locale))
        elif isinstance(command, CancelFlow):
            state.clear()
            work.frames.append(Frame("stopped", work.locale))
        elif isinstance(command, HandOver):
            self._hand_over(work, command.reason)
        elif isinstance(command, Clarify):
            state.options = list(command.options)
            labels = [framing.flow_word(one, work.locale) for one in command.options]
            work.frames.append(framing.choice_frame("clarify:options", labels, work.locale, self.settings.zone))
        elif isinstance(command, ChitChat):
            self._chat(work, command.kind)

    def _means_otherwise(self, work: Work) -> bool:
        """Was something set just now, or is something named, that isn't what was shown? It is proposed anew then."""
        state = work.state
        if state.token is not None and work.person is not None and state.flow is not None:
            before = dict(state.slots)
            self._infer(work)
            if state.slots == before:
                return False
        state.token = None
        return True

    def _set(self, work: Work, command: SetSlot) -> None:
        state = work.state
        if command.name == "said":
            work.said = reading.without_names(command.value)
            return
        if state.slots.get(command.name) == command.value:
            return
        state.slots[command.name] = command.value
        # Any change voids what was shown: it is proposed anew.
        state.token = None
        if command.name == "order":
            for name in ("items", "new"):
                state.slots.pop(name, None)

    def _chat(self, work: Work, kind: str) -> None:
        facts = Facts(work.locale)
        if kind == "greeting" and work.profile is not None and work.profile.name:
            facts.name("name", work.profile.name.split()[0])
        work.frames.append(Frame(f"chitchat:{kind}", work.locale, facts.all))
        if kind == "complaint" and work.state.flow is None:
            work.state.last_act = "offer_handover"

    def _answer(self, work: Work, text: str, otherwise: str = "") -> None:
        """From the help centre, with its sources; without evidence the other flow begins, or it says so and offers a person."""
        if work.state.flow is None and self.showing.answers(work, text):
            work.state.misses = 0
            return
        knowledge = self.knowledge()
        product = self.shows.product(work.connection, text)
        found = None if knowledge is None else knowledge.answer(text, work.locale, product)
        if found is None or not found.confident or not found.passages:
            if otherwise:
                self.carry_out(work, StartFlow(otherwise))
                return
            if work.state.flow is None and self.showing.answers_instead(work, text):
                work.state.misses = 0
                return
            work.state.misses += 1
            # "1", "??": nothing that an article could be written about.
            wordless = not any(one.isalpha() for one in text)
            if not wordless:
                work.checks.append({"asked": text[:500], "found": False})
            if work.state.misses >= MISSES:
                self._hand_over(work, "no_evidence")
                return
            near = () if found is None or work.state.flow is not None or wordless else found.near
            if not near:
                work.frames.append(Frame("no_evidence", work.locale))
                return
            work.state.question, work.state.articles = text[:500], [one.source for one in near]
            work.frames.append(framing.articles_frame([one.title for one in near], work.locale, self.settings.zone))
            return
        work.state.misses = 0
        passages = tuple(found.passages)
        act = "answer"
        if found.older:
            act = "answer:contradiction"
        else:
            # The sentences that answer, as they stand in the passage: what is cited is what is said.
            passages = (replace(passages[0], text=found.extract),)
        work.frames.append(Frame(act, work.locale, (), passages))

    def _read(self, work: Work, source: str) -> None:
        """What an article that was named says to the question that it was named for."""
        knowledge = self.knowledge()
        found = None if knowledge is None else knowledge.read(source, work.state.question, work.locale)
        if found is None:
            # It was taken away in between.
            work.frames.append(Frame("no_evidence", work.locale))
            return
        work.state.misses = 0
        work.checks.append({"asked": work.state.question, "found": True, "read": source})
        work.frames.append(Frame("answer", work.locale, (), (found,)))

    def _hand_over(self, work: Work, reason: str) -> None:
        state = work.state
        work.row = {
            **work.row,
            "mode": "waiting",
            "handover_reason": reason,
            "summary": summary_of(work.connection, work.row["conversation_id"], state, work.text, work.locale),
        }
        state.clear()
        work.frames.append(Frame("handed_over", work.locale))

    def _confirm(self, work: Work) -> None:
        state = work.state
        if state.token is None or work.person is None or state.flow is None:
            work.frames.append(Frame("nothing_to_confirm", work.locale))
            return
        outcome = self.executor.confirm(work.connection, work.person, state.token, locale=work.locale)
        self._check(work, outcome)
        if outcome.state == "done":
            work.frames.append(framing.proposal_frame(outcome, work.locale, self.settings.zone, done=True))
            state.last_order = state.slots.get("order")
            state.clear()
        elif outcome.state == "refused":
            work.frames.append(framing.refusal_frame(outcome, work.locale, self.settings.zone))
            state.clear()
        else:
            # It would come to something else now: shown anew, to be confirmed anew.
            state.token = None
            self.go_on(work)

    # Flows.

    def go_on(self, work: Work) -> None:
        """What the open flow needs next: who it is, a slot, or a yes."""
        state = work.state
        flow = state.flow
        if flow is None:
            self._without_flow(work)
            return
        if flow in PRODUCT_FLOWS:
            self._show(work, flow)
            return
        if work.person is None and not self._identify(work):
            return
        self._infer(work)
        for slot in NEEDS[state.flow or flow]:
            if slot not in state.slots:
                self._ask(work, slot)
                return
        self._propose(work)

    def _show(self, work: Work, flow: str) -> None:
        """Products; who it is comes first, where it is about something of theirs."""
        state = work.state
        if wishes.of_the_shop(work.text):
            state.clear()
            self._answer(work, work.text)
            return
        waited = state.asked == "identity"
        work.said = "" if waited else work.text
        unknown = work.person is None and (waited or self.showing.needs_person(work))
        if not unknown or self._identify(work):
            state.misses = 0
            self.showing.show(work, advice=flow == "recommend")

    def show_again(self, work: Work) -> None:
        """A yes counts only for what was shown last: what still waits for one is shown again below another answer, or waits no more."""
        state = work.state
        if state.token is None or not work.frames or any(frame.act.startswith("confirm:") for frame in work.frames):
            return
        state.token = None
        if state.flow is not None and work.frames[-1].act.startswith(SETTLED):
            # The question that was answered names nothing of what is proposed.
            work.said = ""
            self.go_on(work)

    def _without_flow(self, work: Work) -> None:
        if work.person is None and any(name in work.state.slots for name in ("email", "name")):
            self._identify(work)
            return
        self._answer(work, work.text)

    def _identify(self, work: Work) -> bool:
        """Who asks, by what they said. Answers with a question or a refusal where that isn't known."""
        state = work.state
        slots = state.slots
        if not slots.get("email") and not (slots.get("name") and slots.get("postcode")):
            if work.said and state.asked != "identity":
                slots["said"] = work.said
            state.asked = "identity"
            half = "postcode" if slots.get("name") else "name" if slots.get("postcode") else ""
            work.frames.append(Frame(f"ask_slot:{half}" if half else "verify:ask", work.locale))
            return False
        asker = f"conversation:{work.row['conversation_id']}"
        claim = Claim(slots.get("email"), slots.get("name"), slots.get("postcode"), asker)
        try:
            person = self.executor.verify(work.connection, claim)
        except RateLimited:
            work.frames.append(Frame("verify:locked", work.locale))
            self._hand_over(work, "too_many_attempts")
            return False
        for name in ("email", "name", "postcode"):
            slots.pop(name, None)
        if person is None:
            state.asked = "identity"
            work.frames.append(Frame("verify:failed", work.locale))
            return False
        work.person = person
        work.row = {**work.row, "customer_id": person.customer_id, "verified": person.how}
        state.asked = None
        # What was asked for is read now, not what they said to be recognised by.
        work.said = slots.pop("said", work.said)
        self.load(work)
        # What was said of orders before it was known whose they are is read again, against their own.
        found = reading.find(slots.get("order", ""), work.orders, (), "order") if slots.get("order") else None
        if found is not None and found.orders:
            slots["order"] = found.orders[0]
        if state.flow is None:
            work.frames.append(Frame("verify:done", work.locale))
        return True

    def _infer(self, work: Work) -> None:
        """Fills what is plain without asking: the only order that it can be, the only line, the variant that was named."""
        state = work.state
        flow = state.flow
        assert flow is not None
        if "order" in NEEDS[flow] and "order" not in state.slots:
            fitting = self._fitting(work, flow)
            if len(fitting) == 1:
                state.slots["order"] = framing.order_name(fitting[0])
            elif state.last_order is not None and any(framing.order_name(one) == state.last_order for one in fitting):
                state.slots["order"] = state.last_order
        order = self._order(work)
        flow = self._by_state(work, flow, order)
        if "items" in NEEDS[flow] and order is not None:
            lines = [line for line in order.lines if line.quantity > 0]
            if work.said:
                named = reading.lines_named(work.said, lines)
                if named:
                    value = ",".join(str(one) for one in named)
                    if state.slots.get("items") != value:
                        state.slots["items"] = value
                        state.slots.pop("new", None)
            if "items" not in state.slots and len(lines) == 1:
                state.slots["items"] = str(lines[0].line)
        if "new" in NEEDS[flow] and order is not None and "items" in state.slots and work.said:
            new = self._variants_named(work, order)
            if new is not None:
                state.slots["new"] = ",".join(new)
        if flow == "stock_alert" and work.said:
            variants = self.shows.variants(work.connection, work.said, work.locale)
            named_variant = reading.variant_named(work.said, variants, None)
            missing = [one for one in variants if not one.in_stock]
            if named_variant is None and len(missing) == 1 and missing[0].name is not None:
                named_variant = missing[0].name.value
            if named_variant is not None:
                state.slots["product"] = named_variant

    def _by_state(self, work: Work, flow: str, order: order_book.OrderView | None) -> str:
        """Another size is changed before an order is on its way and exchanged after: customers call both either."""
        other = {"change_items": "exchange_items", "exchange_items": "change_items"}.get(flow)
        if other is None or order is None:
            return flow
        policy, _ = self.executor.policy(work.connection)
        own, others = (getattr(policy.rule(one), "statuses", ()) for one in (flow, other))
        if order.status not in own and order.status in others:
            work.state.flow = other
            return other
        return flow

    def _fitting(self, work: Work, flow: str) -> list[order_book.OrderView]:
        """The customer's orders that the flow could be about, by the policy's states."""
        policy, _ = self.executor.policy(work.connection)
        flows = ("change_items", "exchange_items") if flow in ("change_items", "exchange_items") else (flow,)
        if any(not hasattr(policy.rule(one), "statuses") for one in flows):
            return work.orders
        statuses = {status for one in flows for status in getattr(policy.rule(one), "statuses", ())}
        return [order for order in work.orders if order.status in statuses]

    def _order(self, work: Work) -> order_book.OrderView | None:
        name = work.state.slots.get("order")
        return next((one for one in work.orders if framing.order_name(one) == name), None)

    def _lines(self, work: Work, order: order_book.OrderView) -> list[order_book.Line]:
        given = work.state.slots.get("items", "")
        numbers = {int(one) for one in given.split(",") if one.isdigit()}
        return [line for line in order.lines if line.line in numbers]

    def _variants_named(self, work: Work, order: order_book.OrderView) -> list[str] | None:
        chosen = []
        for line in self._lines(work, order):
            if line.product_id is None:
                return None
            variants = order_book.read_variants(work.connection, line.product_id)
            named = reading.variant_named(work.said, variants, line, same=work.state.asked == "new")
            if named is None and (step := wishes.fit_step(work.said)):
                fitting = sizes.next_size(variants, line.options, step)
                named = None if fitting is None or fitting.name is None else fitting.name.value
            if named is None:
                return None
            chosen.append(named)
        return chosen or None

    def _ask(self, work: Work, slot: str) -> None:
        state, zone = work.state, self.settings.zone
        again = state.asked == slot
        state.asked = slot
        if again:
            state.misses += 1
            if state.misses >= MISSES:
                self._hand_over(work, "no_evidence")
                return
        order = self._order(work)
        if slot == "order":
            flow = state.flow or ""
            fitting = self._fitting(work, flow)
            if not work.orders or not fitting:
                self._nothing_fits(work, flow)
            elif len(fitting) > 1:
                work.frames.append(framing.orders_frame("ask_slot:order_choice", fitting, work.locale, zone))
            return
        if order is None and "order" in NEEDS[state.flow or "track_order"]:
            # A number that is none of theirs: the same answer as for one that isn't there.
            state.slots.pop("order", None)
            state.asked = "order"
            work.frames.append(Frame("refused:not_found", work.locale))
            return
        if slot == "items" and order is not None:
            work.frames.append(framing.items_frame("ask_slot:items", order, work.locale, zone))
        elif slot == "new" and order is not None:
            line = next(iter(self._lines(work, order)), None)
            variants = [] if line is None or line.product_id is None else order_book.read_variants(work.connection, line.product_id)  # fmt: skip
            others = [one for one in variants if line is None or one.variant_id != line.variant_id]
            work.frames.append(
                framing.variants_frame([one for one in others if one.in_stock] or others, work.locale, zone)
            )
        elif slot == "method" and work.profile is not None:
            work.frames.append(framing.methods_frame(work.profile.methods, work.locale, zone))
        else:
            work.frames.append(Frame(f"ask_slot:{slot}", work.locale))

    def _nothing_fits(self, work: Work, flow: str) -> None:
        """There is no order that it could be done to: the nearest refusal says why, in the policy's words."""
        order = work.orders[0] if work.orders else None
        if order is None:
            work.frames.append(Frame("list:orders_empty", work.locale))
            work.state.clear()
            return
        work.state.slots["order"] = framing.order_name(order)
        policy, _ = self.executor.policy(work.connection)
        outcome = Outcome(flow, "refused", None, None, order, "wrong_status", policy.text(flow, work.locale), {"status": order.status})  # fmt: skip
        self._check(work, outcome)
        work.frames.append(framing.refusal_frame(outcome, work.locale, self.settings.zone))
        work.state.clear()

    def _arguments(self, work: Work) -> dict[str, Any]:
        """The open flow's slots as the executor takes them."""
        state = work.state
        flow, slots = state.flow, state.slots
        given: dict[str, Any] = {}
        if "order" in NEEDS[flow or ""]:
            order = self._order(work)
            given["order"] = order.name if order is not None and order.name is not None else slots["order"]
        if flow in ("change_address", "update_profile_address"):
            given["address"] = json.loads(slots["address"])
        if flow == "change_payment":
            given["payment_method"] = self._method(work, slots["method"])
        if flow in ("cancel_order", "return_items") and slots.get("reason"):
            given["reason"] = slots["reason"]
        if flow == "return_items":
            given["items"] = [{"line": int(one)} for one in slots["items"].split(",")]
            if slots.get("method") and slots["method"] != "original":
                given["refund_to"] = self._method(work, slots["method"])
        if flow in ("change_items", "exchange_items"):
            numbers, new = slots["items"].split(","), slots["new"].split(",")
            given["items"] = [{"line": int(one), "new": _variant_name(other)} for one, other in zip(numbers, new, strict=True)]  # fmt: skip
            if slots.get("method") and slots["method"] != "original":
                given["payment_method"] = self._method(work, slots["method"])
            elif slots.get("method") == "original":
                given["payment_method"] = self._original(work)
        if flow == "stock_alert":
            given["variant"] = _variant_name(slots["product"])
        return given

    def _method(self, work: Work, name: str) -> Any:
        """A way to pay by the name that a slot holds."""
        if work.profile is not None:
            for one in work.profile.methods:
                if one.name is not None and one.name.value == name:
                    return one.name
        return name

    def _original(self, work: Work) -> Any:
        order = self._order(work)
        if order is None or work.profile is None:
            return None
        paid = next((one.method_id for one in order.payments if one.kind == "charge"), None)
        method = work.profile.method(paid)
        return None if method is None else method.name

    def _propose(self, work: Work) -> None:
        state, zone = work.state, self.settings.zone
        flow = state.flow
        assert flow is not None
        assert work.person is not None
        try:
            outcome = self.executor.propose(
                work.connection, work.person, flow, self._arguments(work), work.row["conversation_id"], work.locale
            )
        except NotFound:
            state.slots.pop("order", None)
            state.asked = "order"
            work.checks.append({"action": flow, "state": "refused", "code": "not_found"})
            work.frames.append(Frame("refused:not_found", work.locale))
            return
        self._check(work, outcome)
        state.misses = 0
        if outcome.state == "needs_confirmation":
            state.token, state.asked = outcome.token, None
            work.frames.append(framing.proposal_frame(outcome, work.locale, zone))
            return
        if outcome.state == "refused":
            self._refused(work, outcome)
            return
        state.last_order = state.slots.get("order")
        if flow == "track_order" and outcome.order is not None:
            work.frames.append(framing.order_frame(outcome.order, work.locale, zone))
        elif flow == "refund_status":
            work.frames.append(framing.refund_frame(outcome, work.locale, zone))
        elif flow == "store_credit":
            currency = self.settings.currency
            work.frames.append(framing.credit_frame(outcome, currency, exponent_of(currency), work.locale, zone))
        elif flow == "invoice" and outcome.order is not None:
            work.frames.append(framing.items_frame("order_items", outcome.order, work.locale, zone))
        state.clear()

    def _refused(self, work: Work, outcome: Outcome) -> None:
        """What can be mended by saying one thing more is asked for; the rest is said with the policy's words."""
        state, zone = work.state, self.settings.zone
        if outcome.code == "method_needed" and work.profile is not None:
            state.asked = "method"
            work.frames.append(framing.methods_frame(work.profile.methods, work.locale, zone))
            return
        if outcome.code == "reason_needed":
            chosen = _reason_named(work.text, outcome.told["reasons"]) if state.asked == "reason" else None
            if chosen is not None and state.slots.get("reason") != chosen:
                state.slots["reason"] = chosen
                self._propose(work)
                return
            if state.asked == "reason":
                # It was asked, and what was said is none of the reasons that the policy accepts.
                work.frames.append(framing.refusal_frame(outcome, work.locale, zone))
                state.clear()
                return
            state.asked = "reason"
            state.slots.pop("reason", None)
            work.frames.append(framing.choice_frame("ask_slot:resolution", outcome.told["reasons"], work.locale, zone))
            return
        if outcome.code == "address_incomplete":
            state.asked = "address"
            state.slots.pop("address", None)
            work.frames.append(Frame("ask_slot:address", work.locale))
            return
        work.frames.append(framing.refusal_frame(outcome, work.locale, zone))
        if outcome.code == "not_allowed":
            self._hand_over(work, "policy")
            return
        slot = MENDED.get(outcome.code)
        if slot is not None:
            # The flow stays: something else may be said in this one place.
            state.slots.pop(slot, None)
            state.asked = None
            self._ask(work, slot)
            return
        state.clear()

    def _check(self, work: Work, outcome: Outcome) -> None:
        work.checks.append(
            {"action": outcome.action, "state": outcome.state, "code": outcome.code, "policy": outcome.text, "action_id": outcome.action_id}
        )  # fmt: skip


def _variant_name(value: str) -> ExternalId | str:
    namespace, colon, name = value.partition(":")
    return as_external_id({"namespace": namespace, "value": name}) if colon and namespace == "sku" else value


def _reason_named(text: str, reasons: Sequence[str]) -> str | None:
    said = plain(text)
    for place, reason in enumerate(reasons, 1):
        if said == str(place) or plain(reason) in said:
            return reason
    words = set(reading.words_of(text))
    scored = sorted(((len(words & set(reading.words_of(one))), one) for one in reasons), reverse=True)
    return scored[0][1] if scored and scored[0][0] > 0 and (len(scored) == 1 or scored[0][0] > scored[1][0]) else None
