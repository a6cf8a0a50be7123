"""Bodies of HTTP requests in other systems' formats: Segment's calls and Google's Measurement Protocol. Knows no HTTP.

Found by content, and only where a body isn't in our own layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from regulars.feeds import ga4, segment
from regulars.feeds.contract import Notes
from regulars.schema import Event

MAX_WRONG = 50


def events_in(body: bytes, received: datetime, limit: int) -> tuple[list[Event], list[dict[str, str]]] | None:
    """The events of a body and what is wrong with it, each with its field; None when it is in neither format.

    Stops after `limit` + 1 events. A message with neither id nor time is the same message for a day: a shop's server that
    sends it again after a timeout is heard once.
    """
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if isinstance(read, list) and read and all(segment.is_call(one) for one in read[:20]):
        read = {"batch": read}
    if not isinstance(read, dict):
        return None
    day = received.date().isoformat()
    if segment.is_call(read):
        return _checked(segment.events_of(read, Notes(), day), "batch" if "batch" in read else "", read, limit)
    if ga4.is_body(read):
        return _checked(ga4.events_of(read, Notes(), day), "events" if "events" in read else "", read, limit)
    return None


def _checked(
    made: Iterator[tuple[Any, dict[str, Any] | str]], name: str, body: dict[str, Any], limit: int
) -> tuple[list[Event], list[dict[str, str]]]:
    events: list[Event] = []
    wrong: list[dict[str, str]] = []
    numbers = {id(one): number for number, one in enumerate(body.get(name, []))} if name else {}
    last = 0
    for what, event in made:
        last = numbers.get(id(what), last)
        where = f"{name}[{last}]" if name else ""
        if isinstance(event, str):
            wrong.append({"field": where or "body", "message": event})
        else:
            try:
                events.append(Event.model_validate(event))
            except ValidationError as error:
                first = error.errors()[0]
                field = ".".join(str(part) for part in first["loc"])
                message = str(first["msg"]).removeprefix("Value error, ")
                wrong.append({"field": f"{where}.{field}".lstrip("."), "message": message})
        if len(events) > limit or len(wrong) >= MAX_WRONG:
            break
    return events, wrong
