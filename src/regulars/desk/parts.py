"""What console pages are put together from: buttons, forms, tables, sheets. Native elements, so that keyboards and readers work.

What only shows is HTML (`html`); what acts is an element with a handler. Knows no page.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.errors import RegularsError

Handler = Callable[[], Awaitable[None] | None]
Kind = Literal["plain", "first", "danger", "quiet"]
# A form arrives as {name: [values]}: boxes may be checked several times. Until it is answered nothing in it can be
# changed or sent again: the answer may redraw it, and what was typed meanwhile would be lost.
_FORM = (
    "(e) => { const given = {}; for (const [name, value] of new FormData(e.target, e.submitter))"
    " (given[name] ??= []).push(String(value)); emit(given);"
    " for (const one of e.target.elements) if (!one.disabled) one.disabled = one.dataset.waits = true; }"
)
_ANSWERED = (
    "(() => { const form = document.getElementById('%s'); if (!form) return;"
    " for (const one of form.elements) if (one.dataset.waits) { one.disabled = false; delete one.dataset.waits; }"
    " if (document.activeElement === document.body) form.querySelector('[type=submit]')?.focus(); })()"
)


def html(content: Markup, element: str = "div") -> ui.html:
    """HTML that `markup` made: it is escaped already."""
    return ui.html(content, sanitize=False, tag=element)


def box(kind: str = "div", classes: str = "", **attributes: str) -> ui.element:
    """A plain element to put others into."""
    made = ui.element(kind)
    if classes:
        made.classes(classes)
    for name, value in attributes.items():
        made.props[name.rstrip("_").replace("_", "-")] = value
    return made


def say_error(error: RegularsError) -> None:
    """What was wrong and what to do, where the reader looks; it goes away by itself."""
    say_note(f"{error.detail} {error.hint or ''}".strip(), bad=True)


def say_note(text: str, *, bad: bool = False) -> None:
    ui.notify(text, type="negative" if bad else "positive", position="bottom", timeout=8_000 if bad else 4_000)


def guarded(handler: Callable[..., Awaitable[None] | None]) -> Callable[..., Awaitable[None]]:
    """A handler whose errors of ours are shown instead of logged.

    It acts on the page, not where its button stands: that may be redrawn on the way.
    """
    client = ui.context.client

    async def handled(*given: Any) -> None:
        with client:
            try:
                done = handler(*given)
                if inspect.isawaitable(done):
                    await done
            except RegularsError as error:
                say_error(error)

    return handled


def button(text: str, handler: Handler, kind: Kind = "plain", label: str | None = None) -> TextElement:
    """label: what is read out, where the text alone says too little."""
    made = TextElement(tag="button", text=text).classes(kind)
    made.props["type"] = "button"
    if label:
        made.props["aria-label"] = label
    run = guarded(handler)
    made.on("click", lambda: run(), js_handler="() => emit()")
    return made


def form(
    fields: Markup,
    submit: str,
    handler: Callable[[dict[str, list[str]]], Awaitable[None] | None],
    kind: Kind = "first",
    classes: str = "",
) -> ui.element:
    """Fields with a button below; Enter sends it. The handler is given {name: [values]}.

    While it works the form is shut."""
    made = box("form", f"form {classes}".strip())
    run = guarded(handler)
    client = ui.context.client

    async def sent(given: dict[str, list[str]]) -> None:
        try:
            await run(given)
        finally:
            client.run_javascript(_ANSWERED % made.html_id)

    made.on("submit.prevent", lambda event: sent(event.args or {}), js_handler=_FORM)
    with made:
        html(fields, "div").classes("fields")
        sender = TextElement(tag="button", text=submit).classes(kind)
        sender.props["type"] = "submit"
    return made


def field(
    name: str,
    label: str,
    value: Any = "",
    *,
    help: str | None = None,
    kind: str = "text",
    identity: str | None = None,
    **attributes: Any,
) -> Markup:
    """A labelled input. Its help is read out with it. identity: where a page has two of one name."""
    identity = identity or f"field-{name}"
    told = tag("small", help, id=f"{identity}-help") if help else None
    given = tag(
        "input", name=name, id=identity, type=kind, value=value,
        aria_describedby=f"{identity}-help" if help else None, **attributes,
    )  # fmt: skip
    return tag("div", tag("label", label, for_=identity), given, told, class_="field")


def area(name: str, label: str, value: str, *, help: str | None = None, rows: int = 3) -> Markup:
    """A labelled field of several lines."""
    identity = f"field-{name}"
    told = tag("small", help, id=f"{identity}-help") if help else None
    given = tag(
        "textarea", value, name=name, id=identity, rows=rows, aria_describedby=f"{identity}-help" if help else None
    )
    return tag("div", tag("label", label, for_=identity), given, told, class_="field")


def choice(
    name: str, label: str, options: Iterable[tuple[str, str]], value: str = "", *, help: str | None = None
) -> Markup:
    """A labelled list to choose one from: (value, words)."""
    identity = f"field-{name}"
    made = [tag("option", words, value=one, selected=one == value) for one, words in options]
    told = tag("small", help) if help else None
    return tag(
        "div", tag("label", label, for_=identity), tag("select", *made, name=name, id=identity), told, class_="field"
    )


def checks(name: str, legend: str, options: Iterable[tuple[str, str, bool]]) -> Markup:
    """Boxes of one name, of which any may be checked: (value, words, checked)."""
    boxes = [
        tag("label", tag("input", type="checkbox", name=name, value=value, checked=on), " ", words, class_="check")
        for value, words, on in options
    ]
    return tag("fieldset", tag("legend", legend), *boxes, class_="checks")


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Iterable[int] = (),
    caption: str,
    empty: str = "",
) -> Markup:
    """A table that scrolls in its own frame. numbers: columns set right, in figures of one width."""
    right = set(numbers)
    head = [
        tag("th", text, scope="col", class_="number" if place in right else None) for place, text in enumerate(heads)
    ]
    body = [
        tag(
            "tr",
            *(tag("td", cell, class_="number" if place in right else None) for place, cell in enumerate(row)),
        )
        for row in rows
    ]
    if not body and empty:
        return tag("p", empty, class_="empty")
    made = tag("table", tag("caption", caption, class_="hidden"), tag("thead", tag("tr", *head)), tag("tbody", *body))
    return tag("div", made, class_="scroll", tabindex=0, role="region", aria_label=caption)


@contextmanager
def acting_table(visit: Visit, caption: str, heads: Sequence[str], numbers: Iterable[int] = ()) -> Iterator[None]:
    """A table whose rows hold buttons: fill it with `cells` inside rows of `box("tr")`. The last column is the buttons'."""
    right = set(numbers)
    named = [tag("th", text, scope="col", class_="number" if at in right else None) for at, text in enumerate(heads)]
    named.append(tag("th", tag("span", visit.say("Actions"), class_="hidden"), scope="col"))
    with box("div", "scroll", tabindex="0", role="region", aria_label=caption), box("table"):
        html(tag("tr", *named), "thead")
        with box("tbody"):
            yield


