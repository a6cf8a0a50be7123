"""The one field of work that takes a while: how many minutes at most. Shared by training and tuning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regulars.desk import parts
from regulars.desk.markup import Markup
from regulars.desk.visit import Visit
from regulars.errors import InvalidInput

NAME = "minutes"


def field(label: str, usual: float, least: float, most: float) -> Markup:
    """The field, with its usual value in it."""
    bounds = {"min": f"{least:g}", "max": f"{most:g}", "step": "any"}
    return parts.field(NAME, label, f"{usual:g}", kind="number", required=True, **bounds)


def given(visit: Visit, form: Mapping[str, Sequence[str]], least: float, most: float) -> float:
    """What was filled in. Raises InvalidInput when it is no number, or out of bounds."""
    say = visit.say
    try:
        minutes = float(form[NAME][0])
    except (KeyError, ValueError):
        raise InvalidInput(say("The time is a number of minutes.")) from None
    if not least <= minutes <= most:
        raise InvalidInput(say("The time is between {least} and {most} minutes.", least=f"{least:g}", most=f"{most:g}"))
    return minutes
