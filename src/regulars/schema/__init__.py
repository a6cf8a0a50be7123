"""What a shop is made of. Every record and every field is named here once; nothing here reads or writes anything."""

from regulars.schema.articles import Article
from regulars.schema.catalogue import Picture, Product, Variant
from regulars.schema.conversations import Conversation
from regulars.schema.decisions import Action, Decision, Reason
from regulars.schema.events import Event, EventType
from regulars.schema.identity import DEFAULT_NAMESPACE, ExternalId
from regulars.schema.money import Money, exponent_of
from regulars.schema.orders import Order, OrderLine, Payment, Shipment
from regulars.schema.people import Consent, Customer, PaymentMethod
from regulars.schema.reviews import Review
from regulars.schema.shop import ShopSettings

__all__ = [
    "DEFAULT_NAMESPACE",
    "Action",
    "Article",
    "Consent",
    "Conversation",
    "Customer",
    "Decision",
    "Event",
    "EventType",
    "ExternalId",
    "Money",
    "Order",
    "OrderLine",
    "Payment",
    "PaymentMethod",
    "Picture",
    "Product",
    "Reason",
    "Review",
    "Shipment",
    "ShopSettings",
    "Variant",
    "exponent_of",
]
