"""Words of questions and articles: stems, Chinese pairs, and the concepts of a small English–Chinese shop glossary.

A concept is a set of words of either language that stand for each other in a shop ("refund", "money back", "退款"). Texts and
questions are both read as concepts, so an English question finds a Chinese article by words alone. Knows no index.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

from regulars.language.text_features import normalise
from regulars.recommend.search import distance

_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+(?:[.,]\d+)*(?:['’](?:s|t|re|ve|ll|d|m)\b)?")
_CHINESE = re.compile(rf"[{_UNSPACED}]")
_LONGEST = 4  # words of a phrase in the glossary

# What questions are made of whatever they ask.
_EMPTY = frozenset(
    ["a", "an", "the", "and", "or", "but", "if", "of", "to", "in", "on", "at", "by", "for", "with", "from", "as", "is", "are", "was", "were", "be", "been", "am", "do", "does", "did", "doing", "have", "has", "had", "having", "i", "me", "my", "we", "us", "our", "you", "your", "yours", "he", "him", "his", "she", "her", "it", "its", "they", "them", "their", "this", "that", "these", "those", "there", "here", "what", "which", "who", "whom", "when", "where", "why", "how", "can", "could", "may", "might", "will", "would", "shall", "should", "must", "not", "no", "so", "than", "then", "too", "very", "just", "about", "up", "out", "any", "some", "all", "get", "got", "gets", "i'm", "i'd", "i've", "it's", "don't", "doesn't", "didn't", "isn't", "aren't", "can't", "won't", "what's", "where's", "that's", "please", "want", "need", "like", "let", "tell", "know", "s", "t", "re", "ve", "ll", "d", "m", "im", "ive", "dont", "doesnt", "hi", "hello"]
)  # fmt: skip
_EMPTY_ZH = re.compile(
    "请问|怎么办|怎么样|怎么|怎样|什么|为什么|哪里|哪儿|哪些|哪个|你们|我们|他们|可以|能不能|能否|是不是|有没有|吗|呢|啊|吧|了|的|我|你|您|是|在|会|要|想|能|这|那|有|和|就|都|也|把|被|给|很|老是|一直"
)


def is_chinese(text: str) -> bool:
    """Whether there are any Chinese characters: who writes Chinese drops in English words, hardly ever the other way."""
    return _CHINESE.search(text) is not None


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """An English word without its ending; light, after Porter 1980: refunds, refunded and refunding are refund.

    >>> [stem(word) for word in ("refunded", "stopping", "deliveries", "changing", "boxes", "glass")]
    ['refund', 'stop', 'deliveri', 'chang', 'box', 'glass']
    """
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("xes", "ches", "shes", "sses", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and re.search("[aeiouy]", word[: -len(ending)]):
            word = word[: -len(ending)]
            if word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    if word.endswith("ment") and len(word) > 7:
        word = word[:-4]
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    if word.endswith("y") and len(word) > 3:
        word = word[:-1] + "i"
    return word


class Word(NamedTuple):
    """written: as it stands in the text, lower case; term: what is compared."""

    written: str
    term: str


def runs(text: str) -> list[str]:
    """Words of spaced scripts and unbroken runs of Chinese, in order, lower case."""
    return [run.replace("’", "'") for run in _RUN.findall(normalise(text))]


def terms(text: str) -> list[str]:
    """What is compared word by word: stems; of a Chinese run each pair of characters. Empty words are left out.

    >>> terms("Where are my refunds?"), terms("退款多久到账")
    (['refund'], ['退款', '款多', '多久', '久到', '到账'])
    """
    found: list[str] = []
    for run in runs(text):
        if _CHINESE.match(run):
            for part in _EMPTY_ZH.split(run):
                found += [part[at : at + 2] for at in range(len(part) - 1)] if len(part) > 1 else [part] if part else []
        elif run not in _EMPTY:
            found.append(stem(run.split("'")[0]))
    return found


class Glossary:
    """Words of both languages that stand for each other. Immutable."""

    def __init__(self, entries: Iterable[dict[str, list[str]]]) -> None:
        """entries: {"en": words or phrases, "zh": the same in Chinese}."""
        self._phrases: dict[tuple[str, ...], list[int]] = {}
        self._chinese: dict[str, list[int]] = {}
        self.words: set[str] = set()
        for number, entry in enumerate(entries):
            for phrase in entry.get("en", ()):
                written = [run.split("'")[0] for run in runs(phrase)]
                self.words.update(written)
                self._phrases.setdefault(tuple(stem(word) for word in written)[:_LONGEST], []).append(number)
            for word in entry.get("zh", ()):
                self._chinese.setdefault(normalise(word), []).append(number)
        self._terms = {stem(word) for word in self.words}
        for word in self._chinese:
            self._terms.update(word[at : at + 2] for at in range(max(1, len(word) - 1)))
        self._longest_zh = max(map(len, self._chinese), default=1)

    def concepts(self, text: str) -> list[int]:
        """Numbers of the concepts that a text names, in order; the longest phrase wins."""
        found: list[int] = []
        spaced: list[str] = []
        for run in [*runs(text), ""]:
            if run and not _CHINESE.match(run):
                spaced.append(stem(run.split("'")[0]))
                continue
            found += self._in_english(spaced)
            spaced = []
            if run:
                found += self._in_chinese(run)
        return found

    def written(self, text: str) -> list[str]:
        """Words that say something, as they are written, each once: English words; Chinese ones of the glossary, pairs of what is
        between them.
        """
        found: list[str] = []
        for run in runs(text):
            if not _CHINESE.match(run):
                if run not in _EMPTY:
                    found.append(run.split("'")[0])
                continue
            for part in _EMPTY_ZH.split(run):
                found += self._cut(part)
        return [word for word in dict.fromkeys(found) if word and word not in _EMPTY]

    def _cut(self, part: str) -> list[str]:
        found: list[str] = []
        at = rest = 0
        while at <= len(part):
            longest = range(min(self._longest_zh, len(part) - at), 1, -1)
            long = next((long for long in longest if part[at : at + long] in self._chinese), 0)
            if long or at == len(part):
                between = part[rest:at]
                found += [between[i : i + 2] for i in range(len(between) - 1)] if len(between) > 1 else [between]
                found += [part[at : at + long]]
                rest = at + long
            at += long or 1
        return found

    def knows(self, term: str) -> bool:
        """Whether a term, as `terms` gives it, is part of the glossary."""
        return term in self._terms

    def units(self, text: str) -> list[tuple[str, frozenset[int]]]:
        """What a text speaks of, one thing after another: (its words as stems or Chinese, its concepts); words outside of the glossary
        have none.

        >>> [unit for unit, _ in glossary().units("Is the kettle dishwasher-safe?")]
        ['kettl', 'dishwasher saf']
        """
        found: list[tuple[str, frozenset[int]]] = []
        for run in runs(text):
            if _CHINESE.match(run):
                for part in _EMPTY_ZH.split(run):
                    found += [(word, frozenset(self._chinese.get(word, ()))) for word in self._cut(part) if word]
        words = [stem(run.split("'")[0]) for run in runs(text) if not _CHINESE.match(run) and run not in _EMPTY]
        at = 0
        while at < len(words):
            long = next(
                (n for n in range(min(_LONGEST, len(words) - at), 1, -1) if tuple(words[at : at + n]) in self._phrases),
                1,
            )
            phrase = tuple(words[at : at + long])
            found.append((" ".join(phrase), frozenset(self._phrases.get(phrase, ()))))
            at += long
        return found

    def _in_english(self, words: list[str]) -> list[int]:
        found: list[int] = []
        at = 0
        while at < len(words):
            for long in range(min(_LONGEST, len(words) - at), 0, -1):
                numbers = self._phrases.get(tuple(words[at : at + long]))
                if numbers:
                    found += numbers
                    at += long - 1
                    break
            at += 1
        return found

    def _in_chinese(self, run: str) -> list[int]:
        found: list[int] = []
        at = 0
        while at < len(run):
            for long in range(min(self._longest_zh, len(run) - at), 0, -1):
                numbers = self._chinese.get(run[at : at + long])
                if numbers:
                    found += numbers
                    at += long - 1
                    break
            at += 1
        return found


@cache
def glossary() -> Glossary:
    """The one that comes along, read once."""
    return Glossary(json.loads(resources.files(__package__).joinpath("glossary.json").read_text(encoding="utf-8")))


class Speller:
    """Takes an English word that nobody here writes for its nearest neighbour that somebody does. Immutable."""

    def __init__(self, known: Iterable[str]) -> None:
        words = sorted({word for word in known if word.isascii() and word.isalpha()})
        self._stems = {stem(word) for word in words}
        self._by_pair: dict[str, list[str]] = {}
        for word in words:
            if len(word) >= 4:
                for pair in {word[at : at + 2] for at in range(len(word) - 1)}:
                    self._by_pair.setdefault(pair, []).append(word)

    def corrected(self, text: str) -> str:
        """The text with its misspelt words put right: one letter, from eight letters on two.

        >>> Speller(["refund", "deliver"]).corrected("my refnud")
        'my refund'
        """
        words = [(run, self._nearest(run)) for run in runs(text) if not _CHINESE.match(run)]
        for run, near in words:
            if near != run:
                text = re.sub(rf"\b{re.escape(run)}\b", near, text, flags=re.IGNORECASE)
        return text

    def _nearest(self, word: str) -> str:
        if len(word) < 5 or not (word.isascii() and word.isalpha()) or word in _EMPTY or stem(word) in self._stems:
            return word
        allowed = 1 if len(word) < 8 else 2
        shared: Counter[str] = Counter()
        for pair in {word[at : at + 2] for at in range(len(word) - 1)}:
            shared.update(self._by_pair.get(pair, ()))
        best, least = word, allowed + 1
        for known, _ in shared.most_common(100):
            # Who mistypes a word hardly ever mistypes its first letter; real words that differ there are many.
            if known[0] == word[0] and abs(len(known) - len(word)) <= allowed:
                away = distance(word, known, allowed)
                if away < least:
                    best, least = known, away
        return best
