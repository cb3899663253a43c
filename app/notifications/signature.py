"""How a webhook's receiver can tell that a message is ours: the signature of standardwebhooks.com, for which receivers
find libraries in many languages."""

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"
KEY_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def headers(secret: str, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """HMAC-SHA256 over `id.timestamp.body`. The id is the same at every try; the timestamp (seconds since 1970) is
    that of this one, so that a receiver can refuse what was recorded long ago."""
    signed = b".".join([id.encode(), str(timestamp).encode(), body])
    key = base64.b64decode(secret.removeprefix(PREFIX))
    mark = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {"webhook-id": id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{mark}"}
