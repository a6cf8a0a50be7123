"""The console's page of one conversation: what is said beside who says it, and why the assistant answered so; taking over and answering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from nicegui import ui

from regulars.assist import drafting, framing, handing
from regulars.assist.drafting import Suggestion
from regulars.assist.pages import context
from regulars.assist.pages.context import Room
from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.errors import InvalidInput, NotFound
from regulars.recommend import finding
from regulars.recommend.words import event_words
from regulars.schema import ExternalId
from regulars.store import actions as action_table
from regulars.store import conversations as table
from regulars.store import order_book
from regulars.store.database import Connection, Row
from regulars.store.order_book import OrderView

PATH = "/inbox/{conversation}"
LOOK_SECONDS = 1.5
ORDERS, EVENTS, ACTIONS = 5, 8, 20
Answering = Literal["nobody", "assistant", "person"]


@dataclass(slots=True)
class Read:
    """All that the page shows. row: with who it is."""

    row: Row
    messages: list[Row]
    actions: list[Row]
    orders: list[OrderView]
    events: list[Row]
    titles: dict[int, str] = field(default_factory=dict)

    @property
    def mark(self) -> tuple[object, ...]:
        return self.row["mode"], self.row["changed_at"], len(self.messages), self.row["rating"]


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(PATH)
    async def conversation_page(visit: Visit) -> None:
        await _Page(room, visit, _id(visit)).build()


def _who_answers(mode: str) -> Answering:
    return "nobody" if mode == "closed" else "assistant" if mode == "bot" else "person"


def _titles(connection: Connection, products: list[int], locale: str) -> dict[int, str]:
    """What products are called in the reader's language, else in any."""
    rows = connection.execute(
        "SELECT product_id, texts FROM products WHERE product_id = ANY(%s)", (products,)
    ).fetchall()
    titles = {row["product_id"]: {one: text.get("title") for one, text in row["texts"].items()} for row in rows}
    return {one: known.get(locale) or next(filter(None, known.values()), "") for one, known in titles.items()}


def _id(visit: Visit) -> UUID:
    try:
        return UUID(visit.path.rsplit("/", 1)[-1])
    except ValueError:
        raise NotFound(visit.say("There is no such conversation.")) from None


