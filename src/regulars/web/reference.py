"""The API's reference, written from its own contract (OpenAPI): a page at /docs, and docs/reference.md. Knows no route."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

TAGS = {
    "memory": "Putting things into the memory",
    "recommendations": "Lists and their reasons",
    "privacy": "What a person may ask for",
    "operations": "Operations",
}
_DEEPEST = 3  # how far fields inside fields are listed; an id's own parts are said in one line instead
_EXAMPLES: dict[tuple[str, str], Any] = {
    ("post", "/v1/events"): {
        "events": [{"message_id": "01J8", "type": "view", "visitor": "v-81", "product": "P1"}],
    },
    ("post", "/v1/products"): {"products": [{"id": "P1", "title": {"en": "Mug", "zh": "马克杯"}, "price": "9.50", "stock": 12}]},
    ("post", "/v1/customers"): {"customers": [{"id": "C1", "locale": "en", "consent": {"email": True}}]},
    ("post", "/v1/orders"): {"orders": [{"id": "O1", "customer": "C1", "lines": [{"product": "P1", "quantity": 2}]}]},
    ("post", "/v1/reviews"): {"reviews": [{"id": "R1", "product": "P1", "rating": 5, "body": "Holds a lot."}]},
    ("post", "/v1/articles"): {"articles": [{"id": "A1", "title": "Returns", "body": "Within 30 days."}]},
    ("post", "/v1/recommendations"): {"surface": "home", "visitor": "v-81", "n": 8},
    ("post", "/v1/taste"): {"visitor": "v-81", "tap": 1, "picked": "P1", "shown": ["P1", "P2"]},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldDoc:
    """One field of a body, or one parameter. depth: 0 for the outermost."""

    name: str
    kind: str
    required: bool
    says: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """One route with one method."""

    method: str
    path: str
    summary: str
    keys: bool
    parameters: list[FieldDoc]
    body: list[FieldDoc]
    answers: list[tuple[str, str]]
    example: str

    @property
    def anchor(self) -> str:
        return f"{self.method}-{self.path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}"


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of one tag."""

    title: str
    operations: list[Operation] = field(default_factory=list)


def groups(schema: dict[str, Any]) -> list[Group]:
    """schema: the OpenAPI document. Groups in the order of TAGS; a tag that isn't named there comes last, as it is."""
    found: dict[str, Group] = {}
    for path, methods in schema["paths"].items():
        for method, route in methods.items():
            tag = (route.get("tags") or ["more"])[0]
            group = found.setdefault(tag, Group(TAGS.get(tag, tag.capitalize())))
            group.operations.append(_operation(schema, method, path, route))
    order = list(TAGS)
    return [
        found[tag] for tag in sorted(found, key=lambda tag: (order.index(tag) if tag in order else len(order), tag))
    ]


def markdown(schema: dict[str, Any]) -> str:
    """The reference as docs/reference.md."""
    lines = [
        "# API reference",
        "",
        "Written from the contract (`/openapi.json`) by `python -m regulars.web.reference`; a running server shows the same at",
        "`/docs`. What the API is for, keys, tokens, limits and errors: [api.md](api.md).",
        "",
    ]
    for group in groups(schema):
        lines += [f"## {group.title}", ""]
        for one in group.operations:
            lines += [f"### `{one.method.upper()} {one.path}`", "", f"{one.summary}.", ""]
            if one.example:
                lines += ["```sh", one.example, "```", ""]
            for title, fields in (("parameter", one.parameters), ("field", one.body)):
                if fields:
                    lines += [f"| {title} | | |", "|---|---|---|"]
                    lines += [_row(each) for each in fields]
                    lines.append("")
            lines += ["Answers: " + "; ".join(f"`{status}` {says}" for status, says in one.answers) + ".", ""]
    return "\n".join(lines).rstrip() + "\n"


def _row(one: FieldDoc) -> str:
    name = "&nbsp;&nbsp;" * one.depth + f"`{one.name}`" + (" (required)" if one.required else "")
    says = one.says.replace("|", "\\|").replace("\n", " ")
    return f"| {name} | {one.kind.replace('|', '/')} | {says} |"


