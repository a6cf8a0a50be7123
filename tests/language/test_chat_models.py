"""Chat models keep one contract, whoever answers: a server speaking the protocol, the bundled model, a scripted one."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from regulars.errors import InvalidInput, ModelError, RegularsError, Unavailable
from regulars.language.chat_models import (
    ChatModel,
    Completion,
    Message,
    OpenAIModel,
    ScriptedModel,
    Tool,
    ToolCall,
    chat_model,
    from_environment,
)
from regulars.language.local_models import BundledModel

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
HELLO = [Message("system", "Be brief."), Message("user", "Say hello.")]
CANCEL = Tool("cancel_order", "Cancels an order.", {"type": "object", "properties": {"order": {"type": "string"}}})


class Server:
    """A small server of the protocol. `answers` are taken in order, the last again and again; `asked` keeps what came."""

    def __init__(self) -> None:
        self.answers: list[Callable[[BaseHTTPRequestHandler], None]] = [_speaking]
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append((self.path, dict(self.headers), body))
                answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                try:
                    answer(self)
                except OSError:
                    self.close_connection = True  # the client has hung up

            def log_message(self, *arguments: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join(5)


def reply(status: int, body: Any, headers: dict[str, str] | None = None) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def message(content: str | None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content, **more}}], "usage": {"total_tokens": 7}}


def _speaking(handler: BaseHTTPRequestHandler) -> None:
    """Answers by what was asked, as a real one would: JSON for a schema, a call for tools."""
    server: Any = handler.server
    body = server.owner.asked[-1][2]
    if "response_format" in body:
        reply(200, message('{"city": "Leeds"}'))(handler)
    else:
        reply(200, message("Hello there!"))(handler)


def hanging(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(5)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    made.http.owner = made  # type: ignore[attr-defined]
    yield made
    made.stop()


@pytest.fixture(scope="module")
def bundled() -> Iterator[BundledModel]:
    if not BundledModel.installed():
        pytest.skip("the extra `chat` isn't installed")
    model = BundledModel()
    yield model
    model.close()


@pytest.fixture(params=["server", "bundled", "scripted"])
def model(request: pytest.FixtureRequest) -> ChatModel:
    if request.param == "server":
        return OpenAIModel(request.getfixturevalue("server").url, "tiny", "secret")
    if request.param == "bundled":
        found: ChatModel = request.getfixturevalue("bundled")
        return found
    return ScriptedModel('{"city": "Leeds"}')


class TestContract:
    def test_it_answers_with_text(self, model: ChatModel) -> None:
        said = model.complete(HELLO, max_tokens=20, timeout=60)
        assert said.text
        assert said.text == said.text.strip()
        assert said.model == model.name
        assert said.seconds >= 0

    def test_a_schema_gives_an_object(self, model: ChatModel) -> None:
        said = model.complete([Message("user", "Name a city in England as JSON.")], SCHEMA, max_tokens=40, timeout=60)
        assert said.data is not None
        assert isinstance(said.data["city"], str)

    def test_calls_that_nobody_can_answer_are_refused(self, model: ChatModel) -> None:
        for messages, tokens, timeout in (
            ([], 5, 5.0),
            ([Message("user", "  ")], 5, 5.0),
            (HELLO, 0, 5.0),
            (HELLO, 5, 0.0),
        ):
            with pytest.raises(InvalidInput):
                model.complete(messages, max_tokens=tokens, timeout=timeout)

    def test_many_threads_may_use_one(self, model: ChatModel) -> None:
        said: list[Completion] = []
        threads = [
            threading.Thread(target=lambda: said.append(model.complete(HELLO, max_tokens=4, timeout=60)))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(said) == 3


def test_what_is_sent_is_the_protocol(server: Server) -> None:
    OpenAIModel(f"{server.url}/", "tiny", "secret").complete(HELLO, SCHEMA, 33, tools=[CANCEL])
    path, headers, body = server.asked[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert body["model"] == "tiny"
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello."}]
    assert body["max_tokens"] == 33
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert body["tools"][0]["function"]["name"] == "cancel_order"


def test_calls_of_tools_are_read(server: Server) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "cancel_order", "arguments": '{"order": "GB-1"}'}}
    server.answers = [reply(200, message(None, tool_calls=[call]))]
    said = OpenAIModel(server.url, "tiny").complete(HELLO, tools=[CANCEL])
    assert said.calls == (ToolCall("cancel_order", {"order": "GB-1"}),)
    assert said.text == ""
    assert said.tokens == {"total_tokens": 7}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_one_more_try_helps_when_a_server_stumbles(server: Server, status: int) -> None:
    server.answers = [reply(status, {"error": {"message": "busy"}}), reply(200, message("Hello."))]
    assert OpenAIModel(server.url, "tiny").complete(HELLO).text == "Hello."
    assert len(server.asked) == 2


def test_a_second_stumble_is_told(server: Server) -> None:
    server.answers = [reply(503, {"error": {"message": "The model is loading."}})]
    with pytest.raises(Unavailable, match="503: The model is loading"):
        OpenAIModel(server.url, "tiny").complete(HELLO)
    assert len(server.asked) == 2


def test_a_wait_longer_than_the_time_left_is_not_waited(server: Server) -> None:
    server.answers = [reply(429, {}, {"Retry-After": "60"})]
    start = time.monotonic()
    with pytest.raises(Unavailable):
        OpenAIModel(server.url, "tiny").complete(HELLO, timeout=2)
    assert time.monotonic() - start < 1
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        (401, {"error": {"message": "bad key"}}, ModelError, "REGULARS_LLM_API_KEY"),
        (404, {"error": "no such model"}, ModelError, "REGULARS_LLM_MODEL"),
        (400, {"error": {"message": "too long"}}, ModelError, "too long"),
        (302, b"", ModelError, "302"),
        (200, b"<html>Welcome</html>", ModelError, "isn't JSON"),
        (200, {"choices": []}, ModelError, "without a message"),
        (200, [], ModelError, "without a message"),
        (200, {"choices": [{"message": {"content": ["no"]}}]}, ModelError, "isn't text"),
        (
            200,
            message(None, tool_calls=[{"function": {"name": "x", "arguments": "{not json"}}]),
            ModelError,
            "can't be read",
        ),
        (200, message(None, tool_calls=["x"]), ModelError, "without a message"),
        (200, b"x" * (2 * 1024 * 1024 + 10), ModelError, "over 2,097,152 bytes"),
    ],
)
def test_answers_of_no_use_are_told_and_not_tried_again(
    server: Server, status: int, body: Any, error: type[RegularsError], says: str
) -> None:
    server.answers = [reply(status, body)]
    with pytest.raises(error, match=says):
        OpenAIModel(server.url, "tiny").complete(HELLO)
    assert len(server.asked) == 1


@pytest.mark.parametrize("said", ["Leeds", "[1]", '{"town": "Leeds"}'])
def test_text_instead_of_the_object_is_refused(server: Server, said: str) -> None:
    server.answers = [reply(200, message(said))]
    with pytest.raises(ModelError, match="asked for"):
        OpenAIModel(server.url, "tiny").complete(HELLO, SCHEMA)


@pytest.mark.parametrize("slow", [hanging, dripping])
def test_nobody_waits_longer_than_the_timeout(server: Server, slow: Callable[[BaseHTTPRequestHandler], None]) -> None:
    server.answers = [slow]
    start = time.monotonic()
    with pytest.raises(Unavailable, match=r"didn't answer within 0\.5 s"):
        OpenAIModel(server.url, "tiny").complete(HELLO, timeout=0.5)
    assert time.monotonic() - start < 1.5


def test_nobody_there_is_told_without_the_key() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port} can't be reached") as caught:
        OpenAIModel(f"http://user:hidden@127.0.0.1:{port}/v1", "tiny", "secret").complete(HELLO, timeout=2)
    assert "hidden" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://x/v1", "http://", ""])
def test_addresses_that_cannot_be_right_are_refused(address: str) -> None:
    with pytest.raises(InvalidInput):
        OpenAIModel(address, "tiny")


def test_the_environment_names_the_model() -> None:
    assert from_environment({}) is None
    assert isinstance(from_environment({"REGULARS_LLM_BASE_URL": "bundled"}), BundledModel)
    named = from_environment({"REGULARS_LLM_BASE_URL": "http://localhost:1/v1", "REGULARS_LLM_MODEL": "qwen"})
    assert named is not None
    assert named.name == "qwen"
    with pytest.raises(InvalidInput, match="REGULARS_LLM_MODEL"):
        chat_model("http://localhost:1/v1", None)


def test_the_bundled_model_keeps_to_its_time_and_says_what_is_too_long(bundled: BundledModel) -> None:
    bundled.complete(HELLO, max_tokens=1, timeout=60)  # loaded
    with pytest.raises(Unavailable, match="didn't finish"):
        bundled.complete([Message("user", "Write a long story.")], max_tokens=400, timeout=0.2)
    with pytest.raises(ModelError, match="context size"):
        bundled.complete([Message("user", "word " * 4000)], timeout=60)
    assert bundled.complete(HELLO, max_tokens=4, timeout=60).text


def test_the_bundled_model_says_the_same_twice(bundled: BundledModel) -> None:
    assert (
        bundled.complete(HELLO, max_tokens=12, timeout=60).text
        == bundled.complete(HELLO, max_tokens=12, timeout=60).text
    )


def test_a_scripted_model_keeps_what_it_was_asked() -> None:
    model = ScriptedModel("first", Unavailable("down"), "last")
    assert model.complete(HELLO).text == "first"
    with pytest.raises(Unavailable):
        model.complete(HELLO)
    assert [model.complete(HELLO).text for _ in range(2)] == ["last", "last"]
    assert model.asked == [tuple(HELLO)] * 4
