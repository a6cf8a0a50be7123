"""The console's pages of customer service: inbox and conversations, and the assistant's knowledge, policies and quality."""

from __future__ import annotations

from regulars.assist.pages import conversation, inbox, knowledge, policies, quality
from regulars.assist.pages.context import Room


def mount(room: Room) -> None:
    """Hangs all of them into the console."""
    inbox.mount(room)
    conversation.mount(room)
    quality.mount(room)
    knowledge.mount(room)
    policies.mount(room)
