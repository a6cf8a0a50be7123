"""HTML to plain text: tags go, blocks become lines, scripts and styles are dropped. Never runs or fetches anything."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

_BLOCKS = frozenset(["address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul"])  # fmt: skip
_SILENT = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "head"})
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
_LOOKS_LIKE = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|&(?:[a-zA-Z]{2,12}|#\d{1,7}|#x[0-9a-fA-F]{1,6});")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent.append(tag)
        elif tag in _BLOCKS and not self.silent:
            self.parts.append("\n• " if tag == "li" else "\n")
        elif tag in ("td", "th") and not self.silent:
            self.parts.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS and not self.silent:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            if tag in self.silent:
                while self.silent.pop() != tag:
                    pass
        elif tag in _BLOCKS and not self.silent:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(data)


def plain_text(text: str) -> str:
    """Text that is no HTML comes back trimmed and otherwise as it is.

    >>> plain_text("<p>Soft &amp; warm.</p><ul><li>Wool<li>Red</ul><script>alert(1)</script>")
    'Soft & warm.\\n• Wool\\n• Red'
    """
    if not _LOOKS_LIKE.search(text):
        return text.strip()
    parser = _Text()
    try:
        parser.feed(text)
        parser.close()
        made = "".join(parser.parts)
    except (AssertionError, ValueError):  # the parser gives up on some marked sections
        made = html.unescape(_TAG.sub(" ", text))
    lines = (re.sub(r"[ \t\r\f\v\u00a0]+", " ", line).strip() for line in made.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line and line != "•"))