class _Page:
    """One open page. The form stands apart from what is drawn anew: what somebody types isn't lost when the customer writes."""

    def __init__(self, room: Room, visit: Visit, conversation: UUID) -> None:
        self.room, self.visit, self.conversation = room, visit, conversation
        self.suggestion: Suggestion | None = None
        self.edits = False
        self.answers: Answering | None = None

    async def build(self) -> None:
        visit, say = self.visit, self.visit.say
        read = await self.room.read(self._read)
        self.heading = parts.box()
        parts.html(tag("p", tag("a", say("All conversations"), href=visit.link("/inbox"))))
        with parts.box("div", "columns conversation"):
            with parts.box("section"):
                parts.html(tag("h2", say("What was said")))
                self.said = parts.box("div", "said", role="log", aria_live="polite", aria_label=say("What was said"))
                self.suggested = parts.box("div", "suggested", aria_live="polite")
                self.answering = parts.box()
            self.beside = parts.box()
        self._draw(read)
        self._draw_answering(read.row["mode"])
        await self._suggest(read)
        self.last = read.mark
        ui.timer(LOOK_SECONDS, self._follow)

    # Reading.

    def _read(self, connection: Connection) -> Read:
        row = table.named(connection, self.conversation)
        if row is None:
            raise NotFound(self.visit.say("There is no such conversation."))
        orders: list[OrderView] = []
        events: list[Row] = []
        if row["customer_id"] is not None:
            orders = order_book.read_orders(connection, row["customer_id"], ORDERS)
            if row["customer"] is not None:
                found = finding.customer(connection, ExternalId(row["customer_namespace"], row["customer"]))
                timeline = [] if found is None else finding.timeline(connection, found.person)
                # That they wrote stands on the left.
                events = [one for one in timeline if one["type"] != "message"][:EVENTS]
        products = [one["product_id"] for one in events if one["product_id"] is not None]
        return Read(
            row,
            table.transcript(connection, self.conversation),
            action_table.read_actions(connection, conversation=self.conversation, limit=ACTIONS),
            orders,
            events,
            _titles(connection, products, self.visit.locale),
        )

    async def _follow(self) -> None:
        read = await self.room.read(self._read)
        if read.mark == self.last:
            return
        self.last = read.mark
        self._draw(read)
        if _who_answers(read.row["mode"]) != self.answers:  # else what is typed, and where the keyboard is, stays
            self._draw_answering(read.row["mode"])
        await self._suggest(read)

    # Doing.

    async def _act(self, work: Any, note: str | None = None) -> None:
        await self.room.read(lambda connection: work(connection, self.conversation))
        if note:
            parts.say_note(note)
        await self._follow()
        self._to_keyboard()  # the button that was pressed is gone

    def _to_keyboard(self, *, always: bool = False) -> None:
        """Puts the keyboard where one answers. Not always: unless it is elsewhere already."""
        first = f"document.querySelector('#{self.answering.html_id} :is(textarea, button)')"
        free = "true" if always else "document.activeElement === document.body"
        ui.run_javascript(f"if ({free}) {first}?.focus({{preventScroll: true}})")

    async def _send(self, text: str, details: dict[str, Any] | None, *, typed: bool = False) -> None:
        """typed: it stood in the form, which is empty afterwards."""
        if not text.strip():
            raise InvalidInput(self.visit.say("The reply is empty."), field="text")
        self.suggestion = None
        await self.room.read(lambda connection: handing.say(connection, self.conversation, text.strip(), details))
        if typed:  # at once, and only once: who goes on by keyboard is not to lose a button that is drawn anew
            self._draw_answering("human")
            self._to_keyboard()
        await self._follow()

    async def _answered(self, given: dict[str, list[str]]) -> None:
        text = (given.get("text") or [""])[0]
        details: dict[str, Any] | None = None
        if self.suggestion is not None and self.suggestion.text:
            same = text.strip() == self.suggestion.text.strip()
            outcome = "accepted" if same else "edited" if self.edits else "own"
            details = {"suggestion": self.suggestion.text, "outcome": outcome, "answers": self.suggestion.answers}
        await self._send(text, details, typed=True)

    async def _suggest(self, read: Read) -> None:
        """Draws what the assistant would say, where a customer waits for an answer of a person."""
        self.suggested.clear()
        if read.row["mode"] not in ("waiting", "human"):
            self.suggestion = None
            return
        assistant = await self.room.serves_of().assistant()
        found = await self.room.read(lambda connection: drafting.suggest(assistant, connection, self.conversation))
        self.suggestion = found
        self.edits = False
        rejected = any(
            row["role"] == "note" and row["details"].get("outcome") == "rejected" and found is not None
            and row["details"].get("answers") == found.answers
            for row in read.messages
        )  # fmt: skip
        if found is None or rejected or (not found.text and found.could_do is None):
            return
        with self.suggested:
            self._suggestion(found)

    def _suggestion(self, found: Suggestion) -> None:
        say = self.visit.say
        parts.html(tag("h3", say("The assistant would say")))
        if found.could_do is not None:
            called = context.flow_words(say).get(found.could_do, found.could_do)
            text = say(
                "It could do this itself: {action}. Hand the conversation back, and it asks the customer for a yes.",
                action=called,
            )
            parts.html(tag("p", text, class_="soft"))
        if not found.text:
            return
        parts.html(tag("p", found.text, class_="words"))
        if found.sources:
            parts.html(tag("p", say("From:"), " ", _sources(found.sources), class_="soft"))
        details = {"suggestion": found.text, "outcome": "accepted", "answers": found.answers}

        async def accept() -> None:
            await self._send(found.text, details)

        async def edit() -> None:
            self.edits = True
            self._draw_answering("human", found.text)
            self._to_keyboard(always=True)

        async def reject() -> None:
            note = {**details, "outcome": "rejected"}
            await self.room.read(
                lambda connection: table.append(connection, self.conversation, "note", "", details=note)
            )
            self.suggestion = None
            self.suggested.clear()

        with parts.box("div", "actions"):
            parts.button(say("Send it as it is"), accept, "first")
            parts.button(say("Edit it"), edit)
            parts.button(say("It's wrong"), reject, "quiet")

    # Drawing.

    def _draw(self, read: Read) -> None:
        visit, row = self.visit, read.row
        self.heading.clear()
        with self.heading:
            title(visit, self._sentence(row), self._below(row))
        self.said.clear()
        with self.said:
            parts.html(
                tag("ol", *(self._message(one) for one in read.messages if one["role"] != "note"), class_="messages")
            )
        ui.run_javascript(
            f"(() => {{ const said = document.getElementById('{self.said.html_id}'); if (said) said.scrollTop = said.scrollHeight; }})()"
        )
        self.beside.clear()
        with self.beside:
            parts.html(_customer(visit, row))
            if row["summary"] and row["mode"] in ("waiting", "human"):
                parts.html(parts.section(visit.say("In short"), tag("p", row["summary"], class_="words")))
            parts.html(_actions(visit, read.actions))
            parts.html(_orders(visit, read))
            parts.html(_events(visit, read))

    def _sentence(self, row: Row) -> str:
        say, name = self.visit.say, context.who(self.visit, row)
        return {
            "waiting": say("{name} waits for a person", name=name),
            "human": say("{name} is with a person", name=name),
            "bot": say("{name} talks to the assistant", name=name),
            "closed": say("The conversation with {name} is closed", name=name),
        }[row["mode"]]

    def _below(self, row: Row) -> str:
        visit, say = self.visit, self.visit.say
        told: list[str] = [
            context.channel_words(say).get(row["channel"], ""),
            context.language_word(say, row["locale"]),
            say("begun {when}", when=visit.when(row["created_at"])),
        ]
        if row["handover_reason"]:
            told.append(say("handed over: {reason}", reason=context.reason_words(say).get(row["handover_reason"], row["handover_reason"])))  # fmt: skip
        if row["rating"]:
            told.append(say("rated {rating} of 5", rating=row["rating"]))
        return " · ".join(told)

    def _draw_answering(self, mode: str, text: str = "") -> None:
        say = self.visit.say
        self.answers = _who_answers(mode)
        self.answering.clear()
        with self.answering:
            if mode == "closed":
                parts.html(tag("p", say("It is over. A new message of the customer begins a new one."), class_="soft"))
                return
            if mode == "bot":
                told = say("The assistant has this conversation. Take it over to answer yourself; it is mute then.")
                parts.html(tag("p", told, class_="soft"))
                with parts.box("div", "actions"):
                    parts.button(say("Take it over"), self._take, "first")
                    parts.button(say("Close it"), self._close, "quiet")
                return
            fields = parts.area("text", say("Your answer"), text, rows=4)
            parts.form(fields, say("Send"), self._answered, "first", "answer")
            with parts.box("div", "actions"):
                parts.button(say("Hand it back to the assistant"), self._back)
                parts.button(say("Close it"), self._close, "quiet")

    async def _take(self) -> None:
        await self._act(handing.take_over, self.visit.say("You have it. The assistant is mute."))

    async def _back(self) -> None:
        await self._act(handing.hand_back, self.visit.say("The assistant answers again."))

    async def _close(self) -> None:
        await self._act(handing.close, self.visit.say("Closed."))

    def _message(self, row: Row) -> Markup:
        visit, say = self.visit, self.visit.say
        names = {"customer": say("Customer"), "assistant": say("Assistant"), "human": say("A colleague")}
        outcomes = {
            "accepted": say("suggested by the assistant"),
            "edited": say("suggested by the assistant, edited"),
            "own": "",
        }
        below = [outcomes.get(row["details"].get("outcome") or "own", "")] if row["role"] == "human" else []
        return tag(
            "li",
            tag("small", names[row["role"]], " · ", visit.clock(row["at"]), *(f" · {one}" for one in below if one)),
            tag("p", row["body"], class_="words"),
            tag("small", say("From:"), " ", _sources(row["details"]["sources"])) if row["details"].get("sources") else None,
            _why(visit, row) if row["role"] == "assistant" and row["trace"] else None,
            class_=row["role"],
        )  # fmt: skip


