# SPDX-License-Identifier: Apache-2.0
"""PASSporTs that `sidetone sign` would never make: any header, any payload, signed with openssl."""
import base64
import json
import subprocess
import time
import uuid

from world import DEST, ORIG

# Order of P-256, SEC 2 2.4.2
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def canonical(value):
    """RFC 8225 9: keys sorted, no blanks. Text and octets stay as they are."""
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) else json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _integer(der, at):
    """A DER INTEGER at `at`; its value and what follows it."""
    n = der[at + 1]
    return int.from_bytes(der[at + 2:at + 2 + n], "big"), at + 2 + n


def es256(key, message):
    """R||S, 64 octets."""
    der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=message, capture_output=True,
                         check=True).stdout
    r, at = _integer(der, 2)
    s, _ = _integer(der, at)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def claims(orig=ORIG, dest=DEST, iat=None, **more):
    """The payload of a shaken PASSporT; a claim given as None is left out."""
    payload = {"attest": "A", "dest": {"tn": [dest]}, "iat": int(time.time()) if iat is None else iat,
               "orig": {"tn": orig}, "origid": str(uuid.uuid4())}
    payload.update(more)
    return {name: value for name, value in payload.items() if value is not None}


def header(x5u, **more):
    head = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": x5u}
    head.update(more)
    return {name: value for name, value in head.items() if value is not None}


def forge(key, head, payload):
    """A compact JWS over exactly these octets, whatever they say."""
    signing_input = b64(canonical(head)) + "." + b64(canonical(payload))
    return signing_input + "." + b64(es256(key, signing_input.encode()))


def signed_as(token, signature):
    return token.rpartition(".")[0] + "." + b64(signature)


def signature_of(token):
    return unb64(token.rpartition(".")[2])


def twin(token):
    """(r, n - s) verifies as well: threats.md A9."""
    signature = signature_of(token)
    s = N - int.from_bytes(signature[32:], "big")
    return signed_as(token, signature[:32] + s.to_bytes(32, "big"))


def spoilt(token):
    """Whole, but the signature is another's."""
    signature = bytearray(signature_of(token))
    signature[40] ^= 1
    return signed_as(token, bytes(signature))
