"""Reading product feeds in XML: RSS and Atom items, one row each, in constant memory. Knows no field of them.

No entity of the file's own is ever expanded, nothing outside the file is ever read: a file that declares entities is
refused. `line` is where an item begins.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

from regulars.errors import UnreadableFile

ITEMS = frozenset({"item", "entry", "product"})
MAX_ITEM = 8 * 1024 * 1024  # characters of one item; more is a broken file, not a product
MAX_DEPTH = 100
_CHUNK = 1 << 16
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._\-]+)[\"'][^>]*\?>", re.DOTALL)
_NATIVE = frozenset({"utf-8", "utf-16", "iso-8859-1", "us-ascii", "ascii", "latin-1"})


class _Entities(Exception):
    """The file declares entities of its own."""


class _Items:
    """Handlers for expat that gather one item after the other."""

    def __init__(self, encoding: str | None) -> None:
        self.parser = expat.ParserCreate(encoding)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._entity
        self.parser.ExternalEntityRefHandler = self._outside
        self.parser.buffer_text = True
        self.ready: list[tuple[int, dict[str, Any] | str]] = []
        self._depth = 0
        self._item: dict[str, Any] | None = None
        self._line = 0
        self._path: list[str] = []
        self._written: list[list[str]] = []
        self._size = 0

    def _entity(self, *_: Any) -> None:
        raise _Entities

    def _outside(self, *_: Any) -> int:
        raise _Entities

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError(f"elements stand inside each other more than {MAX_DEPTH} deep")
        if self._item is None:
            if name.rpartition(":")[2].lower() in ITEMS:
                self._item, self._path, self._written, self._size = {}, [], [], 0
                self._line = self.parser.CurrentLineNumber
                self._attributes(name, attributes, of_item=True)
            return
        self._path.append(name)
        self._written.append([])
        self._attributes(".".join(self._path), attributes)

    def _attributes(self, path: str, attributes: dict[str, str], *, of_item: bool = False) -> None:
        """`<link href="…"/>` is how Atom writes a link; other attributes are columns `name@attribute`."""
        for key, value in attributes.items():
            if key.startswith("xmlns"):
                continue
            if key == "href" and path == "link":
                if attributes.get("rel", "alternate") == "alternate":
                    self._put("link", value)
            elif not (path == "link" and key in ("rel", "type")):
                self._put(f"@{key}" if of_item else f"{path}@{key}", value)

    def _text(self, text: str) -> None:
        if self._item is None:
            return
        self._size += len(text)
        if self._written and self._size <= MAX_ITEM:
            self._written[-1].append(text)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._item is None:
            return
        if not self._path:
            too_long = self._size > MAX_ITEM
            told: dict[str, Any] | str = (
                f"the item is longer than {MAX_ITEM // 1024 // 1024} MB" if too_long else self._item
            )
            self.ready.append((self._line, told))
            self._item = None
            return
        text = "".join(self._written.pop()).strip()
        if text:
            self._put(".".join(self._path), text)
        self._path.pop()

    def _put(self, column: str, value: str) -> None:
        assert self._item is not None
        held = self._item.get(column)
        if held is None:
            self._item[column] = value
        elif isinstance(held, list):
            held.append(value)
        else:
            self._item[column] = [held, value]


def _other_encoding(head: bytes) -> str | None:
    """The name of an encoding that is declared and that expat doesn't read by itself (GBK, Big5, …)."""
    found = _DECLARED.match(head)
    if found is None:
        return None
    name = found.group(1).decode().lower()
    if name in _NATIVE:
        return None
    try:
        return "gb18030" if name in ("gb2312", "gbk") else codecs.lookup(name).name
    except LookupError:
        return None


def items(file: IO[bytes], path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Each item's first line and its columns; a text instead where the item can't be used, saying why.

    A file that stops being XML ends with such a text: what stood before it counts.
    Raises: UnreadableFile when the file declares entities.
    """
    head = file.read(_CHUNK).lstrip()
    other = _other_encoding(head)
    decode = codecs.getincrementaldecoder(other)(errors="replace") if other else None
    reading = _Items("utf-8" if decode else None)
    chunk = head
    try:
        while True:
            last = not chunk
            if decode is not None:
                chunk = decode.decode(chunk, last).encode()
            reading.parser.Parse(chunk, last)
            yield from reading.ready
            reading.ready.clear()
            if last:
                return
            chunk = file.read(_CHUNK)
    except LookupError as error:
        raise UnreadableFile(
            f"{path} says that it is written in an encoding that isn't known.", hint="Save it as UTF-8.", file=str(path)
        ) from error
    except _Entities:
        raise UnreadableFile(
            f"{path} declares entities of its own, which could blow up to any size.",
            hint="Take the <!DOCTYPE …> out and import it again.",
            file=str(path),
            line=reading.parser.CurrentLineNumber,
        ) from None
    except (expat.ExpatError, ValueError) as error:
        yield from reading.ready
        reason = expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else str(error)
        yield reading.parser.CurrentLineNumber, f"is not XML from here on: {reason}; nothing behind it can be read"
