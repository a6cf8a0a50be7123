"""The console's page of texts that are published beside each other: which one brings more readers to the cart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from regulars.content.pages import context
from regulars.content.pages.context import Room
from regulars.content.records import unpacked
from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.experiments.statistics import Rate
from regulars.schema.content import joined as as_text
from regulars.store import texts as table
from regulars.store.database import Row

DAYS = (7, 28, 90)
SHOWN_SIGNS = 120


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(context.RESULTS)
    async def results_page(visit: Visit) -> None:
        say = visit.say
        days = int(visit.asked("days")) if visit.asked("days") in map(str, DAYS) else 28
        rows = await room.read(lambda connection: table.results(connection, days))
        of_one = groupby(rows, lambda row: (row["product_id"], row["kind"], row["locale"]))
        groups = [list(several) for _, several in of_one]
        decided = sum(1 for several in groups if leading(several) is not None)
        if groups:
            sentence = visit.many("One comparison of texts", "{count} comparisons of texts", len(groups))
            title(visit, sentence, visit.many("One is decided.", "{count} are decided.", decided))
        else:
            title(visit, say("No text was compared yet"))
        context.sections(visit)
        options = [(say("{days} days", days=one), visit.link(context.RESULTS, days=one), one == days) for one in DAYS]
        parts.html(parts.switch(say("Period"), options))
        if not groups:
            text = say(
                "Under Review, “Publish beside” puts a text next to the one that is out. Readers are shown one of them by chance; here stands"
                " which of them brings more to the cart."
            )
            parts.html(parts.empty(say("Two texts of one kind"), text))
            return
        for several in groups:
            parts.html(_comparison(visit, several))
        means = say(
            "Shown: pages on which the text was drawn, each text of a comparison with the same chance. In the cart: the same reader put the"
            " product into the cart within a day. One text leads when its interval (Wilson, 95 %) lies above all others."
        )
        parts.html(parts.details(say("How this is counted"), tag("p", means)))


def leading(several: Sequence[Row]) -> Row | None:
    """The text whose interval lies above all others'."""
    ends = [(Rate(row["carts"], row["shown"]).interval or (0.0, 1.0), row) for row in several]
    for (low, _), row in ends:
        if len(ends) > 1 and all(low > high for (_, high), other in ends if other is not row):
            return row
    return None


def _comparison(visit: Visit, several: Sequence[Row]) -> Markup:
    say = visit.say
    first, leads = several[0], leading(several)
    told: Mapping[str, Mapping[str, str]] = first["product_texts"] or {}
    titles = [one.get("title") for one in (told.get(visit.locale, {}), *told.values())]
    name = next(filter(None, titles), str(first["product_id"]))
    rows = []
    for row in several:
        rate = Rate(row["carts"], row["shown"])
        text = as_text(next(iter(unpacked(row["fields"]).values()), ()), row["locale"])
        cut = text[:SHOWN_SIGNS] + ("…" if len(text) > SHOWN_SIGNS else "")
        link = tag("a", cut, href=visit.link(context.REVIEW, state=row["state"], text=row["text_id"]))
        badge = tag("span", say("Leads"), class_="badge good") if row is leads else None
        ends = rate.interval
        interval = tag("small", f"{visit.percent(ends[0])} – {visit.percent(ends[1])}") if ends else None
        share = joined([visit.percent(rate.share), interval])
        rows.append([joined([link, " ", badge]), visit.number(row["shown"]), visit.number(row["carts"]), share])
    kind = context.kind_words(say).get(first["kind"], first["kind"])
    heading = f"{name} · {kind} · {context.language_words(say)[first['locale']]}"
    heads = [say("Text"), say("Shown"), say("In the cart"), say("Share")]
    return parts.section(heading, parts.table(heads, rows, numbers=[1, 2, 3], caption=heading))