def _sources(sources: Any) -> Markup:
    return joined([f"{one['title']} ({one['source']})" if one["title"] else one["source"] for one in sources], ", ")


def _why(visit: Visit, row: Row) -> Markup:
    """What the assistant understood, looked up, was allowed, and how long it took."""
    say, trace = visit.say, row["trace"]
    checks = [_check(one) for one in trace.get("checks", ())]
    gate = [f"{one['act']}: {'✓' if one['passed'] else ', '.join(one['findings'])}" for one in trace.get("gate", ())]
    evidence = [f"{source} ({visit.number(score, 2)})" for source, score in trace.get("evidence", ())]
    facts = [f"{name} = {value}" for name, value, _ in trace.get("facts", ())]
    timings = dict(sorted((row["timings_ms"] or {}).items(), key=lambda pair: pair[1]))
    rows = [
        (say("Understood"), _lines(trace.get("commands", ()))),
        (say("Said"), _lines(trace.get("acts", ()))),
        (say("Facts"), _lines(facts)),
        (say("Evidence"), _lines(evidence)),
        (say("Policy"), _lines(checks)),
        (say("Gate"), _lines(gate)),
        (say("Milliseconds"), _lines([f"{name} {visit.number(ms, 1)}" for name, ms in timings.items()])),
    ]
    return parts.details(say("Why this answer?"), parts.rows_of([(name, value) for name, value in rows if value]))


