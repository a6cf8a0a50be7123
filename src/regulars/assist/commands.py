"""What a planner may say: typed commands, and nothing else. A planner understands; it never acts and never words a reply."""

from __future__ import annotations

from dataclasses import dataclass

ACTION_FLOWS = (
    "track_order", "cancel_order", "change_address", "change_items", "change_payment", "return_items", "exchange_items",
    "refund_status", "invoice", "store_credit", "stock_alert", "update_profile_address",
)  # fmt: skip
PRODUCT_FLOWS = ("find_product", "recommend")
FLOWS = (*ACTION_FLOWS, *PRODUCT_FLOWS)
CHATTER = ("greeting", "thanks", "goodbye", "bot_challenge", "abuse", "praise", "complaint")

SLOTS = ("order", "items", "new", "address", "method", "reason", "email", "name", "postcode", "product")
"""What a flow can be told. items: line numbers, "1,2" or "all"; new: variant ids in the same order; address: JSON."""


@dataclass(frozen=True, slots=True)
class StartFlow:
    """Do this. What the open flow was told stays, where the new one needs it too."""

    flow: str


@dataclass(frozen=True, slots=True)
class SetSlot:
    """This is meant; also corrects what was meant before."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to the help centre, or about a product. otherwise: the flow to begin where nothing answers it."""

    text: str
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """One of the articles that were named, by its source."""

    source: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """An explicit yes to what was shown, and nothing beside it."""


@dataclass(frozen=True, slots=True)
class Deny:
    """No, not that. instead: the message also seems to say what is wanted instead; where nothing new is found in it, it is a no."""

    instead: bool = False


@dataclass(frozen=True, slots=True)
class CancelFlow:
    """Leave it."""


@dataclass(frozen=True, slots=True)
class ChitChat:
    kind: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """To a person. reason: asked, angry, no_evidence, too_many_attempts, policy."""

    reason: str


@dataclass(frozen=True, slots=True)
class Clarify:
    """It could be one of these flows."""

    options: tuple[str, ...]


Command = StartFlow | SetSlot | Ask | Read | Confirm | Deny | CancelFlow | ChitChat | HandOver | Clarify


def as_text(command: Command) -> str:
    """For traces: `SetSlot(order=1001)`.

    >>> as_text(SetSlot("order", "1001")), as_text(Confirm())
    ('SetSlot(order=1001)', 'Confirm()')
    """
    if isinstance(command, SetSlot):
        return f"SetSlot({command.name}={command.value[:200]})"
    values = [str(getattr(command, name))[:200] for name in command.__slots__]
    return f"{type(command).__name__}({', '.join(values)})"
