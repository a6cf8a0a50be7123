"""Turn shoppers into regulars: a self-hosted engine that raises a shop's stickiness.

>>> import regulars
>>> regulars.open  # doctest: +ELLIPSIS
<function open at ...>
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regulars.shop import Recommendations, Recommended, Shop, init, open, restore_into

__version__ = "0.1.0"
__all__ = ["Recommendations", "Recommended", "Shop", "init", "open", "restore_into"]


def __getattr__(name: str) -> Any:
    # Loaded at first use: `import regulars.errors` or the supervisor shouldn't pay for the whole engine.
    if name in __all__:
        from regulars import shop

        return getattr(shop, name)
    raise AttributeError(f"module 'regulars' has no attribute {name!r}")
