"""The console's page that puts two versions side by side: the same last requests, answered by each."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import joined, tag
from regulars.desk.visit import Visit
from regulars.errors import RegularsError
from regulars.recommend.context import ContextPrior
from regulars.recommend.live import KIND
from regulars.recommend.longterm import ReturnValue
from regulars.recommend.model import Model
from regulars.recommend.pages import context
from regulars.recommend.pages.context import Room
from regulars.recommend.rules.preview import compare, recent
from regulars.recommend.serving import Serving
from regulars.store import registry

REQUESTS = 100


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(context.COMPARE)
    async def compare_page(visit: Visit) -> None:
        say = visit.say
        engine = room.engine_of()
        serving = engine.serving
        versions = [
            row["version"]
            for row in await engine.in_transaction(lambda c: registry.versions(c, KIND))
            if row["status"] != "damaged"
        ]
        wanted = visit.asked("version")
        if not versions or (len(versions) == 1 and versions[0] == serving.version):
            title(visit, say("There is one version only"))
            context.sections(visit)
            text = say("After the next training two versions can be put side by side here, on the same customers.")
            parts.html(
                parts.empty(say("Compare"), text, tag("a", say("Train now"), href=visit.link("/models"), class_="act"))
            )
            return
        chosen = (
            wanted if wanted in versions else next((one for one in versions if one != serving.version), versions[0])
        )
        title(
            visit,
            say("{version} beside what serves", version=chosen),
            say("The last lists, made by both for the same people. Nothing is shown to anybody."),
        )
        context.sections(visit)
        fields = parts.choice(
            "version",
            say("Version"),
            [(one, one + (f" ({say('serves')})" if one == serving.version else "")) for one in versions],
            chosen,
        )
        form = tag(
            "form",
            tag("div", fields, class_="fields"),
            tag("button", say("Compare"), class_="first"),
            class_="form line",
            action=visit.link(context.COMPARE),
        )
        try:
            model = await asyncio.to_thread(_model, room, serving, chosen)
        except RegularsError as error:
            parts.html(joined([form, tag("p", error.detail, class_="attention", role="alert")]))
            return
        asked = await engine.in_transaction(lambda c: recent(c, serving, REQUESTS))
        other = replace(
            serving,
            model=model,
            version=chosen,
            mode="trained",
            arrivals=ContextPrior.load(room.models / chosen),
            values=ReturnValue.load(room.models / chosen),
        )
        found = await asyncio.to_thread(compare, serving, other, asked)
        parts.html(joined([form, context.changes(visit, serving, found, say("What serves"), chosen)]))


def _model(room: Room, serving: Serving, version: str) -> Model:
    """Another version over the catalogue of now. Raises: DamagedModel."""
    model = Model.load(room.models / version)
    vocabulary = serving.catalogue.vocabulary()
    known = set(model.product_ids.tolist())
    first = [place for place, one in enumerate(vocabulary.product_ids.tolist()) if one in known]
    if len(first) == len(model) and first == list(range(len(model))):
        return model.extended(vocabulary).knowing(serving.catalogue.facts)
    raise RegularsError("That version was trained on other products; it can't be put beside today's.")