def cells(values: Iterable[Any], numbers: Iterable[int] = ()) -> None:
    """A row's cells that only show."""
    right = set(numbers)
    for at, value in enumerate(values):
        made = html(joined([value]), "td")
        if at in right:
            made.classes("number")


def section(title: str, *inside: Any, note: str | None = None) -> Markup:
    """A heading and what stands below it."""
    return tag("section", tag("h2", title), tag("p", note, class_="soft") if note else None, *inside)


def switch(label: str, options: Iterable[tuple[str, str, bool]]) -> Markup:
    """Links side by side of which one is chosen: (words, address, chosen)."""
    links = [
        tag("a", words, href=address, aria_current="true" if chosen else None) for words, address, chosen in options
    ]
    return tag("nav", *links, class_="switch", aria_label=label)


def empty(title: str, text: Any, *actions: Markup) -> Markup:
    """Says what will be here, why it is empty, and the one thing that fills it."""
    return tag("div", tag("h2", title), tag("p", text), tag("p", *actions) if actions else None, class_="teach")


def details(summary: str, *inside: Any) -> Markup:
    return tag("details", tag("summary", summary), *inside)


def rows_of(facts: Iterable[tuple[str, Any]]) -> Markup:
    """Names with their values, below one another."""
    return tag("dl", joined(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts))


class Sheet:
    """A dialog: the page behind waits. Escape closes it, the keyboard stays inside."""

    def __init__(self, visit: Visit, title: str, classes: str = "") -> None:
        self._element = box("dialog", f"sheet {classes}".strip(), aria_label=title)
        with self._element:
            with box("div", "sheet-head"):
                html(tag("h2", title), "div")
                closer = TextElement(tag="button", text="×").classes("quiet close")
                closer.props["type"] = "button"
                closer.props["aria-label"] = visit.say("Close")
                closer.on("click", js_handler="(e) => e.currentTarget.closest('dialog').close()")
            self.body = box("div", "sheet-body")

    def open(self) -> None:
        ui.run_javascript(f"document.getElementById('{self._element.html_id}').showModal()")

    def close(self) -> None:
        ui.run_javascript(f"document.getElementById('{self._element.html_id}').close()")


def confirm(
    visit: Visit, title: str, text: Any, yes: str, handler: Handler, *, kind: Kind = "danger"
) -> Callable[[], None]:
    """A question before what can't be undone. Returns what opens it."""
    sheet = Sheet(visit, title)

    async def go() -> None:
        sheet.close()
        done = handler()
        if inspect.isawaitable(done):
            await done

    with sheet.body:
        html(tag("p", text))
        with box("div", "actions"):
            button(yes, go, kind)
            button(visit.say("Leave it"), sheet.close)
    return sheet.open
