"""How often a writer's texts may go out: first drafts of the same questions, judged by the gate as they would be in use."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from regulars.content.gate import judge
from regulars.content.links import linked
from regulars.content.service import WHOLE, left_out
from regulars.content.sheet import Sheet
from regulars.content.writers import Writer
from regulars.errors import RegularsError
from regulars.experiments.statistics import Rate
from regulars.schema.content import Brief


@dataclass(frozen=True, slots=True)
class Measured:
    """passed: texts that the gate lets out and that tell enough. coverage: the share of a record's details that descriptions, lists and
    e-mails tell. failed: why, how often; a text may fail for several reasons. seconds: a text."""

    texts: int
    passed: Rate
    coverage: float
    failed: dict[str, int]
    seconds: float

    def told(self) -> dict[str, Any]:
        """As it is kept: JSON."""
        return {**asdict(self), "passed": asdict(self.passed)}


def measure(
    writer: Writer,
    prompts: Sequence[tuple[Sheet, Brief]],
    foreign: Mapping[int, frozenset[str]],
    progress: Callable[[int, int], None] | None = None,
) -> Measured:
    """One try for each question. foreign: by product, other brands of the shop. Raises nothing: what can't be written has failed."""
    failed: Counter[str] = Counter()
    passed = told = every = 0
    began = time.monotonic()
    for place, (sheet, brief) in enumerate(prompts):
        try:
            fields = linked(writer.write(sheet, brief), sheet, brief.locale)
        except RegularsError as error:
            failed[error.code] += 1
        else:
            flags = [*judge(fields, sheet, brief, foreign.get(sheet.record.product_id, ())).flags]
            flags += left_out(fields, sheet, brief)
            wrong = {one.kind for one in flags if not one.warning}
            failed.update(wrong)
            passed += not wrong
            said = {name for several in fields.values() for one in several for name in one.about}
            told += sum(one.name in said for one in sheet.told(brief.locale)) if brief.kind in WHOLE else 0
        every += len(sheet.told(brief.locale)) if brief.kind in WHOLE else 0
        if progress:
            progress(place + 1, len(prompts))
    seconds = (time.monotonic() - began) / max(1, len(prompts))
    return Measured(len(prompts), Rate(passed, len(prompts)), told / every if every else 0.0, dict(failed), seconds)
