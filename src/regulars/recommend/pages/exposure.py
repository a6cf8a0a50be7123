"""The console's page of exposure: who is shown how often, brands, prices and newness beside what the shop holds, and how unequal it is."""

from __future__ import annotations

import asyncio
import time

from nicegui import ui

from regulars.desk import parts
from regulars.desk.charts import OTHER, Series, over_time
from regulars.desk.frame import title
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.recommend.fairness import Group, Spread, spread_of
from regulars.recommend.pages import context
from regulars.recommend.pages.context import Room

MOST = 15


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(context.EXPOSURE)
    async def exposure_page(visit: Visit) -> None:
        say = visit.say
        serving = room.engine_of().serving
        if serving.exposures is None or not serving.exposures.shown.sum():
            title(visit, say("Nothing was shown in the last 28 days"))
            context.sections(visit)
            text = say(
                "As soon as lists are seen, this page says which products, brands and prices are shown how often. It counts impressions."
            )
            parts.html(
                parts.empty(
                    say("Who is shown"),
                    text,
                    tag("a", say("Put the script into your pages"), href=visit.link("/settings"), class_="act"),
                )
            )
            _dials(room, visit)
            return
        found = await asyncio.to_thread(spread_of, serving.catalogue, serving.exposures, time.time())
        half = _share_of_half(found)
        title(
            visit,
            say("Half of all looks went to {share} of the products", share=visit.percent(half, 0)),
            say(
                "{shown} impressions in the last 28 days; {never} of {products} products were never shown.",
                shown=visit.number(found.shown),
                never=visit.number(found.never),
                products=visit.number(found.products),
            ),
        )
        context.sections(visit)
        steps = len(found.lorenz) - 1
        with parts.box("section"):
            parts.html(
                joined(
                    [
                        tag("h2", say("How unequal it is")),
                        tag(
                            "p",
                            say(
                                "Gini {gini}: 0 would be every product alike, 1 one product alone.",
                                gini=visit.number(found.gini, 2),
                            ),
                            class_="soft",
                        ),
                    ]
                )
            )
            days = [visit.percent(place / steps, 0) for place in range(steps + 1)]
            over_time(
                say("Impressions that the least shown products have, per cent (Lorenz curve); grey: all alike"),
                days,
                [
                    Series(say("these lists"), [100 * one for one in found.lorenz]),
                    Series("", [100 * place / steps for place in range(steps + 1)], OTHER),
                ],
                most=100,
                says=say(
                    "The least shown half of the products has {share} of the impressions.",
                    share=visit.percent(found.lorenz[steps // 2], 0),
                ),
            )
        called = {"new": say("28 days or newer"), "half_year": say("up to half a year"), "older": say("older")}
        for heading, groups, names in (
            (say("Brands"), found.brands, {}),
            (say("Prices"), found.prices, {}),
            (say("Newness"), found.ages, called),
        ):
            parts.html(parts.section(heading, _table(visit, heading, groups, names)))
        _dials(room, visit)


def _share_of_half(found: Spread) -> float:
    """The share of the products that has half of the impressions, the most shown first."""
    steps = len(found.lorenz) - 1
    at = next((place for place, share in enumerate(found.lorenz) if share >= 0.5), steps)
    return 1 - at / steps if at < steps else 1 / steps


def _table(visit: Visit, heading: str, groups: list[Group], names: dict[str, str]) -> Markup:
    say = visit.say
    rows = [
        [names.get(one.name, one.name), visit.number(one.products), visit.percent(one.held), visit.percent(one.seen), visit.number(one.seen / one.held if one.held else None, 2), visit.percent(one.rate)]
        for one in groups[:MOST]
    ]  # fmt: skip
    heads = [
        heading,
        say("Products"),
        say("Of the shop"),
        say("Of the impressions"),
        say("Times its share"),
        say("Clicked"),
    ]
    return parts.table(heads, rows, numbers=range(1, 6), caption=heading, empty=say("Nothing is known of it."))


def _dials(room: Room, visit: Visit) -> None:
    say = visit.say
    settings = room.engine_of().serving.settings
    fields = joined(
        [
            parts.field("diversity", say("Diversity, per cent"), round(100 * settings.diversity), kind="number", min=0, max=100, help=say("0: the best; 100: as different as can be.")),
            parts.field("tiredness", say("Tiredness"), settings.tiredness, kind="number", min=0, max=5, step="0.1", help=say("How far a product sinks for somebody who was shown it often and never followed it; 0 not at all.")),
            parts.field("exploration_slots", say("Places to try things out"), settings.exploration_slots, kind="number", min=0, max=5),
            parts.field("exposure_floor", say("Of these for what was hardly shown, per cent"), round(100 * settings.exposure_floor), kind="number", min=0, max=100, help=say("New products and small brands: at least this share of the places that are tried out.")),
            parts.field("long_term", say("For coming back, per cent"), round(100 * settings.long_term), kind="number", min=0, max=100, help=say("0: lists are for today's click; 100: for coming back within 28 days. It counts once enough people are ripe to learn it from.")),
        ]
    )  # fmt: skip

    async def save(given: dict[str, list[str]]) -> None:
        await room.changed(
            diversity=float(given["diversity"][0] or 0) / 100,
            tiredness=float(given["tiredness"][0] or 0),
            exploration_slots=int(float(given["exploration_slots"][0] or 0)),
            exposure_floor=float(given["exposure_floor"][0] or 0) / 100,
            long_term=float(given["long_term"][0] or 0) / 100,
        )
        parts.say_note(say("Saved. It counts within seconds."))
        ui.timer(1.0, lambda: ui.navigate.reload(), once=True)

    with parts.box("section"):
        parts.html(tag("h2", say("Dials")))
        parts.form(fields, say("Save"), save, "plain", "wide")
        parts.html(_worth(room, visit))


def _worth(room: Room, visit: Visit) -> Markup:
    """What was learned of coming back, with how sure it is."""
    say = visit.say
    values = room.engine_of().serving.values
    if values is None:
        return tag(
            "p",
            say(
                "What brings people back isn't known yet: it takes 300 people whose 28 days have passed, and a training."
            ),
            class_="soft",
        )
    called = {
        "fit": say("fits the person"), "tired": say("was shown often and not followed"), "new_kind": say("of a kind new to them"), "fresh": say("in the shop for long"),
        "price_fit": say("away from their prices"), "rating": say("well reviewed"), "buyers_return": say("its buyers come back"), "popular": say("popular"),
    }  # fmt: skip
    rows = [
        [called.get(name, name), f"{value:+.3f} ± {error:.3f}", say("yes") if used else "–"]
        for name, (value, error, used) in values.report.get("worth", {}).items()
    ]
    told = values.report.get("surrogate", {})
    note = say("What a list that differs by one standard deviation adds to the chance of coming back within 28 days.")
    bias = None
    if "bias" in told:
        bias = tag("p", say("The first week foretells it with a bias of {bias} ± {error} (AUC {auc}), measured on {people} people it didn't learn from.", bias=f"{told['bias']:+.3f}", error=f"{told['bias_error']:.3f}", auc=f"{told['auc']:.2f}", people=visit.number(told["held_out"])), class_="soft")  # fmt: skip
    return parts.details(
        say("What brings people back"),
        tag("p", note, class_="soft"),
        parts.table(
            [say("A list that is more"), say("Chance"), say("Counts")], rows, caption=say("What brings people back")
        ),
        bias,
    )
