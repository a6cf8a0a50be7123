"""The console's page of surfaces: every place that shows lists, as any customer sees it; and places of the shop's own."""

from __future__ import annotations

import asyncio

from nicegui import ui

from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import joined, tag
from regulars.desk.visit import Visit
from regulars.errors import InvalidInput, NotFound
from regulars.recommend import finding
from regulars.recommend import service as lists
from regulars.recommend.catalogue import named
from regulars.recommend.pages import context
from regulars.recommend.pages.context import Room
from regulars.recommend.reasons import sentence
from regulars.recommend.surfaces import SURFACES
from regulars.recommend.whynot import why_not, why_not_told
from regulars.store.people import NOBODY

SHOWN = 8


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(context.SURFACES)
    async def surfaces_page(visit: Visit) -> None:
        say = visit.say
        serving = room.engine_of().serving
        own = sum(one.own for one in serving.surfaces.values())
        title(
            visit,
            visit.many("Lists stand in {count} place", "Lists stand in {count} places", len(serving.surfaces)),
            visit.many("{count} of them is the shop's own.", "{count} of them are the shop's own.", own)
            if own
            else say("They came along; a shop can add its own."),
        )
        context.sections(visit)
        await _seen(room, visit)
        rows = []
        for surface in serving.surfaces.values():
            dial = serving.settings.diversity if surface.diversity is None else surface.diversity
            hides = [
                words
                for flag, words in ((surface.discovery, say("bought")), (surface.hides_seen, say("seen lately")))
                if flag
            ]
            rows.append(
                [
                    joined(
                        [
                            tag("b", context.surface_name(visit, surface.name)),
                            " ",
                            tag("small", tag("code", surface.name)),
                        ]
                    ),
                    say(surface.purpose),
                    ", ".join(hides) or "–",
                    visit.number(dial, 2),
                    say("yes") if surface.explores else "–",
                ]
            )
        heads = [say("Surface"), say("What it is for"), say("Leaves out"), say("Diversity"), say("Tries things out")]
        parts.html(
            parts.section(say("All surfaces"), parts.table(heads, rows, numbers=[3], caption=say("All surfaces")))
        )
        _own(room, visit)


async def _seen(room: Room, visit: Visit) -> None:
    """One surface as one person sees it, and why a product isn't there."""
    say = visit.say
    engine = room.engine_of()
    serving = engine.serving
    wanted = visit.asked("surface") if visit.asked("surface") in serving.surfaces else "home"
    who, product, missing = visit.asked("customer"), visit.asked("product"), visit.asked("missing")
    fields = joined(
        [
            parts.choice("surface", say("Surface"), [(name, context.surface_name(visit, name)) for name in serving.surfaces if name != "search"], wanted),
            parts.field("customer", say("Customer or visitor"), who, placeholder=say("Empty: a stranger")),
            parts.field("product", say("Open product"), product, placeholder=say("Where the surface needs one")),
            parts.field("missing", say("Why isn't this product there?"), missing, placeholder=say("A product's id")),
        ]
    )  # fmt: skip
    form = tag(
        "form",
        tag("div", fields, class_="fields"),
        tag("button", say("Show"), class_="first"),
        class_="form line",
        action=visit.link(context.SURFACES),
    )
    pieces: list[object] = [form]
    try:
        pieces.append(await _list(room, visit, wanted, who, product, missing))
    except (InvalidInput, NotFound) as error:
        pieces.append(tag("p", error.detail, " ", error.hint or "", class_="attention", role="alert"))
    parts.html(parts.section(say("As somebody sees it"), *pieces))


