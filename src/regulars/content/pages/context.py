"""What the pages of content share: the studio behind them, words for kinds and states, a text with its facts beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from regulars.content.gate import Flag
from regulars.content.realiser import ALL_KINDS
from regulars.content.rules import packs
from regulars.content.sheet import Sheet
from regulars.content.studio import Studio
from regulars.desk import parts
from regulars.desk.frame import Desk
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.desk.works import Works
from regulars.language.translations import Say
from regulars.schema.content import KINDS, Fields, width
from regulars.schema.content import joined as as_text
from regulars.store.database import Connection

T = TypeVar("T")

REVIEW, STUDIO, MANY, VOICE = "/content", "/content/studio", "/content/many", "/content/voice"
RESULTS = "/content/results"


@dataclass(frozen=True, slots=True)
class Room:
    """studio_of raises DatabaseUnavailable before the engine has started."""

    desk: Desk
    works: Works
    studio_of: Callable[[], Studio]

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Beside the event loop, in one transaction."""

        def run() -> T:
            with self.studio_of().database.connect() as connection:
                return work(connection)

        return await asyncio.to_thread(run)


def sections(visit: Visit) -> None:
    """The links between the pages of content."""
    say = visit.say
    options = [
        (REVIEW, say("Review")),
        (STUDIO, say("Studio")),
        (MANY, say("Many at once")),
        (RESULTS, say("Results")),
        (VOICE, say("Voice and rules")),
    ]
    links = [(words, visit.link(path), path == visit.path.rstrip("/")) for path, words in options]
    parts.html(parts.switch(say("Content"), links))


def kind_words(say: Say) -> dict[str, str]:
    """What kinds of text are called."""
    words = {
        "description": say("Description"), "title": say("Title"), "bullets": say("List of facts"), "seo": say("Search engines"),
        "ad_search": say("Search ad"), "ad_social": say("Social ad"), "ad_banner": say("Banner"), "push": say("Push"), "sms": say("SMS"),
        "email": say("E-mail"), "alt": say("Alt text"), "digest": say("What buyers say"),
        "category": say("Category introduction"),
    }  # fmt: skip
    return {kind: words[kind] for kind in ALL_KINDS}


def place_words(say: Say) -> dict[str, str]:
    """What the parts of a text are called."""
    return {
        "body": say("Text"), "title": say("Title"), "bullets": say("Facts"), "description": say("Description"), "headlines": say("Headlines"),
        "descriptions": say("Descriptions"), "text": say("Text"), "headline": say("Headline"), "subject": say("Subject"),
        "preheader": say("Preheader"), "alt": say("Alt text"),
    }  # fmt: skip


def state_words(say: Say) -> dict[str, str]:
    """The states of a text."""
    return {
        "draft": say("Draft"), "waiting": say("Held back"), "published": say("Published"), "scheduled": say("Scheduled"),
        "rejected": say("Rejected"), "replaced": say("Replaced"), "gone": say("Product gone"),
    }  # fmt: skip


def writer_word(say: Say, writer: str) -> str:
    """Who wrote: a model has its own name."""
    return {"person": say("a person"), "realiser": say("the realiser")}.get(writer, writer)


def language_words(say: Say) -> dict[str, str]:
    return {"en": say("English"), "zh": say("Chinese")}


def why_words(say: Say) -> dict[str, str]:
    """Why a part of a supplier's text isn't used."""
    return {
        "instruction": say("an order to a writer"), "markup": say("markup or script"), "link": say("a link or an address"),
        "brand": say("another brand"), "claim": say("a claim that a rule forbids"), "selling": say("a call to buy"), "long": say("too long"), "language": say("another language"),
    }  # fmt: skip


def reason_of(visit: Visit, flag: Flag) -> str:
    """A flag's reason in the reader's language: rule packs have theirs, the gate's own are short and known."""
    pack, _, key = flag.rule.partition("/")
    known = packs().get(pack)
    if known is not None:
        rule = next((one for one in known.rules if one.key == key), None)
        if rule is not None:
            return f"{rule.reason.get(visit.locale, flag.reason)} ({known.title.get(visit.locale, pack)})"
    if flag.kind in ("length", "readability", "alike") and visit.locale == "en":
        return flag.reason  # with its figures
    return flag_words(visit.say).get(flag.kind, flag.reason)


def flag_words(say: Say) -> dict[str, str]:
    """What the gate's own findings mean, in short."""
    return {
        "number": say("The record has no such number."), "money": say("The record has no such amount."),
        "percent": say("The record has no such percentage."), "duration": say("The record has no such duration."),
        "date": say("The record has no such date."), "name": say("The record doesn't hold this word."),
        "option": say("The record has no such property."), "material": say("The record has no such material."),
        "colour": say("The record has no such colour."), "origin": say("The record says nothing of this origin."),
        "feature": say("The record says nothing of this property."), "polarity": say("The record says the opposite."),
        "promise": say("The record promises nothing like it."), "status": say("The record says nothing like it."),
        "action": say("The record says nothing like it."), "language": say("It is in another language than the text."),
        "markup": say("A text is plain, without markup."), "length": say("It is too long, or missing."),
        "word": say("The shop's voice avoids this word."), "readability": say("A long sentence is hard to read."),
        "alike": say("It is nearly the text of another product."), "untold": say("These have no words in this language yet: add them to the glossary."),
        "conflict": say("The record contradicts itself here; neither is written."), "id": say("The record has no such number."),
        "url": say("The record has no such address."), "e-mail": say("The record has no such address."), "phone": say("The record has no such number."),
    }  # fmt: skip


