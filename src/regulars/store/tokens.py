"""Signed customer tokens: a browser with a public key can speak for a customer only with one that the shop's server made.

`namespace:value` and an expiry, in URL-safe base64, and their HMAC-SHA256 under the shop's secret. Any server can make
one in three lines; docs/api.md shows them in Python, PHP and JavaScript.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

from regulars.errors import Unauthenticated
from regulars.schema import ExternalId
from regulars.schema.identity import as_external_id


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(secret: bytes, body: str) -> str:
    return _encoded(hmac.digest(secret, body.encode(), hashlib.sha256))


def sign_customer(secret: bytes, customer: ExternalId, seconds: float = 86_400) -> str:
    """A token valid for this many seconds."""
    claim = {"namespace": customer.namespace, "customer": customer.value, "until": int(time.time() + seconds)}
    body = _encoded(json.dumps(claim, separators=(",", ":")).encode())
    return f"{body}.{_mac(secret, body)}"


def verify_customer(secret: bytes, token: str) -> ExternalId:
    """Whom the token speaks for. Raises: Unauthenticated when forged, broken or expired."""
    body, dot, mac = token.partition(".")
    if not dot or not token.isascii() or not hmac.compare_digest(mac, _mac(secret, body)):
        raise Unauthenticated(
            "The customer token isn't one of this shop's.", hint="Make it on your server, after login."
        )
    try:
        claim = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        customer = as_external_id({"namespace": claim["namespace"], "value": claim["customer"]})
        until = float(claim["until"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unauthenticated(
            "The customer token can't be read.", hint="Make it on your server, after login."
        ) from error
    if time.time() > until:
        raise Unauthenticated("The customer token has expired.", hint="Make a new one on your server.")
    return customer
