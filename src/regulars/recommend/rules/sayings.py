"""What is said of many mistakes in rules, whatever it is about. Knows no grammar."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.language.translations import Saying, saying


def missing(what: Saying | str) -> Saying:
    """At a line's end. what: a plain string is a word of the language, the same for every reader."""
    return saying("The rule ends too early: {what} is missing.", what=what)


def meant(near: str) -> Saying:
    """The word that is nearest to what was written."""
    return saying("Did you mean {near}?", near=repr(near))


def choice(options: Sequence[str]) -> Saying:
    """All that could stand there."""
    return saying("Choose {options}.", options=", ".join(dict.fromkeys(options)))