def flags_shown(visit: Visit, flags: Sequence[Flag]) -> Markup | None:
    """What is held against a text, what holds it back first."""
    say = visit.say
    if not flags:
        return None
    rows = []
    for flag in sorted(flags, key=lambda one: one.warning):
        badge = tag(
            "span",
            say("Note") if flag.warning else say("Holds it back"),
            class_="badge" if flag.warning else "badge bad",
        )
        said = tag("q", flag.said[:120]) if flag.said else None
        rows.append(tag("li", badge, " ", joined([said, " "]) if said else None, reason_of(visit, flag)))
    return tag("ul", *rows, class_="flags")


def text_shown(
    visit: Visit, fields: Fields, locale: str, kind: str, flags: Sequence[Flag], numbers: Mapping[str, int]
) -> Markup:
    """A text with what is wrong marked, and behind each sentence the numbers of the facts that it stands on."""
    words = place_words(visit.say)
    shown = []
    for place in KINDS[kind]:
        said = fields.get(place.name, ())
        text = as_text(said, locale)
        wrong = [one for one in flags if one.place == place.name and not one.warning and one.end > one.start]
        pieces: list[Markup | str] = []
        at = 0
        for sentence in said:
            plain = sentence.text.lstrip("\n")
            start = text.find(plain, at)
            if start < 0:
                continue
            pieces.append(text[at:start])
            pieces.append(_marked(text, start, start + len(plain), wrong))
            names = [f"statement:{plain.rstrip('.。')}" if one == "statement" else one for one in sentence.about]
            found = list(dict.fromkeys(numbers[one] for one in names if one in numbers))
            if found:
                links = joined(
                    [
                        tag(
                            "a",
                            str(one),
                            href=f"#fact-{one}",
                            data_plain=True,
                            aria_label=visit.say("Fact {number}", number=one),
                        )
                        for one in found
                    ],
                    " ",
                )
                pieces.append(tag("sup", links))
            at = start + len(plain)
        pieces.append(text[at:])
        limit = place.limit if place.limit < 1_000 and place.lines == 1 else None
        count = (
            tag("small", visit.say("{used} of {most} characters", used=width(text, place.unit), most=limit))
            if limit
            else None
        )
        head = tag("h3", words[place.name]) if len(KINDS[kind]) > 1 else None
        shown.append(
            tag("div", head, tag("p", *pieces, class_="words", lang="zh-Hans" if locale == "zh" else "en"), count)
        )
    return tag("div", *shown, class_="text")


def _marked(text: str, start: int, end: int, wrong: Sequence[Flag]) -> Markup:
    pieces: list[Markup | str] = []
    at = start
    for flag in sorted(wrong, key=lambda one: one.start):
        if flag.start >= end or flag.end <= at:
            continue
        begin, stop = max(flag.start, at), min(flag.end, end)
        pieces += [text[at:begin], tag("mark", text[begin:stop])]
        at = stop
    pieces.append(text[at:end])
    return joined(pieces)


def facts_shown(visit: Visit, sheet: Sheet, locale: str) -> tuple[Markup, dict[str, int]]:
    """The facts of a product, numbered, and their numbers by name; what isn't used stands below with the reason."""
    say = visit.say
    rows: list[tuple[str, str, str]] = [("title", say("Title"), sheet.title(locale))]
    if sheet.record.brand:
        rows.append(("brand", say("Brand"), sheet.record.brand))
    for one in sheet.told(locale):
        value = (say("yes") if one.yes else say("no")) if one.yes is not None else ", ".join(one.said[locale])
        rows.append((one.name, one.label[locale], value))
    statements = sheet.statements.get(locale, ())
    rows += [("statement", say("Supplier's words"), said) for said in statements]
    rating = sheet.record.rating
    if rating:
        rows.append(("rating", say("Reviews"), say("{mean} of 5 in {count}", mean=f"{rating[0]:.1f}", count=rating[1])))
    numbers: dict[str, int] = {}
    shown = []
    for number, (name, label, value) in enumerate(rows, 1):
        numbers.setdefault(f"statement:{value.rstrip('.。')}" if name == "statement" else name, number)
        shown.append(
            tag("div", tag("dt", tag("span", str(number), class_="nth"), label), tag("dd", value), id=f"fact-{number}")
        )
    inside: list[Markup] = [tag("dl", *shown, class_="facts")]
    if sheet.conflicts:
        told = [tag("li", " ≠ ".join(f"{where}: {says}" for where, says in one.told)) for one in sheet.conflicts]
        inside.append(
            joined(
                [
                    tag("h3", say("The record contradicts itself")),
                    tag("ul", *told, class_="attention"),
                    tag("p", say("Neither is written. Put it right in the product's record."), class_="soft"),
                ]
            )
        )
    untold = sheet.untold.get(locale, ())
    if untold:
        inside.append(
            joined(
                [
                    tag("h3", say("No words in this language")),
                    tag("p", ", ".join(untold), class_="soft"),
                    tag("p", tag("a", say("Add them to the glossary"), href=visit.link(VOICE))),
                ]
            )
        )
    if sheet.left:
        words = why_words(say)
        lines = [tag("li", f"{words.get(one.why, one.why)}: ", tag("q", one.said)) for one in sheet.left[:12]]
        inside.append(
            parts.details(
                visit.many(
                    "One part of the supplier's text isn't used",
                    "{count} parts of the supplier's text aren't used",
                    len(sheet.left),
                ),
                tag("ul", *lines),
            )
        )
    return joined(inside), numbers
