"""What the console's pages of the web room share. Everything behind it may be swapped when the engine starts anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from regulars.desk.frame import Desk
from regulars.desk.works import Works
from regulars.insights.service import Insights
from regulars.shop import Shop
from regulars.store.workspace import Workspace
from regulars.web.console.gate import Doorkeeper
from regulars.web.engine import Engine


@dataclass(frozen=True, slots=True)
class Context:
    """Callables raise DatabaseUnavailable before the engine has started. api_port: where the API is, if not here."""

    desk: Desk
    works: Works
    workspace: Workspace
    shop_of: Callable[[], Shop]
    insights_of: Callable[[], Insights]
    engine_of: Callable[[], Engine]
    door_of: Callable[[], Doorkeeper]
    api_port: int | None = None
