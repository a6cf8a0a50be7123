"""Scripted customers against a shop's own assistant: its version, settings, policy and articles, on a shop that is thrown away afterwards.

Reads the shop, writes nothing to it. Products, customers and orders are made up from a seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from regulars.assist.actions.policy import WAYS
from regulars.assist.desk import KIND
from regulars.assist.intents.model import IntentModel
from regulars.assist.knowledge.library import read_articles
from regulars.assist.knowledge.passages import ArticleText, language_of
from regulars.assist.rehearsal import report
from regulars.assist.rehearsal.book import PRODUCTS, Book, Record
from regulars.assist.rehearsal.customer import Bank, phrases
from regulars.assist.rehearsal.goals import (
    LANGUAGES,
    TWISTS,
    Goal,
    Identity,
    Writer,
    asks_only,
    fits,
    question,
)
from regulars.assist.rehearsal.line import Line
from regulars.assist.rehearsal.play import intended, play
from regulars.assist.rehearsal.rules import Rules, same_state
from regulars.assist.rehearsal.situations import drawn, situations
from regulars.assist.rehearsal.stage import throwaway
from regulars.assist.train import serving
from regulars.errors import InvalidInput
from regulars.schema import ShopSettings, exponent_of
from regulars.store import actions as action_table
from regulars.store import registry
from regulars.store import shop as shop_table
from regulars.store.database import Database

GOALS, MOST_GOALS = 60, 2_000
"""Goals that are played: by default, under a minute on two cores; and at most."""

IDENTITIES: tuple[Identity, ...] = ("signed", "signed", "email", "signed", "name")
BUNDLED_NAME = "bundled"

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Own:
    """What is the shop's own in a rehearsal. policy: the document in force, None where none was written; policy_id: its version."""

    settings: ShopSettings
    policy: dict[str, Any] | None
    policy_id: int | None
    articles: list[ArticleText]
    intents: IntentModel
    version: str

    @property
    def languages(self) -> list[str]:
        """The shop's languages that customers here speak; English where it has neither."""
        spoken = {one.split("-")[0] for one in self.settings.locales}
        return [one for one in LANGUAGES if one in spoken] or ["en"]


def rehearse(
    database: Database, models: Path, goals: int = GOALS, seed: int = 0, progress: Progress | None = None
) -> dict[str, Any]:
    """Plays this many goals and says how they ended; see `report.summed` for what comes back.

    progress: called with goals played and all goals. Raises: InvalidInput for a number of goals that can't be played; DamagedModel;
    SupervisorError when the throw-away shop's PostgreSQL doesn't start. Nothing is written to `database`.
    """
    if not 1 <= goals <= MOST_GOALS:
        raise InvalidInput(
            f"{goals} goals can't be played.", hint=f"Choose from 1 to {MOST_GOALS:,}; {GOALS} take about a minute.", field="goals"
        )  # fmt: skip
    own = read_own(database, models)
    book = _book(own, seed)
    banks, answered = _questions(own)
    policy = Rules(own.policy or {}, {}).policy
    reasons = policy["cancel_order"].get("reasons", ())
    plan = drawn({one: situations(policy, answered[one]) for one in own.languages}, goals, book.rng)
    wanted = [branch(Writer(book, language, "", banks[language], reasons)) for language, branch in plan]
    tell = progress or _silent
    tell(0, len(wanted))
    with throwaway(book, own.settings, [_record(one) for one in own.articles], models, own.intents) as line:
        if own.policy is not None:
            line.policy(own.policy)
        rules = Rules(own.policy or {}, book.delivered(), book.categories)
        wanted = _behaving(wanted, line, rules, own, book.rng)
        asides = {one: [name for name in banks[one] if name.startswith("q_")] or ["chat"] for one in LANGUAGES}
        told: list[report.Told] = []
        everybody = line.states()
        for number, goal in enumerate(wanted):
            one = play(line, book, goal, banks, str(seed), rules, asides[goal.language])
            now = line.states()
            # Nobody else has a part in this conversation.
            others = [name for name in now if name != goal.customer and not same_state(now[name], everybody[name])]
            strangers = [(name, everybody[name], now[name], line.addresses(name)) for name in others]
            written = line.addresses(goal.customer) if one.wrong or one.unasked else {}
            told.append(report.told(one, book, strangers, written))
            everybody = now
            tell(number + 1, len(wanted))
        turns = sorted(line.turns_ms)
    return {
        "version": own.version,
        "policy": own.policy_id,
        "articles": len(own.articles),
        "languages": own.languages,
        "seed": seed,
        **report.summed(told, turns),
    }


