"""The console's pages of recommendations beside a person's own: rules, surfaces, search, exposure, two versions side by side."""

from regulars.recommend.pages import compare, exposure, rules, searches, surfaces
from regulars.recommend.pages.context import Room

__all__ = ["Room", "mount"]


def mount(room: Room) -> None:
    """Hangs the pages into the console."""
    for page in (rules, surfaces, searches, exposure, compare):
        page.mount(room)
