"""A share with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z = 1.959964  # 95 %


@dataclass(frozen=True, slots=True)
class Rate:
    """`some` of `all`. Counted as independent trials: several looks of one person make the interval a little too narrow."""

    some: int
    all: int

    @property
    def share(self) -> float | None:
        return self.some / self.all if self.all else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval; None where nothing was counted.

        >>> [round(end, 3) for end in Rate(5, 100).interval]
        [0.022, 0.112]
        """
        if not self.all:
            return None
        share = self.some / self.all
        wide = Z * Z / self.all
        middle = (share + wide / 2) / (1 + wide)
        half = Z / (1 + wide) * sqrt(share * (1 - share) / self.all + wide / (4 * self.all))
        low = 0.0 if self.some == 0 else max(0.0, middle - half)
        high = 1.0 if self.some == self.all else min(1.0, middle + half)
        return low, high
