"""The grounding gate: `check(text, frame)` says whether a text may go out. Its rules are data, in rules/*.json."""

from regulars.language.grounding.findings import Finding, Verdict
from regulars.language.grounding.gate import check

__all__ = ["Finding", "Verdict", "check"]
