"""The console's page of how the assistant does: contained, resolved, handed over and why, how it was found, how fast."""

from __future__ import annotations

from regulars.assist import quality
from regulars.assist.pages import context
from regulars.assist.pages.context import Room
from regulars.assist.quality import Had, Quality
from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.experiments.statistics import Rate

DAYS = (7, 28, 90)


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(context.QUALITY)
    async def quality_page(visit: Visit) -> None:
        say = visit.say
        days = int(visit.asked("days")) if visit.asked("days") in map(str, DAYS) else 28
        found = await room.read(lambda connection: quality.measured(connection, days))
        _heading(visit, found, days)
        context.sections(visit)
        options = [(say("{days} days", days=one), visit.link(context.QUALITY, days=one), one == days) for one in DAYS]
        parts.html(parts.switch(say("Period"), options))
        if not found.all.conversations:
            parts.html(_teach(visit))
            return
        parts.html(_figures(visit, found))
        names = {**context.flow_words(say), "other": say("Something else")}
        parts.html(
            _by(visit, say("By what it was about"), {names.get(one, one): had for one, had in found.topics.items()})
        )
        languages = {context.language_word(say, one): had for one, had in found.languages.items()}
        parts.html(_by(visit, say("By language"), languages))
        parts.html(_handovers(visit, found))
        parts.html(_suggested(visit, found))
        parts.html(parts.details(say("How this is counted"), tag("p", _means(visit))))


def _heading(visit: Visit, found: Quality, days: int) -> None:
    say = visit.say
    if not found.all.conversations:
        title(visit, say("No conversation in the last {days} days", days=days))
        return
    sentence = visit.many(
        "One conversation; {share} stayed with the assistant",
        "{count} conversations; {share} stayed with the assistant",
        found.all.conversations,
        share=visit.percent(found.all.contained.share, 0),
    )
    title(visit, sentence, say("The rest went to a person. Nobody has to guess why: it stands below."))


def _rate(visit: Visit, rate: Rate) -> Markup:
    ends = rate.interval
    interval = tag("small", f"{visit.percent(ends[0], 0)} – {visit.percent(ends[1], 0)}") if ends else None
    return joined([f"{visit.number(rate.some)} · {visit.percent(rate.share, 0)}", interval])


def _figures(visit: Visit, found: Quality) -> Markup:
    say, whole = visit.say, found.all
    p50, p95, turns = found.turn_ms
    median, answered = found.waited
    rows = [
        (say("Contained"), _rate(visit, whole.contained)),
        (say("Resolved"), _rate(visit, whole.resolved)),
        (say("Something was done"), _rate(visit, whole.acted)),
        (say("Satisfied (rated 4 or 5)"), _rate(visit, whole.satisfied) if whole.rated else say("nobody has rated")),
        (say("A turn takes"), say("{p50} ms, 95 % within {p95} ms ({turns} turns)", p50=visit.number(p50), p95=visit.number(p95), turns=visit.number(turns))),
        (say("A person answers after"), visit.many("{time} (once)", "{time}, in the middle ({count} times)", answered, time=visit.span(median)) if median is not None else say("no person has answered yet")),
        (say("Mood"), say("praise in {praise}, complaint in {complaint}, abuse in {abuse} conversations", **{one: visit.number(found.moods.get(one, 0)) for one in ("praise", "complaint", "abuse")})),
    ]  # fmt: skip
    return parts.section(say("As a whole"), parts.rows_of(rows))


def _by(visit: Visit, called: str, groups: dict[str, Had]) -> Markup:
    say = visit.say
    rows = [
        [
            name,
            visit.number(had.conversations),
            _rate(visit, had.contained),
            _rate(visit, had.resolved),
            _rate(visit, had.satisfied) if had.rated else "–",
            "–" if had.turn_ms is None else say("{ms} ms", ms=visit.number(had.turn_ms)),
        ]
        for name, had in groups.items()
    ]
    heads = ["", say("Conversations"), say("Contained"), say("Resolved"), say("Satisfied"), say("A turn takes")]
    return parts.section(called, parts.table(heads, rows, numbers=range(1, 6), caption=called))


def _handovers(visit: Visit, found: Quality) -> Markup:
    say = visit.say
    words = context.reason_words(say)
    rows = [[words.get(reason, reason), visit.number(times)] for reason, times in found.handovers]
    heads = [say("Because"), say("Conversations")]
    return parts.section(
        say("Handed over"),
        parts.table(heads, rows, numbers=[1], caption=say("Handed over"), empty=say("None in this period.")),
    )


def _suggested(visit: Visit, found: Quality) -> Markup:
    say = visit.say
    words = {"accepted": say("sent as they were"), "edited": say("sent after an edit"), "own": say("answered otherwise"), "rejected": say("called wrong")}  # fmt: skip
    rows = [[words.get(one, one), visit.number(times)] for one, times in sorted(found.suggested.items(), key=lambda pair: -pair[1])]  # fmt: skip
    heads = [say("Suggested replies"), say("Times")]
    nothing = say("When a person has a conversation, the assistant suggests a reply; what became of them stands here.")
    return parts.section(
        say("Suggested replies"),
        parts.table(heads, rows, numbers=[1], caption=say("Suggested replies"), empty=nothing),
    )


def _means(visit: Visit) -> str:
    return visit.say(
        "Conversations that began in the period and in which a customer said something; imported ones aren't counted. Contained:"
        " never handed over, never taken over. Resolved: contained, the last reply isn't that nothing was found, and it wasn't rated"
        " 1 or 2. What it was about is the first thing that was understood. Small figures below a share are its 95 % interval (Wilson)."
    )


def _teach(visit: Visit) -> Markup:
    say = visit.say
    return parts.empty(
        say("Figures appear with the first conversation"),
        say(
            "How many the assistant solved alone, what it handed over and why, how customers found it, by topic and language."
        ),
        tag("a", say("See the inbox"), href=visit.link("/inbox"), class_="act"),
    )
