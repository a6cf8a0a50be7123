"""The console's page of how the shop speaks: tone, length, words, glossary, what goes out by itself; and the rules with their sources."""

from __future__ import annotations

from nicegui import ui
from pydantic import ValidationError

from regulars.content.pages import context
from regulars.content.pages.context import Room
from regulars.content.pages.teaching import Teaching
from regulars.content.records import voice_of
from regulars.content.rules import packs
from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import joined, tag
from regulars.desk.visit import Visit
from regulars.errors import InvalidInput
from regulars.schema.content import Voice
from regulars.store import texts as table


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(context.VOICE)
    async def voice_page(visit: Visit) -> None:
        say = visit.say
        voice = await room.read(voice_of)
        tones = {"plain": say("Plain"), "warm": say("Warm"), "lively": say("Lively")}
        title(
            visit,
            say("The shop speaks in a {tone} voice", tone=tones[voice.tone].lower()),
            say("It counts from the next text on."),
        )
        context.sections(visit)
        lengths = [("short", say("Short")), ("medium", say("Medium")), ("long", say("Long"))]
        glossary = "\n".join(f"{one} = {other}" for one, other in voice.glossary.items())
        kinds = parts.checks(
            "publish",
            say("Goes out without a person"),
            [(kind, words, kind in voice.publish) for kind, words in context.kind_words(say).items()],
        )
        fields = joined(
            [
                parts.choice("tone", say("Tone"), list(tones.items()), voice.tone),
                parts.choice("length", say("Length"), lengths, voice.length),
                parts.field("audience", say("Readers"), voice.audience, help=say("Told to a chat model, such as: people who cook at home.")),
                parts.area("avoid", say("Words to avoid"), "\n".join(voice.avoid), help=say("One a line. The gate holds back a text that has one.")),
                parts.area("prefer", say("Words it likes"), "\n".join(voice.prefer), help=say("One a line.")),
                parts.area("samples", say("Texts it likes"), "\n\n".join(voice.samples), rows=6, help=say("With an empty line between them. A chat model takes its tone from them.")),
                parts.area("glossary", say("Glossary"), glossary, rows=8, help=say("One a line: a word = the word in the other language. “colour: ash = 灰色” is of that attribute alone.")),
                kinds,
            ]
        )  # fmt: skip

        async def save(given: dict[str, list[str]]) -> None:
            made = _voice(visit, given)
            await room.read(lambda connection: table.write_voice(connection, made.model_dump()))
            parts.say_note(say("Saved. The shop speaks so from the next text on."))
            ui.timer(1.0, lambda: ui.navigate.reload(), once=True)

        with parts.box("section"):
            parts.html(tag("h2", say("Voice")))
            parts.form(fields, say("Save"), save, "first", "wide")
        await Teaching(room, visit).build()
        rules = []
        for pack in packs().values():
            languages = ", ".join(context.language_words(say)[one] for one in pack.locales)
            lines = [tag("li", rule.reason.get(visit.locale, "")) for rule in pack.rules]
            rules.append(
                parts.details(
                    f"{pack.title.get(visit.locale, pack.name)} ({languages})",
                    tag("ul", *lines),
                    tag("p", say("Source: {source}", source=pack.source), class_="soft"),
                )
            )
        note = say("What no text may claim unless the record states it. Rules help; they are no legal advice.")
        parts.html(parts.section(say("Rules"), *rules, note=note))


def _voice(visit: Visit, given: dict[str, list[str]]) -> Voice:
    """Raises: InvalidInput, with the line that can't be read."""
    glossary: dict[str, str] = {}
    for number, line in enumerate(given["glossary"][0].splitlines(), 1):
        if line.strip():
            one, found, other = line.partition("=")
            if not found or not one.strip() or not other.strip():
                raise InvalidInput(
                    visit.say("Glossary, line {number}: write a word = its word in the other language.", number=number),
                    field="glossary",
                )
            glossary[one.strip()] = other.strip()
    lines = {name: [one.strip() for one in given[name][0].splitlines() if one.strip()] for name in ("avoid", "prefer")}
    samples = [one.strip() for one in given["samples"][0].replace("\r", "").split("\n\n") if one.strip()]
    document = {
        "tone": given["tone"][0], "length": given["length"][0], "audience": given["audience"][0].strip(), **lines,
        "samples": samples, "glossary": glossary, "publish": given.get("publish", []),
    }  # fmt: skip
    try:
        return Voice.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInput(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.", field=str(first["loc"][0])) from None
