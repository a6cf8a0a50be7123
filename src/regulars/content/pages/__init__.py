"""The console's pages of content: review, studio, many at once, results, voice and rules."""

from __future__ import annotations

from regulars.content.pages import many, results, review, studio, voice
from regulars.content.pages.context import Room


def mount(room: Room) -> None:
    """Hangs all of them into the console."""
    review.mount(room)
    studio.mount(room)
    many.mount(room)
    results.mount(room)
    voice.mount(room)