def _operation(schema: dict[str, Any], method: str, path: str, route: dict[str, Any]) -> Operation:
    parameters = [
        FieldDoc(
            one["name"],
            _kind(schema, one.get("schema", {})),
            bool(one.get("required")),
            _says(schema, {**one.get("schema", {}), **{k: v for k, v in one.items() if k == "description"}}),
        )
        for one in route.get("parameters", [])
        if one.get("in") in ("path", "query")
    ]
    content = route.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = list(_fields(schema, content["schema"], 0)) if "schema" in content else []
    answers = [
        (status, "done" if answer.get("description") == "Successful Response" else str(answer.get("description", "")))
        for status, answer in sorted(route["responses"].items())
    ]
    keys = bool(route.get("security"))
    return Operation(
        method, path, str(route.get("summary", "")), keys, parameters, body, answers, _curl(method, path, keys)
    )


def _curl(method: str, path: str, keys: bool) -> str:
    key = ' -H "Authorization: Bearer $KEY"' if keys else ""
    if method == "get":
        return f"curl{key} http://127.0.0.1:8000{path}"
    if method == "delete":
        return f"curl -X DELETE{key} http://127.0.0.1:8000{path}"
    example = _EXAMPLES.get((method, path))
    if example is None:
        return ""
    text = orjson.dumps(example).decode()
    return f"curl{key} -H 'Content-Type: application/json' -d '{text}' http://127.0.0.1:8000{path}"


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """The part without reference and without "or null", with the description that stands nearest."""
    says = part.get("description")
    while True:
        if "$ref" in part:
            part = schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]]
        elif "anyOf" in part and len(rest := [one for one in part["anyOf"] if one.get("type") != "null"]) == 1:
            part = rest[0]
        elif len(part.get("allOf", ())) == 1:
            part = part["allOf"][0]
        else:
            return {**part, "description": says} if says else part
        says = says or part.get("description")


def _is_id(part: dict[str, Any]) -> bool:
    return any(one.get("properties", {}).keys() == {"namespace", "value"} for one in part.get("anyOf", ()))


def _kind(schema: dict[str, Any], part: dict[str, Any]) -> str:
    part = _resolved(schema, part)
    if _is_id(part):
        return "id"
    if "enum" in part:
        return " | ".join(str(value) for value in part["enum"])
    if "anyOf" in part:
        kinds = dict.fromkeys(_kind(schema, one) for one in part["anyOf"] if one.get("type") != "null")
        return " | ".join(kinds)
    if part.get("type") == "array":
        return f"list of {_kind(schema, part.get('items', {}))}"
    if part.get("format") in ("date-time", "uuid", "date"):
        return {"date-time": "time", "uuid": "UUID", "date": "date"}[part["format"]]
    return {"string": "text", "integer": "whole number", "number": "number", "boolean": "true | false"}.get(
        str(part.get("type", "any")), "object" if part.get("type") == "object" else "any"
    )


def _says(schema: dict[str, Any], part: dict[str, Any]) -> str:
    whole = _resolved(schema, part)
    told = [str(whole["description"]).split("\n")[0].strip()] if whole.get("description") else []
    default = part.get("default", whole.get("default"))
    if default not in (None, [], {}, ""):
        told.append(f"Default: {orjson.dumps(default).decode()}.")
    low, high = whole.get("minimum", whole.get("exclusiveMinimum")), whole.get("maximum")
    if low is not None and high is not None and abs(high) < 1e9:
        told.append(f"{low:g} to {high:g}.")
    if whole.get("type") == "array" and "maxItems" in whole:
        told.append(f"At most {whole['maxItems']:,}.")
    return " ".join(told)


def _fields(schema: dict[str, Any], part: dict[str, Any], depth: int) -> Iterator[FieldDoc]:
    whole = _resolved(schema, part)
    if whole.get("type") == "array":
        yield from _fields(schema, whole.get("items", {}), depth)
        return
    required = set(whole.get("required", ()))
    for name, inner in whole.get("properties", {}).items():
        yield FieldDoc(name, _kind(schema, inner), name in required, _says(schema, inner), depth)
        if depth + 1 < _DEEPEST and not _is_id(_resolved(schema, inner)):
            yield from _fields(schema, inner, depth + 1)


def main() -> None:
    """Print docs/reference.md."""
    import tempfile
    from pathlib import Path

    from regulars.store.workspace import Workspace
    from regulars.web.api import create_app

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Workspace.create(Path(folder) / "shop").folder)
        print(markdown(app.openapi()), end="")


if __name__ == "__main__":
    main()