def read_own(database: Database, models: Path) -> Own:
    """What the shop's assistant serves with now. Raises: DamagedModel."""
    with database.connect() as connection:
        settings = shop_table.read(connection).settings
        policy = action_table.read_policy(connection)
        order = registry.serving_order(connection.execute(registry.PROMOTION_ORDER, (KIND,)).fetchall(), models)
        return Own(
            settings,
            None if policy is None else policy["document"],
            None if policy is None else policy["policy_id"],
            read_articles(connection),
            serving(connection, models),
            order[0].version if order else BUNDLED_NAME,
        )


def _book(own: Own, seed: int) -> Book:
    """The shop's currency, and two products in a category that its policy never takes back."""
    book = Book(Random(f"rehearsal/{seed}"), own.settings.currency, exponent_of(own.settings.currency))
    barred = [
        name
        for action in ("return_items", "exchange_items")
        for name in (own.policy or {}).get(action, {}).get("never_categories", ())
    ]
    if barred:
        for name in ("briefs", "socks"):
            book.categories[name] = f"{PRODUCTS[name].category.split(' > ')[0]} > {barred[0]}"
    return book


def _questions(own: Own) -> tuple[dict[str, Bank], dict[str, list[Any]]]:
    """(phrases by language, with what the articles are asked as; what the help centre answers, by language)."""
    banks = {one: phrases(one) for one in LANGUAGES}
    found: dict[str, list[Any]] = {one: [] for one in LANGUAGES}
    for article in own.articles:
        language = language_of(article.title, article.locale)
        if language not in found:
            continue
        bank = banks[language]
        said = list(article.questions) or _asking(article.title, bank["about"])
        bank[f"q_{article.id}"] = [one.replace("{", "{{").replace("}", "}}") for one in said]
        found[language].append(question(article.id, {language: article.id}))
    return banks, found


def _asking(title: str, ways: Sequence[str]) -> list[str]:
    """A title as a question: as it stands where it is one."""
    return [title] if title.rstrip().endswith(("?", "？")) else [one.format(title=title) for one in ways]


def _record(article: ArticleText) -> Record:
    return {
        "id": article.id, "title": article.title, "body": article.body, "locale": article.locale, "tags": list(article.tags),
        "questions": list(article.questions), "updated_at": article.updated_at,
    }  # fmt: skip


def _behaving(wanted: Sequence[Goal], line: Line, rules: Rules, own: Own, rng: Random) -> list[Goal]:
    """Each goal with the ending that the rules give it, and a way of behaving and of being known: those that came least, of what fits."""
    states = line.states()
    ways = (own.policy or {}).get("identity", {}).get("ways", WAYS)
    known = [one for one in IDENTITIES if one == "signed" or {"email": "email", "name": "name_postcode"}[one] in ways]
    behaviours = [one for one in TWISTS if one != "mixed" or len(own.languages) > 1]
    seen: Counter[str] = Counter()
    out = []
    for number, goal in enumerate(wanted):
        ended = replace(goal, ending=intended(goal, states[goal.customer], rules).ending)
        fitting = [one for one in behaviours if fits(ended, one)]
        least = min(seen[one] for one in fitting)
        twist = rng.choice([one for one in fitting if seen[one] == least])
        seen[twist] += 1
        identity = "signed" if asks_only(goal) else rng.choice(known)
        out.append(replace(ended, name=f"{goal.name}/{number + 1}", twist=twist, identity=identity))
    return out


def _silent(_done: int, _all: int | None) -> None:
    """Progress that nobody follows."""