def _check(one: Mapping[str, Any]) -> str:
    if "action" not in one:
        return "; ".join(f"{name}: {value}" for name, value in one.items())
    told = f"{one['action']}: {one['state']}" + (f" ({one['code']})" if one.get("code") else "")
    return f"{told} · “{one['policy']}”" if one.get("policy") else told


def _lines(values: Any) -> Markup | None:
    made = [tag("code", str(one)) for one in values]
    return joined(made, Markup("<br>")) if made else None


def _customer(visit: Visit, row: Row) -> Markup:
    say = visit.say
    if row["customer_id"] is None:
        text = say("Nobody has shown who they are, so nothing of any customer is read.")
        return parts.section(say("Who it is"), tag("p", text, class_="soft"))
    ways = {
        "signed": say("signed in"),
        "trusted": say("your own system says so"),
        "email": say("by the e-mail address"),
        "name_postcode": say("by name and postcode"),
    }
    query = {"customer": row["customer"], "namespace": row["customer_namespace"]}
    link = visit.link("/recommendations", **query) if row["customer"] else None
    facts = [
        (say("Name"), row["customer_name"] or "–"),
        (say("E-mail"), row["customer_email"] or "–"),
        (say("Known"), ways.get(row["verified"] or "", "–")),
    ]
    more = tag("p", tag("a", say("All they did, and what they would be shown"), href=link)) if link else None
    return parts.section(say("Who it is"), parts.rows_of(facts), more)


def _actions(visit: Visit, actions: list[Row]) -> Markup:
    say = visit.say
    called = context.flow_words(say)
    kinds = {"done": "badge good", "refused": "badge bad"}
    rows = [
        [
            called.get(row["name"], row["name"]),
            tag("span", framing.for_staff(row["state"], visit.locale), class_=kinds.get(row["state"], "badge")),
            framing.for_staff(row["refusal"], visit.locale),
            visit.when(row["done_at"] or row["proposed_at"]),
        ]
        for row in actions
    ]
    heads = [say("What"), say("State"), say("Why not"), say("When")]
    return parts.section(
        say("What it did"),
        parts.table(heads, rows, caption=say("What it did"), empty=say("Nothing was done or asked for yet.")),
    )


def _orders(visit: Visit, read: Read) -> Markup:
    say = visit.say
    if read.row["customer_id"] is None:
        return Markup("")
    states = context.status_words(say)
    rows = [
        [
            order.name.value if order.name else str(order.order_id),
            states.get(order.status, order.status),
            visit.money(order.total, order.currency, order.exponent),
            visit.when(order.placed_at),
        ]
        for order in read.orders
    ]
    heads = [say("Order"), say("State"), say("Total"), say("Placed")]
    return parts.section(
        say("Their orders"), parts.table(heads, rows, numbers=[2], caption=say("Their orders"), empty=say("None yet."))
    )


def _events(visit: Visit, read: Read) -> Markup:
    if not read.events:
        return Markup("")
    did = event_words(visit.say)
    lines = [
        tag("li", f"{did.get(row['type'], row['type'])} ", tag("b", read.titles.get(row["product_id"]) or row["query"] or ""), tag("small", visit.when(row["occurred_at"])))
        for row in read.events
    ]  # fmt: skip
    return parts.section(visit.say("What they did last"), tag("ul", *lines, class_="timeline"))
