"""Articles from Markdown: a folder of files, or one, each with or without front matter between `---` lines. Knows no record.

Front matter is read as the plain part of YAML that people write there (`name: value`, lists); nothing in it can refer to
anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SUFFIXES = frozenset({".md", ".markdown", ".mdx"})
MAX_FILE = 8 * 1024 * 1024  # more is no article
_PAIR = re.compile(r"([A-Za-z_][\w .\-]{0,80}?)\s*:(?:\s+(.*)|\s*)$")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)


def listed(folder: Path) -> list[Path]:
    """The Markdown files in a folder and the folders below it, by name. Hidden ones don't count."""
    found = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    return sorted(found)


def articles(path: Path) -> Iterator[dict[str, Any] | str]:
    """A row an article: its front matter, and `body`, `heading` and `file`. A text where a file can't be used, saying why."""
    files = listed(path) if path.is_dir() else [path]
    for file in files:
        name = file.relative_to(path).as_posix() if path.is_dir() else file.name
        try:
            if file.stat().st_size > MAX_FILE:
                yield f"{name} is larger than {MAX_FILE // 1024 // 1024} MB"
                continue
            text = file.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            yield f"{name} is not UTF-8"
            continue
        except OSError as error:
            yield f"{name} can't be opened: {error.strerror}"
            continue
        values, body = split(text)
        heading = _HEADING.search(body)
        yield {
            **values,
            "body": body.strip(),
            "file": name.rpartition(".")[0],
            **({"heading": heading.group(1)} if heading else {}),
        }


def split(text: str) -> tuple[dict[str, Any], str]:
    """Front matter and body.

    >>> split("---\\ntitle: Returns\\ntags: [post, money]\\n---\\nWithin 30 days.")
    ({'title': 'Returns', 'tags': ['post', 'money']}, 'Within 30 days.')
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[0].strip() not in ("---", "+++"):
        return {}, "\n".join(lines)
    fence = lines[0].strip()
    end = next((number for number, line in enumerate(lines[1:200], start=1) if line.strip() == fence), None)
    if end is None:
        return {}, "\n".join(lines)
    values: dict[str, Any] = {}
    name = ""
    for line in lines[1:end]:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        item = re.match(r"\s*-\s+(.*)", line)
        pair = _PAIR.match(line if fence == "---" else line.replace("=", ":", 1))
        if item and name and not line.lstrip().startswith("---"):
            held = values.get(name)
            values[name] = [*(held if isinstance(held, list) else [held] if held else []), _unquoted(item.group(1))]
        elif pair and not line[0].isspace():
            name = pair.group(1).strip()
            values[name] = _value(pair.group(2) or "")
        elif name:  # a text that goes on
            held = values.get(name)
            values[name] = f"{held} {line.strip()}".strip() if isinstance(held, str) else held
    return values, "\n".join(lines[end + 1 :])


def _value(text: str) -> Any:
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return [_unquoted(part) for part in text[1:-1].split(",") if part.strip()]
    return "" if text in ("|", ">", "|-", ">-", "~", "null") else _unquoted(text)


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text