async def _list(room: Room, visit: Visit, surface: str, who: str, product: str, missing: str) -> object:
    say = visit.say
    engine = room.engine_of()
    serving = engine.serving
    person = NOBODY
    if who:
        found = await engine.in_transaction(lambda c: finding.find(c, who))
        if found is None:
            raise NotFound(say("Nobody is called {name} here.", name=who[:80]))
        person = found.person
    opened = named(serving.catalogue, product) if product else None
    if product and opened is None:
        raise NotFound(say("There is no product {name}.", name=product[:80]))
    if serving.surfaces[surface].needs_product and opened is None:
        opened = next(
            (
                item
                for place in serving.catalogue.newest.tolist()
                if (item := serving.catalogue.items[place]) is not None and item.for_sale
            ),
            None,
        )
    request = lists.Request(surface, SHOWN, None if opened is None else opened.product_id, locale=visit.locale, seed=1)
    decision = await asyncio.to_thread(lists.recommend, serving, request, person)

    def called(product_id: int) -> str:
        item = serving.item(product_id)
        return item.title(visit.locale) if item else ""

    lines = [
        tag(
            "li",
            tag("b", called(action.product_id)),
            tag("small", sentence(visit.say, action.reason.code, action.reason.arguments, called)),
        )
        for action in decision.actions
    ]
    beside = tag("p", say("Beside {product}", product=opened.title(visit.locale)), class_="soft") if opened else None
    pieces: list[object] = [
        beside,
        tag("ol", *lines, class_="list")
        if lines
        else tag("p", say("Nothing: the filters or the rules leave nothing."), class_="empty"),
    ]
    if missing:
        item = named(serving.catalogue, missing)
        if item is None:
            raise NotFound(say("There is no product {name}.", name=missing[:80]))
        told = why_not_told(
            serving, await asyncio.to_thread(why_not, serving, request, person, item.product_id), visit.locale
        )
        pieces.append(tag("p", tag("b", item.title(visit.locale)), ": ", told["text"], class_="attention"))
    return joined(pieces)


def _own(room: Room, visit: Visit) -> None:
    """Places of the shop's own: adding and taking away."""
    say = visit.say
    settings = room.engine_of().serving.settings
    kept = [one.model_dump(mode="json") for one in settings.surfaces]
    with parts.box("section"):
        parts.html(tag("h2", say("The shop's own")))
        if not kept:
            parts.html(
                tag(
                    "p",
                    say(
                        "None yet. A page of gifts, a block in the app, a screen in the store: name it, and ask for it over the API."
                    ),
                    class_="empty",
                )
            )
        for one in kept:
            with parts.box("div", "actions"):
                parts.html(joined([tag("code", one["name"]), " ", one["purpose"]]), "span")

                async def gone(name: str = one["name"]) -> None:
                    await room.changed(surfaces=[other for other in kept if other["name"] != name])
                    ui.navigate.reload()

                opens = parts.confirm(
                    visit,
                    say("Take it away?"),
                    say("Pages that ask for {name} get an error from then on.", name=one["name"]),
                    say("Take away"),
                    gone,
                )
                parts.button(say("Take away"), opens, "quiet", label=f"{say('Take away')}: {one['name']}")

        async def add(given: dict[str, list[str]]) -> None:
            name = given["name"][0].strip().lower()
            made = {
                "name": name,
                "like": given["like"][0],
                "purpose": given["purpose"][0].strip(),
                "category": given["category"][0].strip() or None,
                "diversity": float(given["diversity"][0] or 0) / 100,
            }
            await room.changed(surfaces=[*(one for one in kept if one["name"] != name), made])
            parts.say_note(say("Saved. It counts within seconds."))
            ui.timer(1.0, lambda: ui.navigate.reload(), once=True)

        fields = joined(
            [
                parts.field("name", say("Its name"), "", required=True, pattern="[a-z][a-z0-9_]*", maxlength=40, placeholder="gifts", help=say("As your pages ask for it: small letters, digits and _.")),
                parts.choice("like", say("Like"), [(one, context.surface_name(visit, one)) for one in SURFACES if one != "search"], "home", help=say("Where it takes its ways from.")),
                parts.field("purpose", say("What it is for"), "", maxlength=200),
                parts.field("category", say("Only from this category"), ""),
                parts.field("diversity", say("Diversity, per cent"), 0, kind="number", min=0, max=100, help=say("0: the best; 100: as different as can be.")),
            ]
        )  # fmt: skip
        parts.form(fields, say("Add"), add, "plain", "wide")
