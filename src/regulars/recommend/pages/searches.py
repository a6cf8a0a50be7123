"""The console's page of search quality: what people search for, what finds nothing, what nobody follows; and the shop's own words."""

from __future__ import annotations

import asyncio

from nicegui import ui

from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import joined, tag
from regulars.desk.visit import Visit
from regulars.errors import InvalidInput
from regulars.recommend import searches
from regulars.recommend.finder import Finder, finder_of
from regulars.recommend.pages import context
from regulars.recommend.pages.context import Room
from regulars.recommend.thesaurus import thesaurus_of

MOST = 30
FEW = 0.1  # share of result pages below which a term counts as not followed
LEAST = 5  # pages below which that says nothing


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(context.SEARCH)
    async def search_page(visit: Visit) -> None:
        say = visit.say
        engine = room.engine_of()
        serving = engine.serving
        terms = await engine.in_transaction(lambda c: searches.terms(c))
        asked, nothing = sum(one.times for one in terms), sum(one.nothing for one in terms)
        if asked:
            told = (
                say("{share} of searches found nothing", share=visit.percent(nothing / asked))
                if nothing
                else say("Every search found something")
            )
            title(
                visit,
                told,
                visit.many("{count} search in the last 28 days.", "{count} searches in the last 28 days.", asked),
            )
        else:
            title(
                visit,
                say("Nobody searched in the last 28 days"),
                say("Searches of the storefront, of your own page with the script, and over the API appear here."),
            )
        context.sections(visit)
        finder = await asyncio.to_thread(finder_of, serving.catalogue, room.search_vectors)
        await _tried(room, visit, finder)
        lost = [one for one in terms if one.nothing]
        own = thesaurus_of(tuple(map(tuple, serving.settings.synonyms)))

        def near(query: str) -> str:
            found = finder.find(query, None, own)
            return ", ".join(item.title(visit.locale) for item in found.items[:2]) or "–"

        nearest = await asyncio.to_thread(lambda: [near(one.query) for one in lost[:MOST]])
        rows = [
            [tag("a", one.query, href=visit.link(context.SEARCH, term=one.query)), visit.number(one.nothing), found]
            for one, found in zip(lost[:MOST], nearest, strict=True)
        ]
        heads = [say("Searched for"), say("Times"), say("What is found today")]
        note = say("Add a word of your shop for it below, or a product.")
        parts.html(
            parts.section(
                say("Found nothing"),
                parts.table(
                    heads, rows, numbers=[1], caption=say("Found nothing"), empty=say("Every search found something.")
                ),
                note=note,
            )
        )
        unfollowed = sorted(
            (one for one in terms if one.lists >= LEAST and one.followed / one.lists < FEW), key=lambda one: -one.lists
        )
        rows = [
            [
                tag("a", one.query, href=visit.link(context.SEARCH, term=one.query)),
                visit.number(one.lists),
                visit.percent(one.followed / one.lists, 0),
            ]
            for one in unfollowed[:MOST]
        ]
        heads = [say("Searched for"), say("Pages of results"), say("Something was clicked")]
        parts.html(
            parts.section(
                say("Found, but not what was meant"),
                parts.table(
                    heads,
                    rows,
                    numbers=[1, 2],
                    caption=say("Found, but not what was meant"),
                    empty=say("None: a term stands here when nine of ten pages of results are left without a click."),
                ),
            )
        )
        rows = [
            [tag("a", one.query, href=visit.link(context.SEARCH, term=one.query)), visit.number(one.times), visit.percent(one.nothing / one.times, 0), visit.percent(one.followed / one.lists, 0) if one.lists else "–"]
            for one in terms[:MOST]
        ]  # fmt: skip
        heads = [say("Searched for"), say("Times"), say("Found nothing"), say("Something was clicked")]
        parts.html(
            parts.section(
                say("Searched for most"),
                parts.table(
                    heads, rows, numbers=[1, 2, 3], caption=say("Searched for most"), empty=say("Nothing yet.")
                ),
            )
        )
        _synonyms(room, visit)


async def _tried(room: Room, visit: Visit, finder: Finder) -> None:
    """A search as a stranger's, with what each result was found by."""
    say = visit.say
    query = visit.asked("term", 200)
    form = tag(
        "form", tag("div", parts.field("term", say("Search as a shopper"), query, identity="search-try", kind="search"), class_="fields"),
        tag("button", say("Search"), class_="first"), class_="form line", action=visit.link(context.SEARCH),
    )  # fmt: skip
    pieces: list[object] = [form]
    if finder.semantic is None:
        pieces.append(
            tag(
                "p",
                say("By words alone for now: what products mean is being worked out, or there are too many of them."),
                class_="soft",
            )
        )
    if query:
        own = thesaurus_of(tuple(map(tuple, room.engine_of().serving.settings.synonyms)))
        found = await asyncio.to_thread(finder.find, query, None, own)
        for word, instead in found.taken.items():
            pieces.append(
                tag(
                    "p",
                    say(
                        "No product has the word “{asked}”. This is what was found for “{used}”.",
                        asked=word,
                        used=instead,
                    ),
                    class_="soft",
                )
            )
        by = {"words": say("words"), "meaning": say("meaning"), "both": say("both")}
        rows = [
            [place + 1, item.title(visit.locale), by[how]]
            for place, (item, how) in enumerate(zip(found.items[:10], found.by, strict=False))
        ]
        heads = [say("Place"), say("Product"), say("Found by")]
        pieces.append(
            parts.table(
                heads,
                rows,
                numbers=[0],
                caption=say("What was found"),
                empty=say("Nothing: shoppers see categories and a list for them instead."),
            )
        )
    parts.html(parts.section(say("Try it"), *pieces))


def _synonyms(room: Room, visit: Visit) -> None:
    say = visit.say
    kept = room.engine_of().serving.settings.synonyms
    field = parts.area("synonyms", say("Words for the same"), "\n".join(" = ".join(group) for group in kept), rows=6, help=say("One group a line: couch = sofa = settee. Words of your catalogue and words of your shoppers, in any language; everyday ones are known already."))  # fmt: skip

    async def save(given: dict[str, list[str]]) -> None:
        groups = []
        for number, line in enumerate(given["synonyms"][0].splitlines(), 1):
            if not line.strip():
                continue
            words = [one.strip() for one in line.split("=") if one.strip()]
            if len(words) < 2:
                raise InvalidInput(say("Line {number}: write at least two words with = between them.", number=number))
            groups.append(words)
        await room.changed(synonyms=groups)
        parts.say_note(say("Saved. It counts within seconds."))
        ui.timer(1.0, lambda: ui.navigate.reload(), once=True)

    with parts.box("section"):
        parts.html(tag("h2", say("The shop's own words")))
        parts.form(joined([field]), say("Save"), save, "plain", "wide")
