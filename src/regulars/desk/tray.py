"""The tray: all long work in one place on every page, with its progress; each can be cancelled."""

from __future__ import annotations

from nicegui import ui

from regulars.desk import parts
from regulars.desk.markup import tag
from regulars.desk.visit import Visit
from regulars.desk.works import Work, Works

LOOK_SECONDS = 0.5


def tray(visit: Visit, works: Works) -> None:
    """Redraws itself when something changes. Nothing is shown where no work was started."""
    outside = parts.box("aside", "tray", aria_label=visit.say("Long work"))
    seen = -1

    def draw() -> None:
        nonlocal seen
        works.tidy()
        if seen == works.version:
            return
        seen = works.version
        outside.clear()
        with outside:
            for work in works.all:
                _one(visit, works, work)

    draw()
    ui.timer(LOOK_SECONDS, draw)


def state_words(visit: Visit, work: Work) -> str:
    return {
        "running": work.says or visit.say("starting"),
        "stopping": visit.say("stopping"),
        "done": visit.say("done in {time}", time=visit.span(work.seconds)),
        "failed": visit.say("failed"),
        "cancelled": visit.say("cancelled; what was committed stays"),
    }[work.state]


def _one(visit: Visit, works: Works, work: Work) -> None:
    with parts.box("div", f"work {work.state}", role="status"):
        share = None if work.share is None else round(work.share, 3)
        bar = tag("progress", max=1, value=share, aria_label=work.title) if not work.over else None
        error = tag("p", work.error, class_="attention") if work.state == "failed" and work.error else None
        percent = visit.percent(work.share, 0) if work.share is not None and not work.over else None
        parts.html(
            tag("div", tag("b", work.title), tag("span", state_words(visit, work), " ", percent), bar, error),
        )
        if work.over:
            parts.button(
                visit.say("Dismiss"),
                lambda: works.forget(work.number),
                "quiet",
                label=f"{visit.say('Dismiss')}: {work.title}",
            )
        elif work.state == "running":
            parts.button(
                visit.say("Cancel"),
                lambda: works.cancel(work.number),
                "quiet",
                label=f"{visit.say('Cancel')}: {work.title}",
            )
