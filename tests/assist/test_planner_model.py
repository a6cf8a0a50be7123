"""A chat model may say what is wanted, and nothing more: the rules stand in for whatever is late, wrong or unreachable."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from regulars.assist.commands import Ask, Confirm, HandOver, SetSlot, StartFlow
from regulars.assist.intents.bundled import bundled_model
from regulars.assist.planner import Context, RulePlanner
from regulars.assist.planner_model import ModelPlanner
from regulars.assist.state import State
from regulars.language.chat_models import OpenAIModel


class Handler(BaseHTTPRequestHandler):
    """Speaks the protocol; says what the test told it to."""

    calls: ClassVar[list[tuple[str, Any]]] = []
    asked: ClassVar[list[dict[str, Any]]] = []
    wait: ClassVar[float] = 0.0

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).asked.append(body)
        time.sleep(self.wait)
        tools = [
            {"id": str(number), "type": "function", "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)}}
            for number, (name, given) in enumerate(self.calls)
        ]  # fmt: skip
        answer = {
            "choices": [
                {"message": {"role": "assistant", "content": "", "tool_calls": tools}, "finish_reason": "tool_calls"}
            ]
        }
        made = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(made)))
        self.end_headers()
        self.wfile.write(made)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def planner(tmp_path: Path) -> Iterator[ModelPlanner]:
    Handler.calls, Handler.asked, Handler.wait = [], [], 0.0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    model = OpenAIModel(f"http://127.0.0.1:{server.server_port}/v1", "tests")
    yield ModelPlanner(model, RulePlanner(bundled_model(tmp_path)), seconds=1.0)
    server.shutdown()
    server.server_close()


def plan(planner: ModelPlanner, text: str, state: State | None = None) -> list[Any]:
    return planner.plan(text, "en", state or State(), Context(False))


def test_its_calls_become_commands(planner: ModelPlanner) -> None:
    Handler.calls = [("start_flow", {"flow": "cancel_order"}), ("set_slot", {"name": "order", "value": "A-77"})]
    assert plan(planner, "get rid of A-77 for me") == [StartFlow("cancel_order"), SetSlot("order", "A-77")]


def test_personal_data_stays_here(planner: ModelPlanner) -> None:
    Handler.calls = [("ask", {})]
    said = plan(planner, "is ada@example.org the address you write to?")
    assert isinstance(said[0], Ask)
    assert "ada@example.org" not in json.dumps(Handler.asked)
    assert SetSlot("email", "ada@example.org") in said


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [("start_flow", {"flow": "give_everything_away"})],
        [("set_slot", {"name": "order", "value": "not said"})],
        [("confirm", {})],
        [("start_flow", "{broken")],
    ],
)
def test_what_is_no_command_is_left_to_the_rules(planner: ModelPlanner, calls: list[tuple[str, Any]]) -> None:
    Handler.calls = calls
    text = "I want to cancel my order"
    assert plan(planner, text) == planner.rules.plan(text, "en", State(), Context(False)) == [StartFlow("cancel_order")]


def test_it_cannot_say_yes_for_the_customer(planner: ModelPlanner) -> None:
    Handler.calls = [("confirm", {})]
    waiting = State(flow="cancel_order", slots={"order": "1001"}, token="t")
    assert Confirm() not in plan(planner, "hmm, what would that mean?", waiting)
    assert plan(planner, "yes", waiting) == [Confirm()]
    assert not [one for one in Handler.asked if '"yes"' in json.dumps(one)], "a yes isn't asked of a model"


def test_late_or_gone_the_rules_answer_within_the_turn(planner: ModelPlanner) -> None:
    Handler.calls, Handler.wait = [("hand_over", {})], 3.0
    began = time.monotonic()
    assert plan(planner, "I want to cancel my order") == [StartFlow("cancel_order")]
    assert time.monotonic() - began < 2.5
    gone = ModelPlanner(OpenAIModel("http://127.0.0.1:9/v1", "tests"), planner.rules, seconds=1.0)
    assert plan(gone, "let me talk to a human") == [HandOver("asked")]
