"""The console's frame: the rail with its sections, the title that is a sentence, the tray of long work, the keyboard's help."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from fastapi import Request, Response
from nicegui import Client, ui
from nicegui.page import page

from regulars.desk import parts
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.tray import tray
from regulars.desk.visit import Visit
from regulars.desk.works import Works
from regulars.errors import RegularsError
from regulars.language.translations import Say
from regulars.schema import ShopSettings

STATIC = Path(__file__).parent / "static"
_VERSION = int(max(path.stat().st_mtime for path in STATIC.iterdir()))
log = structlog.get_logger("regulars.console")

Build = Callable[[Visit], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Section:
    """A place in the rail. letter: what follows `g` on the keyboard."""

    path: str
    letter: str
    icon: str


SECTIONS = (
    Section("/", "o", "M4 13h6V4H4zm0 7h6v-5H4zm8 0h8v-9h-8zm0-16v5h8V4z"),
    Section("/recommendations", "r", "M4 6h10M4 12h10M4 18h6m6-2 2.5 2.5L22 14M18 4l1 2 2 .3-1.5 1.5.4 2.2-1.9-1-1.9 1 .4-2.2L15 6.3 17 6z"),
    Section("/inbox", "i", "M4 5h16v11H9l-4 4v-4H4zM8 9h8M8 12h5"),
    Section("/content", "c", "M5 4h10l4 4v12H5zM14 4v5h5M8 13h8M8 16h6"),
    Section("/assistant", "a", "M12 3v3M6 6h12v9H6zM9 10h.1M15 10h.1M3 9v4M21 9v4M8 19h8"),
    Section("/data", "d", "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zm0 0v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3"),
    Section("/models", "m", "M12 3 4 7.5v9L12 21l8-4.5v-9zm0 9 8-4.5M12 12v9m0-9L4 7.5"),
    Section("/settings", "s", "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 7a2 2 0 1 0 0-.1zM8.5 17a2 2 0 1 0 0-.1z"),
)  # fmt: skip


def names(say: Say) -> dict[str, str]:
    """What the sections are called."""
    return {
        "/": say("Overview"),
        "/recommendations": say("Recommendations"),
        "/inbox": say("Inbox"),
        "/content": say("Content"),
        "/assistant": say("Assistant"),
        "/data": say("Data"),
        "/models": say("Models"),
        "/settings": say("Settings"),
    }


class Desk:
    """What every page stands on: the shop's settings and the works under way. `page` hangs one into the console."""

    def __init__(self, settings: Callable[[], ShopSettings], works: Works) -> None:
        self.settings = settings
        self.works = works

    def page(self, path: str) -> Callable[[Build], Build]:
        """Registers a page: `build` fills it. An error of ours on the way is shown on the page."""

        def register(build: Build) -> Build:
            @ui.page(path, title="Regulars", response_timeout=30.0)
            async def shown(request: Request) -> None:
                try:
                    visit = Visit(request, self.settings())
                except RegularsError as error:  # the shop couldn't be read once yet
                    visit = Visit(request, ShopSettings())
                    frame(visit, self.works)
                    _problem(visit, error)
                    return
                frame(visit, self.works)
                try:
                    await build(visit)
                except RegularsError as error:
                    log.error("page_failed", path=path, reason=error.detail)
                    _problem(visit, error)
                except Exception:
                    log.exception("page_broke", path=path)
                    hint = visit.say("Try again; if it stays, report it.")
                    _problem(visit, RegularsError(visit.say("It is in the log."), hint=hint))

            return build

        return register

    async def missing(self, request: Request) -> Response:
        """What stands at an address that has no page: 404, in the console's own frame."""
        try:
            settings = self.settings()
        except RegularsError:  # the shop couldn't be read once yet
            settings = ShopSettings()
        with Client(page("", title="Regulars"), request=request) as client:
            visit = Visit(request, settings)
            frame(visit, self.works)
            title(visit, visit.say("There is no such page"), visit.path)
            parts.html(
                tag(
                    "p",
                    visit.say("It may have been moved, or the address was mistyped."),
                    " ",
                    tag("a", visit.say("To the overview"), href=visit.link("/")),
                )
            )
        return client.build_response(request, 404)


