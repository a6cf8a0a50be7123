"""Chat models behind one contract: any OpenAI-compatible server, and a small bundled model that needs no network.

A model is told messages and gives back text or typed calls; nothing here trusts what it says. It knows no shop.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson

from regulars.errors import InvalidInput, ModelError, Unavailable

MAX_ANSWER_BYTES = 2 * 1024 * 1024  # a chat answer is a thousandth of this
MAX_TOKENS = 512
TIMEOUT = 20.0
"""Seconds for everything: connecting, waiting, reading and one more try."""
_RETRY_AFTER = 0.2
_RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504})

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Tool:
    """Something the model may ask for. parameters: a JSON schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What the model asked for. arguments: an object, not yet checked against the tool's schema."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer. data: the object when a schema was asked for. seconds: how long it took."""

    text: str
    model: str
    seconds: float
    data: dict[str, Any] | None = None
    calls: tuple[ToolCall, ...] = ()
    tokens: dict[str, int] = field(default_factory=dict)


class ChatModel(ABC):
    """Whatever completes a conversation. One object may be used by many threads.

    small: it follows examples rather than rules, and can't keep to a schema and a task at once; english_only: it has no Chinese.
    """

    name: str
    small = False
    english_only = False

    @abstractmethod
    def complete(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = MAX_TOKENS,
        timeout: float = TIMEOUT,
        *,
        tools: Sequence[Tool] = (),
    ) -> Completion:
        """Answer the last message within `timeout` seconds.

        schema: a JSON schema of an object that the answer has to be. Raises Unavailable when the model can't be reached or is
        too slow, ModelError when it refuses or its answer can't be read, InvalidInput for a call that no model could answer.
        """

    def close(self) -> None:  # noqa: B027 (most hold nothing)
        """Give back what the model holds."""


class OpenAIModel(ChatModel):
    """A server that speaks the OpenAI protocol (`POST {base_url}/chat/completions`): vLLM, llama.cpp, Ollama, hosted ones."""

    def __init__(self, base_url: str, model: str, api_key: str | None = None) -> None:
        parts = urlsplit(base_url.strip().rstrip("/"))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(
                f"{base_url[:100]!r} isn't the address of a chat model.",
                hint="Use http:// or https:// and the path before /chat/completions, such as http://localhost:8000/v1.",
                field="llm_base_url",
            )
        if not model.strip():
            raise InvalidInput("The chat model has no name.", hint="Set REGULARS_LLM_MODEL.", field="llm_model")
        self.name = model.strip()
        self._parts = parts
        self._key = api_key

    def complete(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = MAX_TOKENS,
        timeout: float = TIMEOUT,
        *,
        tools: Sequence[Tool] = (),
    ) -> Completion:
        start = time.monotonic()
        body = orjson.dumps(
            {"model": self.name, **request_of(messages, schema, max_tokens, tools, timeout), "stream": False}
        )
        until = start + timeout
        for last in (False, True):
            try:
                status, answer, wait = self._post(body, until)
            except (OSError, http.client.HTTPException) as error:
                if last or time.monotonic() + _RETRY_AFTER >= until or isinstance(error, ssl.SSLCertVerificationError):
                    raise self._unreachable(error, start, timeout) from error
                time.sleep(_RETRY_AFTER)
                continue
            if status == 200:
                return _read(answer, self.name, start, schema)
            if last or status not in _RETRIED or time.monotonic() + wait >= until:
                raise self._refused(status, answer)
            time.sleep(wait)
        raise AssertionError("unreachable")

    def _post(self, body: bytes, until: float) -> tuple[int, bytes, float]:
        """(status, answer, seconds to wait before a second try). A timer cuts the line, so that a slow drip ends too."""
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        host, port = self._parts.hostname or "", self._parts.port
        secure = self._parts.scheme == "https"
        line = (
            http.client.HTTPSConnection(host, port, timeout=left, context=ssl.create_default_context())
            if secure
            else http.client.HTTPConnection(host, port, timeout=left)
        )
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        line.connect()
        cut = threading.Timer(max(0.0, until - time.monotonic()), _shut, (line.sock,))
        cut.daemon = True
        cut.start()
        try:
            line.request("POST", f"{self._parts.path}/chat/completions", body, headers)
            response = line.getresponse()
            answer = response.read(MAX_ANSWER_BYTES + 1)
            if time.monotonic() >= until:
                raise TimeoutError
            if len(answer) > MAX_ANSWER_BYTES:
                raise ModelError(f"The chat model {self.name!r} answered with over {MAX_ANSWER_BYTES:,} bytes.")
            return response.status, answer, _wait(response.getheader("Retry-After"))
        finally:
            cut.cancel()
            line.close()

    def _unreachable(self, error: Exception, start: float, timeout: float) -> Unavailable:
        where = f"{self._parts.scheme}://{self._parts.netloc.rpartition('@')[2]}"
        slow = isinstance(error, TimeoutError) or time.monotonic() - start >= timeout - _RETRY_AFTER
        what = f"didn't answer within {timeout:g} s" if slow else f"can't be reached ({_plain(error)})"
        return Unavailable(
            f"The chat model at {where} {what}.",
            hint="Check REGULARS_LLM_BASE_URL and that the server runs; until then the assistant works without it.",
        )

    def _refused(self, status: int, answer: bytes) -> ModelError | Unavailable:
        said = _complaint(answer)
        text = f"The chat model {self.name!r} answered with status {status}{f': {said}' if said else ''}."
        if status in (401, 403):
            return ModelError(text, hint="Check REGULARS_LLM_API_KEY.")
        if status == 404:
            return ModelError(text, hint="Check REGULARS_LLM_BASE_URL (often it ends in /v1) and REGULARS_LLM_MODEL.")
        return Unavailable(text) if status in _RETRIED else ModelError(text)


