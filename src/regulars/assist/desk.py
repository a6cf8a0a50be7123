"""The assistant of one process, ready to answer: intents, help centre and policies loaded, and kept up to date.

What takes seconds (fitting the bundled intents the first time, reading a help centre) happens beside the conversations: until it is there a
question is answered as one without evidence, never wrongly.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from regulars.assist.actions.executor import Executor
from regulars.assist.actions.plans import ACTIONS
from regulars.assist.actions.policy import Policy, policy_of
from regulars.assist.intents.bundled import bundled_model
from regulars.assist.intents.model import IntentModel
from regulars.assist.knowledge.library import Library
from regulars.assist.planner import RulePlanner
from regulars.assist.planner_model import ModelPlanner
from regulars.assist.rephrase import rephrase
from regulars.assist.service import Assistant
from regulars.assist.shelf import Shelf
from regulars.errors import RegularsError
from regulars.language.chat_models import ChatModel
from regulars.recommend import service as recommend
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.finder import Finder, finder_of
from regulars.schema import ShopSettings
from regulars.store import actions as action_table
from regulars.store import registry
from regulars.store.database import Connection

KIND = "assistant"
"""What its model versions are called in the registry."""

log = structlog.get_logger("regulars.assist")
STAMP = """
SELECT (SELECT max(policy_id) FROM policies) AS policy, (SELECT max(promotion_id) FROM promotions WHERE kind = 'assistant') AS model
"""


class Desk:
    """Holds what answers. `refresh` is called now and then by one thread; `assistant` by many."""

    def __init__(
        self,
        models: Path,
        serving_of: Callable[[], recommend.Serving],
        chat: ChatModel | None = None,
        intents: IntentModel | None = None,
        clock: Callable[[], datetime] | None = None,
        finder_for: Callable[[Catalogue], Finder] = finder_of,
    ) -> None:
        """chat: a chat model that plans and rephrases; None = neither is needed. intents: what understands until a version is
        promoted; None = the bundled one. clock: of the lists that are shown; what is said and done follows the executor's. finder_for:
        what searches for products.
        """
        self.models = models
        self.chat = chat
        self.shelf = Shelf(serving_of, clock, finder_for)
        self._library = Library()
        self._policies: list[tuple[str, str, str, str]] = []
        self._intents = intents
        self._stamp: tuple[object, ...] | None = None
        self._making = threading.Lock()

    def assistant(self, executor: Executor, settings: ShopSettings) -> Assistant:
        """What answers one turn."""
        rules = RulePlanner(self.intents())
        if self.chat is None:
            return Assistant(executor, rules, lambda: self._library.knowledge, self.shelf, settings)
        chat = self.chat
        return Assistant(
            executor,
            ModelPlanner(chat, rules),
            lambda: self._library.knowledge,
            self.shelf,
            settings,
            lambda frame, text: rephrase(chat, text, frame).text,
        )

    def intents(self) -> IntentModel:
        """The intent model that serves; the bundled one is fitted at first use, which takes seconds."""
        with self._making:
            if self._intents is None:
                self._intents = bundled_model(self.models)
            return self._intents

    def refresh(self, connection: Connection, settings: ShopSettings) -> None:
        """Reads again what has changed since the last time: articles, policies, the promoted intent model."""
        row = connection.execute(STAMP).fetchone()
        assert row is not None
        stamp = (row["policy"], row["model"])
        if self._stamp is None or stamp[1] != self._stamp[1]:
            self._promoted(connection)
        if self._stamp is None or stamp[0] != self._stamp[0]:
            current = action_table.read_policy(connection)
            rules = Policy() if current is None else policy_of(current["document"])
            self._policies = policy_texts(rules, settings)
        self._library.refresh(connection, self._policies)
        self._stamp = stamp

    def _promoted(self, connection: Connection) -> None:
        """The version that serves, or the latest before it that can be read."""
        rows = connection.execute(registry.PROMOTION_ORDER, (KIND,)).fetchall()
        for version in registry.serving_order(rows, self.models):
            try:
                registry.verify(version.folder, version.files)
                loaded = IntentModel.load(version.folder)
            except RegularsError as error:
                log.error("intent_model_not_loaded", version=version.version, reason=error.detail)
                continue
            with self._making:
                self._intents = loaded
            return


def policy_texts(rules: Policy, settings: ShopSettings) -> list[tuple[str, str, str, str]]:
    """(key, title, text, locale) of each rule that has words of the shop's own: what was only made from settings is no source."""
    out = []
    for action in ACTIONS:
        for locale, text in rules.rule(action).text.items():
            if text.strip():
                out.append((action, action.replace("_", " "), text, locale or settings.locales[0]))
    return out
