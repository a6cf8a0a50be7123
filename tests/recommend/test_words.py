"""Every code that a list can carry has words, in both languages."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from regulars.language.translations import Say, say_in
from regulars.recommend import again, words
from regulars.recommend.filters import FilterBase
from regulars.recommend.model import SOURCE_TYPES
from regulars.recommend.surfaces import SURFACES
from regulars.schema import EventType

_FILTERS = re.findall(r'by\["(\w+)"\]', Path(sys.modules[FilterBase.__module__].__file__ or "").read_text("utf-8"))


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (words.source_words, {*SOURCE_TYPES, again.SOURCE, "newest", "explore"}),
        (words.surface_words, set(SURFACES)),
        (words.event_words, set(EventType)),
        (words.filter_words, {*_FILTERS, "not_for_sale", "out_of_stock", "excluded_by_shop"}),
    ],
)
def test_every_code_has_words_in_both_languages(table: Callable[[Say], dict[str, str]], codes: set[str]) -> None:
    english, chinese = table(say_in("en")), table(say_in("zh"))
    assert codes - set(english) == set()
    assert [code for code in codes if english[code] == chinese[code]] == []
