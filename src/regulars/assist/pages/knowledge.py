"""The console's page of what the assistant knows: articles, what was asked and not found, labels worth giving, training its intents."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui
from pydantic import ValidationError

from regulars.assist import train
from regulars.assist.answers import Draft, drafted
from regulars.assist.asked import Chosen, chosen, impersonal, unanswered
from regulars.assist.desk import KIND
from regulars.assist.intents.ask import ASKED, Question
from regulars.assist.knowledge.gaps import Gap
from regulars.assist.knowledge.library import READ_ARTICLES, article_source
from regulars.assist.pages import context
from regulars.assist.pages.context import Room
from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import joined, tag
from regulars.desk.visit import Visit
from regulars.errors import InvalidInput, NotFound
from regulars.schema import Article
from regulars.store import conversations as table
from regulars.store import records, rows
from regulars.store.database import Connection, Row, sql

LOOK_SECONDS = 1.0
GAPS, WORDINGS = 20, 5
NO_LABEL = ""
PROMOTIONS = "SELECT version, reason, at FROM promotions WHERE kind = %s ORDER BY promotion_id DESC LIMIT 10"
LABELS = "SELECT count(*) AS labelled FROM messages WHERE role = 'customer' AND details ? 'intent'"


def mount(room: Room) -> None:
    """Hangs the page into the console."""

    @room.desk.page(context.KNOWLEDGE)
    async def knowledge_page(visit: Visit) -> None:
        await _Page(room, visit).build()


class _Page:
    """One open page."""

    def __init__(self, room: Room, visit: Visit) -> None:
        self.room, self.visit = room, visit

    async def build(self) -> None:
        visit, say = self.visit, self.visit.say
        self.heading = parts.box()
        context.sections(visit)
        self.form = parts.box()
        self.gaps = parts.box("section")
        self.chosen = parts.box("section")
        self.drafts = parts.box("section")
        self.articles = parts.box("section")
        self.labels = parts.box("section")
        self.training = parts.box("section")
        await self._draw_articles()
        self._draw_labels(None)
        await self._draw_training()
        with self.gaps:
            parts.html(tag("h2", say("Asked, and not found")))
            waits = parts.html(tag("p", say("Reading what was asked…"), class_="soft"))
        found = await asyncio.wait_for(self.room.read(unanswered), 25)
        waits.delete()
        self._draw_gaps(found)
        await self._draw_chosen()
        self._draw_drafts(await asyncio.wait_for(self.room.read(drafted), 25))
        over = {work.number for work in self.room.works.all if work.over}

        async def follow() -> None:
            now = {work.number for work in self.room.works.all if work.over}
            if now - over:
                over.update(now)
                await self._draw_training()

        ui.timer(LOOK_SECONDS, follow)

    # Articles.

    async def _draw_articles(self) -> None:
        visit, say = self.visit, self.visit.say
        found = await self.room.read(lambda connection: connection.execute(sql(READ_ARTICLES)).fetchall())
        self.heading.clear()
        with self.heading:
            sentence = (
                visit.many("The assistant answers from one article", "The assistant answers from {count} articles", len(found))
                if found
                else say("The assistant has nothing to answer from yet")
            )  # fmt: skip
            title(
                visit, sentence, say("And from the policies' words and what is known of products. It makes nothing up.")
            )
        self.articles.clear()
        with self.articles:
            parts.html(tag("h2", say("Articles")))
            with parts.box("div", "actions"):
                parts.button(say("Write an article"), lambda: self._edit(None), "first")
            if not found:
                text = say(
                    "Write them here, or bring a help centre in on the page Data: a folder of Markdown files, or JSON lines"
                    " with title, body and locale."
                )
                parts.html(tag("p", text, class_="empty"))
                return
            with parts.acting_table(visit, say("Articles"), [say("Title"), say("Language"), say("Changed")]):
                for row in found:
                    with parts.box("tr"):
                        parts.cells(
                            [row["title"], context.language_word(say, row["locale"]), visit.when(row["updated_at"])]
                        )
                        with parts.box("td"):
                            self._row_buttons(row)

    def _row_buttons(self, row: Row) -> None:
        say = self.visit.say

        async def delete() -> None:
            await self.room.read(lambda connection: records.delete_article(connection, row["article_id"]))
            parts.say_note(say("Gone. The assistant stops citing it within seconds."))
            await self._draw_articles()

        opens = parts.confirm(
            self.visit,
            say("Delete this article?"),
            say("“{title}” can't be brought back; replies that cited it stay as they are.", title=row["title"]),
            say("Delete it"),
            delete,
        )
        parts.button(say("Edit"), lambda: self._edit(row), "quiet", say("Edit {title}", title=row["title"]))
        parts.button(say("Delete"), opens, "quiet", say("Delete {title}", title=row["title"]))

    def _edit(
        self,
        row: Mapping[str, Any] | None,
        words: str = "",
        locale: str = "",
        body: str = "",
        questions: Sequence[str] = (),
    ) -> None:
        """Opens the form. words, body, questions: of a new one's title and text, and how it was asked for."""
        visit, say = self.visit, self.visit.say
        self.form.clear()
        languages = list(dict.fromkeys([*(one.split("-")[0] for one in visit.settings.locales), "en", "zh"]))
        chosen = ((row["locale"] or "") if row is not None else locale or visit.locale).split("-")[0]
        fields = joined(
            [
                parts.field("title", say("Title"), words if row is None else row["title"], required=True, maxlength=300),
                parts.choice("locale", say("Language"), [(one, context.language_word(say, one)) for one in languages], chosen),
                parts.area("body", say("Text"), body if row is None else row["body"], rows=10,
                           help=say("Short paragraphs, one matter each. The assistant quotes one to three sentences word for word.")),
                parts.area("questions", say("Also asked as"), "\n".join(questions if row is None else row["questions"]), rows=4,
                           help=say("One a line, in customers' words and any language. The article is found by them too.")),
            ]
        )  # fmt: skip

        async def save(given: dict[str, list[str]]) -> None:
            await self.room.read(
                lambda connection: self._save(connection, row, {name: values[0] for name, values in given.items()})
            )
            self.form.clear()
            parts.say_note(say("Saved. The assistant answers from it within seconds."))
            await self._draw_articles()

        with self.form, parts.box("section"):
            parts.html(tag("h2", say("New article") if row is None else say("Edit the article")))
            parts.form(fields, say("Save"), save, "first", "wide")
            with parts.box("div", "actions"):
                parts.button(say("Leave it"), lambda: self._close_form(), "quiet")
        ui.run_javascript("document.getElementById('field-title')?.focus()")

    def _close_form(self) -> None:
        self.form.clear()

    def _save(self, connection: Connection, row: Mapping[str, Any] | None, given: Mapping[str, str]) -> None:
        """Raises: InvalidInput."""
        say = self.visit.say
        if not given.get("title", "").strip() or not given.get("body", "").strip():
            raise InvalidInput(say("An article needs a title and a text."), field="body")
        clock = rows.Clock.of(self.visit.settings)
        if row is not None and row["value"] is not None:
            name: Any = {"namespace": row["namespace"], "value": row["value"]}
        else:
            name = free_name(connection, given["title"], given.get("locale", ""))
        document = {
            "id": name, "title": given["title"].strip(), "body": given["body"].strip(), "locale": given.get("locale") or None,
            "tags": list(row["tags"]) if row is not None else [], "updated_at": clock.received.isoformat(),
            "questions": list(dict.fromkeys(one.strip()[:500] for one in given.get("questions", "").splitlines() if one.strip()))[:200],
        }  # fmt: skip
        try:
            article = Article.model_validate(document)
        except ValidationError as error:
            raise InvalidInput(error.errors()[0]["msg"], field="article") from None
        records.upsert(connection, records.UPSERT_ARTICLES, [rows.article_row(article, clock)])

    # What is missing.

    def _draw_gaps(self, found: list[Gap]) -> None:
        visit, say = self.visit, self.visit.say
        with self.gaps:
            if not found:
                text = say(
                    "Nothing yet. What customers ask and no article answers is gathered here, the most asked first."
                )
                parts.html(tag("p", text, class_="empty"))
                return
            text = say("The articles to write next. E-mail addresses and numbers are left out.")
            parts.html(tag("p", text, class_="soft"))
            heads = [say("Question"), say("Asked"), say("Last")]
            with parts.acting_table(visit, say("Asked, and not found"), heads, [1]):
                for gap in found[:GAPS]:
                    others = [one for one in gap.questions if one != gap.title][:WORDINGS]
                    more = tag("small", " · ".join(others)) if others else None
                    with parts.box("tr"):
                        parts.cells([joined([gap.title, more]), visit.number(gap.count), visit.ago(gap.last)], [1])
                        with parts.box("td"):
                            kept = [text for text in gap.questions if impersonal(text)]
                            self._write_button(gap.title, gap.locales[0] if gap.locales else "", questions=kept)

    async def _draw_chosen(self) -> None:
        """Questions without a sure answer, and what customers took of the articles named: a wording that fits is added with one click."""
        visit, say = self.visit, self.visit.say
        found, articles = await self.room.read(
            lambda connection: (chosen(connection), connection.execute(sql(READ_ARTICLES)).fetchall())
        )
        by_source = {article_source(row): row for row in articles}
        new = [
            (one, row)
            for one in found
            if (row := by_source.get(one.source)) is not None and one.question not in row["questions"]
        ]
        self.chosen.clear()
        with self.chosen:
            parts.html(tag("h2", say("Chosen by customers")))
            if not new:
                text = say(
                    "Nothing yet. Where no answer is sure articles are named; what customers choose is gathered here."
                )
                parts.html(tag("p", text, class_="empty"))
                return
            text = say("No answer was sure, and customers chose these of the articles named. With its wording added, an article is found by it.")  # fmt: skip
            parts.html(tag("p", text, class_="soft"))
            heads = [say("Question"), say("Article"), say("Chosen")]
            with parts.acting_table(visit, say("Chosen by customers"), heads, [2]):
                for one, row in new[:GAPS]:
                    with parts.box("tr"):
                        parts.cells([one.question, row["title"], visit.number(one.times)], [2])
                        with parts.box("td"):
                            self._add_button(one, row)

    def _add_button(self, one: Chosen, row: Row) -> None:
        say = self.visit.say

        async def add() -> None:
            def write(connection: Connection) -> None:
                now = connection.execute(sql(READ_ARTICLES)).fetchall()
                own = next((other for other in now if other["article_id"] == row["article_id"]), None)
                if own is None:
                    raise NotFound(say("That article is gone."))
                given = {name: own[name] or "" for name in ("title", "body", "locale")}
                self._save(connection, own, {**given, "questions": "\n".join([*own["questions"], one.question])})

            await self.room.read(write)
            parts.say_note(say("Added. It is found by these words within seconds; take them out again under Edit."))
            await self._draw_chosen()
            await self._draw_articles()

        label = say("Add “{question}” to {title}", question=one.question, title=row["title"])
        parts.button(say("Add the wording"), add, "quiet", label)

    def _write_button(self, question: str, locale: str, body: str = "", questions: Sequence[str] = ()) -> None:
        """Opens the form of a new article about a question."""
        say = self.visit.say
        label = say("Write an article about {question}", question=question)
        parts.button(say("Write it"), lambda: self._edit(None, question, locale, body, questions), "quiet", label)

    def _draw_drafts(self, found: list[Draft]) -> None:
        visit, say = self.visit, self.visit.say
        with self.drafts:
            parts.html(tag("h2", say("Answered by people")))
            if not found:
                text = say("Nothing yet. What people answer alike in two closed conversations becomes a draft here.")
                parts.html(tag("p", text, class_="empty"))
                return
            text = say("Drafts of articles, every sentence said by a person. Read them, change them, save them.")
            parts.html(tag("p", text, class_="soft"))
            heads = [say("Question"), say("Language"), say("Asked")]
            with parts.acting_table(visit, say("Answered by people"), heads, [2]):
                for draft in found[:GAPS]:
                    with parts.box("tr"):
                        told = joined([draft.title, tag("small", " ".join(draft.body))])
                        language = context.language_word(say, draft.locale)
                        parts.cells([told, language, visit.number(draft.count)], [2])
                        with parts.box("td"):
                            self._write_button(draft.title, draft.locale, draft.text, draft.questions)

    # Labels.

    def _draw_labels(self, asked: list[Question] | None) -> None:
        say = self.visit.say
        self.labels.clear()
        with self.labels:
            parts.html(tag("h2", say("Labels worth giving")))
            text = say(
                "The assistant picks the messages from which it would learn most: where it wavers, and where many are alike. Say what each"
                " wants; a training learns from it."
            )
            parts.html(tag("p", text, class_="soft"))
            if asked is None:
                parts.button(say("Show me twenty"), self._ask)
                return
            if not asked:
                parts.html(tag("p", say("No message waits for a label."), class_="empty"))
                return
            words = context.flow_words(say)
            options = [(NO_LABEL, say("Skip it")), *sorted(words.items(), key=lambda pair: pair[1])]
            fields = joined(
                parts.choice(
                    str(place), one.text, options, NO_LABEL,
                    help=say("Its guess: {guess} ({share})", guess=words.get(one.prediction.intent, one.prediction.intent), share=self.visit.percent(one.prediction.probability, 0)),
                )
                for place, one in enumerate(asked)
            )  # fmt: skip

            async def save(given: dict[str, list[str]]) -> None:
                chosen = {asked[int(name)].text: values[0] for name, values in given.items() if values[0]}
                await self.room.read(
                    lambda connection: [table.label(connection, text, intent) for text, intent in chosen.items()]
                )
                parts.say_note(self.visit.many("One label was saved.", "{count} labels were saved.", len(chosen)))
                self._draw_labels(None)
                await self._draw_training()

            parts.form(fields, say("Save the labels"), save, "first", "wide")

    async def _ask(self) -> None:
        def read(connection: Connection) -> list[Question]:
            model = train.serving(connection, self.room.models)
            return train.worth_labelling(connection, model, ASKED)

        self._draw_labels(await self.room.read(read))

    # Training.

    async def _draw_training(self) -> None:
        visit, say = self.visit, self.visit.say

        def read(connection: Connection) -> tuple[int, list[Row]]:
            row = connection.execute(LABELS).fetchone()
            assert row is not None
            return int(row["labelled"]), connection.execute(PROMOTIONS, (KIND,)).fetchall()

        labelled, promotions = await self.room.read(read)
        self.training.clear()
        with self.training:
            parts.html(tag("h2", say("Training")))
            text = visit.many("One message has a label.", "{count} messages have a label.", labelled)
            told = say("{least} are needed. A version serves only if it understands held-out messages at least as well as the one before.", least=train.MIN_LABELLED)  # fmt: skip
            parts.html(tag("p", text, " ", told, class_="soft"))
            if labelled >= train.MIN_LABELLED:
                parts.button(say("Train the assistant"), self._train, "first")
            shown = [[row["version"], row["reason"], visit.when(row["at"])] for row in promotions]
            heads = [say("Version"), say("Verdict"), say("Since")]
            nothing = say("It understands with the phrases that come with Regulars; nothing was trained yet.")
            parts.html(parts.table(heads, shown, caption=say("Versions that served"), empty=nothing))

    def _train(self) -> None:
        self.room.works.start("training", self.visit.say("Training the assistant"), ["train", "assistant", "--json"])


def free_name(connection: Connection, heading: str, locale: str) -> str:
    """A name outside for a new article: its title as an address would write it, with a number where that is taken."""
    plain = unicodedata.normalize("NFKC", heading).casefold()
    stem = re.sub(r"[^\w]+", "-", plain).strip("-_")[:60] or "article"
    stem = f"{stem}.{locale}" if locale else stem
    taken = {
        row["value"]
        for row in connection.execute(
            "SELECT value FROM external_ids WHERE kind = 'article' AND value LIKE %s", (f"{stem}%",)
        )
    }
    return next(one for one in (stem, *(f"{stem}-{number}" for number in range(2, 10_000))) if one not in taken)