def _problem(visit: Visit, error: RegularsError) -> None:
    title(visit, visit.say(error.title))
    parts.html(tag("p", error.detail, " ", error.hint or "", class_="attention", role="alert"))


def title(visit: Visit, sentence: str, below: str | Markup | None = None) -> None:
    """The page's title: a sentence that says what matters."""
    ui.page_title(f"{sentence} · {visit.settings.name}")
    parts.html(joined([tag("h1", sentence), tag("p", below, class_="soft") if below else None])).classes("title")


def frame(visit: Visit, works: Works) -> None:
    """Everything around a page's content."""
    language = "zh-Hans" if visit.locale == "zh" else visit.locale
    ui.add_head_html(
        f'<link rel="stylesheet" href="{visit.root}/static/console.css?{_VERSION}">'
        f'<script>document.documentElement.lang="{language}"</script>'
        f'<script defer src="{visit.root}/static/console.js?{_VERSION}"></script>'
    )
    client = ui.context.client
    with client.layout:
        rail = parts.html(_rail(visit), "header").classes("rail")
        rail.move(client.layout, 0)
        parts.html(_help(visit), "div")
    client.content.props["id"] = "main"
    client.content.props["tabindex"] = "-1"
    client.content.classes("main")
    with client.layout:
        tray(visit, works)


def _icon(path: str) -> Markup:
    return tag(
        "svg", tag("path", d=path), viewBox="0 0 24 24", aria_hidden="true", focusable="false", width=20, height=20
    )


def _rail(visit: Visit) -> Markup:
    called = names(visit.say)
    here = "/" + visit.path.split("/")[1]
    links = [
        tag(
            "li",
            tag(
                "a", _icon(section.icon), tag("span", called[section.path]), href=visit.link(section.path),
                aria_current="page" if section.path == here else None, data_letter=section.letter,
            ),
        )
        for section in SECTIONS
    ]  # fmt: skip
    other, other_name = ("en", "English") if visit.locale == "zh" else ("zh", "中文")
    back = visit.path + (f"?{visit.request.url.query}" if visit.request.url.query else "")
    search = tag(
        "form",
        tag("label", visit.say("Find a customer or a list"), for_="search", class_="hidden"),
        tag(
            "input", id="search", name="q", type="search", autocomplete="off", maxlength=300,
            placeholder=visit.say("Customer or list id"), value=visit.asked("q"),
        ),
        tag("kbd", "/", aria_hidden="true"),
        role="search", action=visit.link("/recommendations"), class_="search",
    )  # fmt: skip
    return joined(
        [
            tag("a", visit.say("Skip to the content"), href="#main", class_="skip"),
            tag(
                "div",
                tag("a", tag("b", "Regulars"), tag("span", visit.settings.name), href=visit.link("/"), class_="brand"),
                search,
                class_="top",
            ),
            tag("nav", tag("ul", *links), aria_label=visit.say("Sections")),
            tag(
                "div",
                tag("a", other_name, href=visit.link(f"/language/{other}", back=back), lang=other, data_plain=True),
                tag("button", visit.say("Keyboard"), type="button", class_="quiet", data_opens="keys"),
                tag(
                    "form",
                    tag("button", visit.say("Log out"), class_="quiet"),
                    method="post",
                    action=visit.link("/logout"),
                ),
                class_="foot",
            ),
        ]
    )


def _help(visit: Visit) -> Markup:
    called = names(visit.say)
    rows = [
        (tag("kbd", "/"), visit.say("Find a customer or a list")),
        *((joined([tag("kbd", "g"), tag("kbd", one.letter)], " "), called[one.path]) for one in SECTIONS),
        (tag("kbd", "?"), visit.say("Show these keys")),
        (tag("kbd", "Esc"), visit.say("Close")),
    ]
    return tag(
        "dialog",
        tag(
            "div",
            tag("h2", visit.say("Keyboard")),
            tag("button", "×", type="button", class_="quiet close", aria_label=visit.say("Close"), data_closes=True),
            class_="sheet-head",
        ),
        tag("div", parts.rows_of(rows), class_="sheet-body"),
        id="keys",
        class_="sheet",
        aria_label=visit.say("Keyboard"),
    )
