"""Which writer a text is asked of: the tuned one where it was taught the kind and language, else the chat model, else the realiser."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import structlog

from regulars.content import tuned
from regulars.content.tuned import TunedWriter
from regulars.content.writers import ChatWriter, Writer
from regulars.errors import RegularsError
from regulars.language.chat_models import ChatModel
from regulars.language.local_models import can_run
from regulars.schema.content import Brief
from regulars.store import registry
from regulars.store.database import Connection

log = structlog.get_logger("regulars.content")
LATEST = "SELECT max(promotion_id) AS latest FROM promotions WHERE kind = %s"


class WriterChoice:
    """Holds a shop's writers; one object may be used by many threads. chat: a chat model, or None. models: the registry's folder;
    None = no tuned writer."""

    def __init__(self, chat: ChatModel | None = None, models: Path | None = None) -> None:
        self._chat: Writer | None = None if chat is None else ChatWriter(chat)
        self._models = models if can_run() else None
        self._tuned: TunedWriter | None = None
        self._latest: int | None = None
        self._changing = threading.Lock()

    @property
    def any(self) -> bool:
        """Whether there is more than the realiser."""
        return self._chat is not None or self._tuned is not None

    def of(self, brief: Brief) -> Writer | None:
        """None: the realiser alone."""
        writer = self._tuned
        return writer if writer is not None and writer.can(brief) else self._chat

    def refresh(self, connection: Connection) -> None:
        """Takes up the version promoted last. One that can't be read is said in the log, and the one before it serves."""
        if self._models is None:
            return
        row = connection.execute(LATEST, (tuned.KIND,)).fetchone()
        latest = row["latest"] if row else None
        with self._changing:
            if latest == self._latest:
                return
            before, self._tuned = self._tuned, None
            order = connection.execute(registry.PROMOTION_ORDER, (tuned.KIND,)).fetchall()
            for version in registry.serving_order(order, self._models):
                try:
                    registry.verify(version.folder, version.files)
                    self._tuned = tuned.opened(version.folder, version.version, max(1, (os.cpu_count() or 2) // 2))
                except (RegularsError, OSError) as error:
                    log.error("writer_not_loaded", version=version.version, reason=str(error))
                    continue
                break
            self._latest = latest
        if before is not None:
            before.close()
