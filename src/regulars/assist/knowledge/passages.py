"""Cuts what a shop has written into passages that can be cited, and passages into sentences. Knows no question.

Text is only text: markup is taken off so that people can read it, and whatever it says, it is never followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars.assist.knowledge.words import is_chinese
from regulars.schema.conversations import Passage

MAX_CHARACTERS = 600  # of a passage: three or four sentences; in Chinese half of it says as much
_END = re.compile(r"[。！？；]+[”」』]?|[.!?]+[\"”)]?(?=\s|$)|\n+")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|approx|incl|excl|nr|max|min|vs|mr|mrs|dr|st|[a-z])\.$", re.IGNORECASE)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*$")
_MARKUP = (
    (re.compile(r"!\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\[([^\]]+)\]\([^)]*\)"), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+", re.MULTILINE), ""),
    (re.compile(r"^\s*>\s?", re.MULTILINE), ""),
)


@dataclass(frozen=True, slots=True)
class ArticleText:
    """An article as the store has it. id: what names it to people; locale: None where the shop didn't say. questions: how it was asked
    for."""

    id: str
    title: str
    body: str
    locale: str | None = None
    tags: tuple[str, ...] = ()
    updated_at: datetime | None = None
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage with what else helps to find it."""

    passage: Passage
    tags: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def language_of(text: str, said: str | None = None) -> str:
    """ "zh" or "en": what the shop said, else by the script."""
    if said:
        return said.split("-")[0]
    return "zh" if is_chinese(text) else "en"


def sentences(text: str) -> list[str]:
    """Its sentences as they stand, in order. "€4.50", "13:00" and "e.g. this" aren't cut.

    >>> sentences("It costs €4.50. From €50 it is free! 满 50 欧元免运费。退货也免费。")
    ['It costs €4.50.', 'From €50 it is free!', '满 50 欧元免运费。', '退货也免费。']
    """
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        if not _ABBREVIATION.search(text, start, end.end()):
            found.append(text[start : end.end()].strip())
            start = end.end()
    return [one for one in [*found, text[start:].strip()] if one]


def plain(text: str) -> str:
    """Markdown without its marks; the words stay as they are."""
    for pattern, kept in _MARKUP:
        text = pattern.sub(kept, text)
    return text.strip()


def _pieces(body: str, locale: str) -> Iterator[tuple[str, str]]:
    """(heading, text) of each passage; a body without text is one empty passage, found by its title."""
    limit = MAX_CHARACTERS // 2 if locale == "zh" else MAX_CHARACTERS
    sections: list[tuple[str, list[str]]] = [("", [])]
    for line in body.replace("\r\n", "\n").split("\n"):
        headed = _HEADING.match(line)
        if headed:
            sections.append((plain(headed.group(1)), []))
        else:
            sections[-1][1].append(line)
    made = 0
    for heading, lines in sections:
        text = plain("\n".join(lines))
        while text:
            cut = text if len(text) <= limit else _head(text, limit)
            yield heading, cut.strip()
            made += 1
            text = text[len(cut) :].strip()
    if not made:
        yield "", ""


def _head(text: str, limit: int) -> str:
    """The longest beginning of whole sentences within the limit; one sentence longer than that is cut at a space."""
    last = 0
    for end in _END.finditer(text, 0, limit):
        last = end.end()
    if not last:
        last = text.rfind(" ", limit // 2, limit) + 1 or limit
    return text[:last]


def article_chunks(articles: Sequence[ArticleText]) -> Iterator[Chunk]:
    """Passages of articles, each of at most `MAX_CHARACTERS`, cut at headings, paragraphs and sentences."""
    for article in articles:
        locale = language_of(article.title + article.body, article.locale)
        for heading, text in _pieces(article.body, locale):
            title = article.title if not heading else f"{article.title}: {heading}"
            yield Chunk(
                Passage(f"article:{article.id}", title, text, locale, 0.0, article.updated_at),
                article.tags,
                article.questions,
            )


def policy_chunks(policies: Sequence[tuple[str, str, str, str]]) -> Iterator[Chunk]:
    """Passages of policies given as (key, title, text, locale)."""
    for key, title, body, locale in policies:
        for _, text in _pieces(body, language_of(body, locale)):
            yield Chunk(Passage(f"policy:{key}", title, text, language_of(body, locale), 0.0, None))
