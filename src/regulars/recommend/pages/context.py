"""What the pages share: the engine behind them, the links between them, a list beside another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from regulars.desk import parts
from regulars.desk.frame import Desk
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.recommend.rules.preview import Preview
from regulars.recommend.serving import Serving
from regulars.recommend.words import surface_words
from regulars.schema import ShopSettings
from regulars.store.database import Connection

T = TypeVar("T")
PEOPLE, RULES, SURFACES = "/recommendations", "/recommendations/rules", "/recommendations/surfaces"
SEARCH, EXPOSURE, COMPARE = "/recommendations/search", "/recommendations/exposure", "/recommendations/compare"
EXAMPLES = 8


class Engine(Protocol):
    """What these pages need of the engine."""

    @property
    def serving(self) -> Serving: ...

    async def in_transaction(self, work: Callable[[Connection], T]) -> T: ...

    async def refresh(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Room:
    """Callables raise DatabaseUnavailable before the engine has started. change: changes the shop's settings."""

    desk: Desk
    engine_of: Callable[[], Engine]
    models: Path
    search_vectors: Path
    change: Callable[..., ShopSettings]

    async def changed(self, **settings: Any) -> None:
        """Changes settings; what serves follows at once. Raises: InvalidInput."""
        await asyncio.to_thread(lambda: self.change(**settings))
        await self.engine_of().refresh()


def sections(visit: Visit) -> None:
    """The links between the pages."""
    parts.html(section_links(visit))


def section_links(visit: Visit) -> Markup:
    """The same as markup."""
    say = visit.say
    options = [
        (PEOPLE, say("By person")),
        (RULES, say("Rules")),
        (SURFACES, say("Surfaces")),
        (SEARCH, say("Search")),
        (EXPOSURE, say("Exposure")),
        (COMPARE, say("Compare")),
    ]
    here = visit.path.rstrip("/")
    return parts.switch(say("Recommendations"), [(words, visit.link(path), path == here) for path, words in options])


def surface_name(visit: Visit, name: str) -> str:
    """What a surface is called; a shop's own by its name."""
    return surface_words(visit.say).get(name, name)


def titles(serving: Serving, visit: Visit, ids: Sequence[int], other: Sequence[int]) -> Markup:
    """A list of products; those that the other one hasn't stand out."""
    lines = []
    for product_id in ids:
        item = serving.item(product_id)
        text = item.title(visit.locale) if item is not None else str(product_id)
        lines.append(tag("li", tag("b", text) if product_id not in other else text))
    return tag("ol", *lines, class_="list")


def changes(visit: Visit, serving: Serving, found: Preview, before: str, after: str) -> Markup:
    """What would change in the lists that were asked for last. before, after: what the two lists of an example are called."""
    say = visit.say
    if not found.pairs:
        return parts.empty(
            say("No list was asked for yet"),
            say(
                "As soon as shoppers are shown lists, the last of them are made twice here: as they are, and as they would be."
            ),
        )
    rows = [
        [surface_name(visit, name), visit.number(asked), visit.number(changed), visit.percent(changed / asked, 0)]
        for name, (asked, changed) in sorted(found.by_surface().items(), key=lambda pair: -pair[1][1])
    ]
    heads = [say("Where"), say("Lists"), say("Change"), say("Share")]
    pieces: list[Any] = [
        tag(
            "p",
            visit.many(
                "The last list was made twice. {changed} would change, {shorter} would be shorter.",
                "The last {count} lists were made twice. {changed} would change, {shorter} would be shorter.",
                len(found.pairs),
                changed=visit.number(found.changed),
                shorter=visit.number(found.shorter),
            ),
        ),
        parts.table(heads, rows, numbers=[1, 2, 3], caption=say("Lists that change, by place")),
    ]
    if found.cost is not None:
        share = visit.percent(abs(found.cost))
        if abs(found.cost) < 0.0005:
            words = say("About as many clicks, by what these products and places were clicked in the last 28 days.")
        elif found.cost > 0:
            words = say(
                "About {share} fewer clicks, by what these products and places were clicked in the last 28 days.",
                share=share,
            )
        else:
            words = say(
                "About {share} more clicks, by what these products and places were clicked in the last 28 days.",
                share=share,
            )
        pieces.append(tag("p", words, class_="attention" if found.cost > 0.02 else None))
    else:
        pieces.append(
            tag(
                "p",
                say("What it costs in clicks can't be said yet: fewer than 30 clicks in the last 28 days."),
                class_="soft",
            )
        )
    for heading, counts in ((say("Comes in"), found.gained), (say("Goes out"), found.lost)):
        most = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:EXAMPLES]
        if most:
            lines = []
            for product_id, lists in most:
                item = serving.item(product_id)
                lines.append(
                    tag(
                        "li",
                        item.title(visit.locale) if item else str(product_id),
                        " ",
                        tag("small", visit.many("{count} list", "{count} lists", lists)),
                    )
                )
            pieces.append(parts.details(f"{heading} ({len(counts)})", tag("ul", *lines)))
    for pair in [one for one in found.pairs if one.changed][:EXAMPLES]:
        summary = say(
            "{where}, list {id}", where=surface_name(visit, pair.asked.request.surface), id=pair.asked.decision_id[-8:]
        )
        pieces.append(
            parts.details(
                summary,
                tag(
                    "div",
                    tag("div", tag("h3", before), titles(serving, visit, pair.before, pair.after)),
                    tag("div", tag("h3", after), titles(serving, visit, pair.after, pair.before)),
                    class_="columns",
                ),
            )
        )
    return joined(pieces)