class ScriptedModel(ChatModel):
    """Answers what it was told to, in order: for trying out what a model may say. It keeps what it was asked.

    An answer that is an exception is raised; after the last the last comes again.
    """

    name = "scripted"

    def __init__(self, *answers: str | Completion | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[Message, ...]] = []

    def complete(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = MAX_TOKENS,
        timeout: float = TIMEOUT,
        *,
        tools: Sequence[Tool] = (),
    ) -> Completion:
        request_of(messages, schema, max_tokens, tools, timeout)
        self.asked.append(tuple(messages))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Completion):
            return answer
        return completion({"choices": [{"message": {"content": answer}}]}, self.name, time.monotonic(), schema)


def chat_model(base_url: str | None, model: str | None, api_key: str | None = None) -> ChatModel | None:
    """The model that the settings name: a server where there is an address; "bundled" as address is the bundled one.

    None where nothing is set: everything works without. Raises InvalidInput for an address or name that can't be right.
    """
    if not base_url:
        return None
    if base_url == "bundled":
        from regulars.language.local_models import BundledModel

        return BundledModel()
    return OpenAIModel(base_url, model or "", api_key)


def from_environment(environment: Mapping[str, str] | None = None) -> ChatModel | None:
    """As `chat_model`, from REGULARS_LLM_BASE_URL, REGULARS_LLM_MODEL and REGULARS_LLM_API_KEY."""
    read = os.environ if environment is None else environment
    names = ("REGULARS_LLM_BASE_URL", "REGULARS_LLM_MODEL", "REGULARS_LLM_API_KEY")
    return chat_model(*(read.get(name) or None for name in names))


def request_of(
    messages: Sequence[Message],
    schema: Mapping[str, Any] | None,
    max_tokens: int,
    tools: Sequence[Tool],
    timeout: float,
) -> dict[str, Any]:
    """What the protocol asks with. Raises InvalidInput for a call that no model could answer."""
    if not messages or not any(message.content.strip() for message in messages):
        raise InvalidInput("A chat model needs at least one message with text.", field="messages")
    if timeout <= 0:
        raise InvalidInput(f"timeout is {timeout:g}; it has to be over 0 seconds.", field="timeout")
    if max_tokens < 1:
        raise InvalidInput(f"max_tokens is {max_tokens}; it has to be 1 or more.", field="max_tokens")
    asked: dict[str, Any] = {
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "max_tokens": max_tokens,
        "temperature": 0.0,
    }
    if schema is not None:
        asked["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(schema)}}
    if tools:
        asked["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
            }
            for tool in tools
        ]
    return asked


def _read(answer: bytes, name: str, start: float, schema: Mapping[str, Any] | None) -> Completion:
    try:
        whole = orjson.loads(answer)
    except orjson.JSONDecodeError:
        raise ModelError(
            f"The chat model {name!r} answered with something that isn't JSON.",
            hint="Check that REGULARS_LLM_BASE_URL is an OpenAI-compatible address.",
        ) from None
    return completion(whole, name, start, schema)


def completion(whole: Any, name: str, start: float, schema: Mapping[str, Any] | None) -> Completion:
    """A protocol's answer, read. start: on the monotonic clock. Raises ModelError."""
    try:
        message = whole["choices"][0]["message"]
        text = message.get("content") or ""
        calls = tuple(_call(call["function"], name) for call in message.get("tool_calls") or [])
    except (KeyError, IndexError, TypeError, AttributeError):
        raise ModelError(f"The chat model {name!r} answered without a message.") from None
    if not isinstance(text, str):
        raise ModelError(f"The chat model {name!r} answered with something that isn't text.")
    data = None
    if schema is not None and not calls:
        try:
            data = json.loads(text)
        except json.JSONDecodeError:
            raise ModelError(
                f"The chat model {name!r} answered with text instead of the JSON it was asked for."
            ) from None
        missing = [key for key in schema.get("required", ()) if not isinstance(data, dict) or key not in data]
        if not isinstance(data, dict) or missing:
            raise ModelError(f"The chat model {name!r} left out {', '.join(missing) or 'the object'} it was asked for.")
    usage = whole.get("usage") or {}
    tokens = {key: value for key, value in usage.items() if isinstance(value, int)} if isinstance(usage, dict) else {}
    return Completion(text.strip(), name, time.monotonic() - start, data, calls, tokens)


def _call(told: Mapping[str, Any], name: str) -> ToolCall:
    arguments = told.get("arguments") or "{}"
    try:
        read = json.loads(arguments) if isinstance(arguments, str) else arguments
    except json.JSONDecodeError:
        read = None
    if not isinstance(read, dict) or not isinstance(told.get("name"), str):
        raise ModelError(f"The chat model {name!r} made a call that can't be read.")
    return ToolCall(told["name"], read)


def _complaint(answer: bytes) -> str:
    try:
        told = orjson.loads(answer)
        told = told.get("error", told)
        said = told.get("message", "") if isinstance(told, dict) else told
    except (orjson.JSONDecodeError, AttributeError):
        said = ""
    return " ".join(str(said).split())[:200].rstrip(".")


def _wait(header: str | None) -> float:
    try:
        return max(_RETRY_AFTER, float(header or 0))
    except ValueError:
        return _RETRY_AFTER


def _shut(line: socket.socket) -> None:
    """End what waits in another thread: its reading fails at once."""
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _plain(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:120]
