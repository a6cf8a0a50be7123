"""The console's page of what the assistant may do: the policy as a form, what customers are told of it, and the versions before."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from regulars.assist.actions.policy import Policy, Rule, policy_of
from regulars.assist.pages import context
from regulars.assist.pages.context import Room
from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.errors import InvalidInput
from regulars.language.translations import Say
from regulars.schema.money import Money, exponent_of
from regulars.store import actions as action_table
from regulars.store.database import Connection, Row

WRITES = ("cancel_order", "change_address", "change_items", "change_payment", "return_items", "exchange_items", "stock_alert", "update_profile_address")  # fmt: skip
READS = ("track_order", "refund_status", "invoice", "store_credit")
STATUSES = ("open", "paid", "shipped", "delivered")
COUNTS = ("within_hours", "within_days", "times")
FLAGS = ("allowed", "other_products", "same_variant", "needs_stock", "same_method", "balance_must_cover")
LISTS = ("reasons", "never_categories")
HISTORY = 30
MOST_CHANGES = 12


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(context.POLICIES)
    async def policies_page(visit: Visit) -> None:
        heading = parts.box()
        context.sections(visit)
        shown = parts.box()

        async def draw() -> None:
            policy, history = await room.read(_read)
            heading.clear()
            with heading:
                _heading(visit, policy, history)
            shown.clear()
            with shown:
                _form(room, visit, policy, draw)
                _history(room, visit, history, draw)

        await draw()


def _read(connection: Connection) -> tuple[Policy, list[Row]]:
    history = action_table.policy_history(connection, HISTORY)
    return policy_of(history[0]["document"]) if history else Policy(), history


def _heading(visit: Visit, policy: Policy, history: list[Row]) -> None:
    say = visit.say
    allowed = [one for one in WRITES if policy.rule(one).allowed]
    sentence = visit.many(
        "The assistant may do one thing by itself", "The assistant may do {count} things by itself", len(allowed)
    )
    below = say("Version {version}, in force since {time}.", version=history[0]["policy_id"], time=visit.when(history[0]["at"])) if history else say("The careful defaults: nothing was changed here yet.")  # fmt: skip
    title(visit, sentence, below)


def field_words(say: Say) -> dict[str, tuple[str, str]]:
    """What each setting is called, and what it means."""
    return {
        "allowed": (say("The assistant may do this"), ""),
        "statuses": (say("While the order is"), ""),
        "within_hours": (say("Hours after ordering"), say("Empty: no limit.")),
        "within_days": (say("Days after delivery"), say("Empty: no limit.")),
        "times": (say("How often for one order"), say("Empty: no limit.")),
        "reasons": (say("Reasons that are accepted"), say("One a line. Empty: any, or none.")),
        "refund_to": (say("The money goes back to"), ""),
        "never_categories": (say("Categories that never come back"), say("One a line, by a name of their path.")),
        "cost": (say("What sending it back costs the customer"), say("In {currency}; it is taken off the refund.")),
        "shipping_refunded": (say("The order's shipping is given back"), ""),
        "other_products": (say("Another product may come in its place"), ""),
        "same_variant": (say("The new variant may be the old one"), ""),
        "needs_stock": (say("The new variant must be in stock"), ""),
        "same_method": (say("It may be charged to the same way to pay again"), ""),
        "balance_must_cover": (say("A gift card must hold the whole amount"), ""),
    }


def _choices(say: Say) -> dict[str, list[tuple[str, str]]]:
    words = context.status_words(say)
    return {
        "statuses": [(one, words[one]) for one in STATUSES],
        "refund_to": [("original", say("the way it was paid")), ("gift_card", say("a gift card or store credit"))],
    }


def _form(room: Room, visit: Visit, policy: Policy, draw: Any) -> None:
    say = visit.say
    called = context.flow_words(say)
    folds = [
        tag(
            "details",
            tag("summary", called[action], " ", _state(say, policy.rule(action))),
            _told(visit, policy, action),
            *_fields(visit, action, policy.rule(action)),
            class_="policy",
        )
        for action in WRITES
    ]
    reads = tag(
        "details",
        tag("summary", say("What it may tell")),
        *(_flag(f"{one}.allowed", called[one], policy.rule(one).allowed) for one in READS),
        class_="policy",
    )
    identity = tag(
        "details", tag("summary", say("How customers show who they are")), *_identity(visit, policy), class_="policy"
    )
    note = parts.field("note", say("What changes, and why"), "", help=say("Kept with the version; for your colleagues."), maxlength=300)  # fmt: skip

    async def save(given: dict[str, list[str]]) -> None:
        document = document_of(visit, policy, given)
        policy_of(document)
        if document == policy.model_dump(mode="json"):
            parts.say_note(say("Nothing was changed."))
            return
        words = (given.get("note") or [""])[0].strip() or None
        await room.read(lambda connection: action_table.write_policy(connection, document, words))
        parts.say_note(
            say("In force within seconds. What was shown to a customer before is checked anew when they say yes.")
        )
        await draw()

    parts.form(joined([*folds, reads, identity, note]), say("Put in force"), save, "first", "wide")


def _state(say: Say, rule: Rule) -> Markup:
    return tag(
        "span",
        say("by itself") if rule.allowed else say("a person does it"),
        class_="badge good" if rule.allowed else "badge",
    )


def _told(visit: Visit, policy: Policy, action: str) -> Markup | None:
    """The rule as customers hear it."""
    said = {language: policy.text(action, language) for language in _languages(visit)}
    lines = [tag("p", f"“{text}”", lang=language) for language, text in said.items() if text]
    return tag("div", tag("small", visit.say("Customers are told:")), *lines, class_="soft") if lines else None


def _languages(visit: Visit) -> list[str]:
    return list(dict.fromkeys([*(one.split("-")[0] for one in visit.settings.locales), "en", "zh"]))[:4]


def _fields(visit: Visit, action: str, rule: Rule) -> list[Markup]:
    say, words = visit.say, field_words(visit.say)
    made: list[Markup] = []
    for name, value in rule.model_dump(mode="json").items():
        called, help_ = words.get(name, (name, ""))
        path = f"{action}.{name}"
        if name in FLAGS:
            made.append(_flag(path, called, value))
        elif name in COUNTS:
            shown = "" if value is None else value
            made.append(parts.field(path, called, shown, help=help_, kind="number", min=0, inputmode="numeric"))
        elif name == "cost":
            shown = _typed(visit, value)
            made.append(
                parts.field(
                    path, called, shown, help=help_.format(currency=visit.settings.currency), inputmode="decimal"
                )
            )
        elif name in LISTS:
            made.append(parts.area(path, called, "\n".join(value), help=help_))
        elif name in ("statuses", "refund_to"):
            made.append(_several(path, called, _choices(say)[name], value))
        elif name == "shipping_refunded":
            options = [
                ("never", say("never")),
                ("whole_order", say("when the whole order comes back")),
                ("always", say("always")),
            ]
            made.append(parts.choice(path, called, options, value))
    for language in _languages(visit):
        label = say("The rule in your own words, {language}", language=context.language_word(say, language))
        made.append(parts.area(f"{action}.text.{language}", label, rule.text.get(language, ""), help=say("Empty: the sentence is made from the settings."), rows=2))  # fmt: skip
    return made


def _typed(visit: Visit, minor: int) -> str:
    """Minor units as somebody would type them: 4.95."""
    currency = visit.settings.currency
    return str(Money(minor, currency, exponent_of(currency)).major)


def _flag(path: str, called: str, value: bool) -> Markup:
    box = tag("input", type="checkbox", name=path, id=f"field-{path}", value="yes", checked=value)
    return tag("div", box, tag("label", called, for_=f"field-{path}"), class_="check")


def _several(path: str, called: str, options: list[tuple[str, str]], chosen: list[str]) -> Markup:
    boxes = [
        tag(
            "label",
            tag("input", type="checkbox", name=path, value=value, checked=value in chosen),
            " ",
            words,
            class_="check",
        )
        for value, words in options
    ]
    return tag("fieldset", tag("legend", called), *boxes)


def _identity(visit: Visit, policy: Policy) -> list[Markup]:
    say, rule = visit.say, policy.identity
    ways = [("email", say("an e-mail address")), ("name_postcode", say("a name and a postcode"))]
    note = tag(
        "p",
        say("Who is signed in has shown it already. Somebody else's order is answered as one that isn't there."),
        class_="soft",
    )
    return [
        note,
        _several("identity.ways", say("By"), ways, list(rule.ways)),
        parts.field("identity.attempts", say("Wrong tries, at most"), rule.attempts, kind="number", min=1, max=100),
        parts.field("identity.within_minutes", say("Within minutes"), rule.within_minutes, kind="number", min=1),
        parts.field("identity.confirm_within_minutes", say("A yes counts for minutes"), rule.confirm_within_minutes, kind="number", min=1),
    ]  # fmt: skip


def document_of(visit: Visit, policy: Policy, given: Mapping[str, list[str]]) -> dict[str, Any]:
    """The policy that a sent form says. Raises: InvalidInput, naming the field."""
    document = policy.model_dump(mode="json")
    for action in WRITES:
        rule = document[action]
        for name in rule:
            path = f"{action}.{name}"
            if name in FLAGS:
                rule[name] = path in given
            elif name in COUNTS:
                rule[name] = _count(visit, path, given, none=True)
            elif name == "cost":
                rule[name] = _minor(visit, path, given)
            elif name in LISTS:
                rule[name] = [line.strip() for line in _one(given, path).splitlines() if line.strip()]
            elif name in ("statuses", "refund_to"):
                # States that the form doesn't show stay as they are.
                hidden = [one for one in rule[name] if name == "statuses" and one not in STATUSES]
                rule[name] = [*given.get(path, []), *hidden]
            elif name == "shipping_refunded":
                rule[name] = _one(given, path) or rule[name]
        texts = {one: text for one, text in rule["text"].items() if one not in _languages(visit)}
        for language in _languages(visit):
            text = _one(given, f"{action}.text.{language}").strip()
            if text:
                texts[language] = text
        rule["text"] = texts
    for action in READS:
        document[action]["allowed"] = f"{action}.allowed" in given
    identity = document["identity"]
    identity["ways"] = given.get("identity.ways", [])
    for name in ("attempts", "within_minutes", "confirm_within_minutes"):
        identity[name] = _count(visit, f"identity.{name}", given, none=False)
    return document


def _one(given: Mapping[str, list[str]], name: str) -> str:
    return (given.get(name) or [""])[0]


def _count(visit: Visit, path: str, given: Mapping[str, list[str]], *, none: bool) -> int | None:
    text = _one(given, path).strip()
    if not text and none:
        return None
    try:
        return int(text)
    except ValueError:
        raise InvalidInput(_wrong(visit, path, text), field=path) from None


def _minor(visit: Visit, path: str, given: Mapping[str, list[str]]) -> int:
    """Stricter than `to_minor`, which is for files: here a fraction of a cent is a slip, to be said rather than rounded."""
    text = _one(given, path).strip().replace(",", ".") or "0"
    try:
        amount = Decimal(text).scaleb(exponent_of(visit.settings.currency))
    except InvalidOperation:
        raise InvalidInput(_wrong(visit, path, text), field=path) from None
    if not amount.is_finite() or amount != amount.to_integral_value() or amount < 0:
        raise InvalidInput(_wrong(visit, path, text), field=path)
    return int(amount)


def _wrong(visit: Visit, path: str, text: str) -> str:
    action, _, name = path.partition(".")
    called = context.flow_words(visit.say).get(action, action)
    return visit.say("{where}: {value} can't be used.", where=f"{called}, {field_words(visit.say).get(name, (name, ''))[0]}", value=repr(text[:40]))  # fmt: skip


def _history(room: Room, visit: Visit, history: list[Row], draw: Any) -> None:
    say = visit.say
    with parts.box("section"):
        parts.html(tag("h2", say("Versions")))
        if not history:
            text = say("Each change makes a version; any of them can be put back in force.")
            parts.html(tag("p", text, class_="empty"))
            return
        heads = [say("Version"), say("Since"), say("Note"), say("Changed")]
        with parts.acting_table(visit, say("Versions"), heads):
            for place, row in enumerate(history):
                before = history[place + 1]["document"] if place + 1 < len(history) else {}
                with parts.box("tr"):
                    changed = changes(_whole(before), _whole(row["document"]))
                    parts.cells([str(row["policy_id"]), visit.when(row["at"]), row["note"] or "–", _lines(changed)])
                    with parts.box("td"):
                        if place == 0:
                            parts.html(tag("span", say("in force"), class_="badge good"))
                        else:
                            _restore(room, visit, row, draw)


def _whole(document: Mapping[str, Any]) -> dict[str, Any]:
    return Policy.model_validate(document).model_dump(mode="json")


def _lines(changed: list[str]) -> Markup | str:
    if not changed:
        return "–"
    shown = [tag("small", one) for one in changed[:MOST_CHANGES]]
    return joined([*shown, tag("small", "…")] if len(changed) > MOST_CHANGES else shown)


def _restore(room: Room, visit: Visit, row: Row, draw: Any) -> None:
    say = visit.say

    async def restore() -> None:
        note = say("version {version} again", version=row["policy_id"])
        await room.read(lambda connection: action_table.write_policy(connection, row["document"], note))
        parts.say_note(say("In force within seconds."))
        await draw()

    opens = parts.confirm(
        visit,
        say("Put version {version} back in force?", version=row["policy_id"]),
        say("It becomes the newest version; none is lost."),
        say("Put back in force"),
        restore,
        kind="first",
    )
    label = say("Put version {version} back in force", version=row["policy_id"])
    parts.button(say("Put back"), opens, "quiet", label)


def changes(before: Mapping[str, Any], after: Mapping[str, Any], path: str = "") -> list[str]:
    """What became what, a line each.

    >>> changes({"times": 1, "text": {}}, {"times": 2, "text": {"en": "Twice."}})
    ['times: 1 → 2', 'text.en: – → Twice.']
    """
    out: list[str] = []
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if isinstance(old, dict) or isinstance(new, dict):
            out += changes(old or {}, new or {}, f"{path}{name}.")
        elif old != new:
            out.append(f"{path}{name}: {_plain(old)} → {_plain(new)}")
    return out


def _plain(value: Any) -> str:
    if value is None:
        return "–"
    return ", ".join(map(str, value)) or "–" if isinstance(value, list) else str(value)
