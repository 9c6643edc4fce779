"""Who may ask the stand-in: service accounts, their access tokens, and issuers.

https://developers.google.com/identity/protocols/oauth2/service-account
"""

import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.auth import exceptions, jwt

from passes.clock import Clock
from wallet_google.identity import SCOPE
from wallet_google.service_account import TOKEN_URL, ServiceAccount
from wallet_google.standin import replies
from wallet_google.standin.replies import Reply

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LASTS = timedelta(seconds=3600)
# How the library that reads assertions begins when their time is wrong.
_TIMES = ("Token used too early", "Token expired")


@dataclass(slots=True)
class Office:
    """Knows accounts and issuers, and gives access tokens.

    *users* names the accounts that were invited by each issuer.
    """

    clock: Clock
    accounts: dict[str, ServiceAccount] = field(default_factory=dict)
    users: dict[str, set[str]] = field(default_factory=dict)
    _tokens: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, account: ServiceAccount, issuer_id: str) -> None:
        """Make *account* known, and a user of the issuer."""
        self.accounts[account.email] = account
        self.users.setdefault(issuer_id, set()).add(account.email)

    def give_token(self, form: Mapping[str, str]) -> tuple[Reply, dict[str, Any]]:
        """Answer somebody who asks for a token, and return what was claimed."""
        if form.get("grant_type") != _GRANT:
            return _no_token("unsupported_grant_type", "Not a JWT bearer's."), {}
        assertion = form.get("assertion", "")
        try:
            claims = jwt.decode(assertion, self._keys(), audience=self._audiences())
        except (exceptions.GoogleAuthError, ValueError, TypeError) as error:
            late = any(word in str(error) for word in _TIMES)
            what = "not in a reasonable timeframe" if late else "signature"
            return _no_token("invalid_grant", f"Invalid JWT: {what}."), {}
        return self._judge(claims), dict(claims)

    def _judge(self, claims: Mapping[str, Any]) -> Reply:
        if claims.get("iss") not in self.accounts:
            return _no_token("invalid_grant", "Account not found.")
        if SCOPE not in str(claims.get("scope", "")).split():
            return _no_token("invalid_scope", "No scope of Google Wallet's.")
        return self._give(str(claims["iss"]))

    def who(self, authorization: str | None) -> str:
        """Return the account whose token an Authorization header carries.

        Raises:
            RefusedError: it carries none that counts.
        """
        kind, _, token = (authorization or "").partition(" ")
        email, ends_at = self._tokens.get(token, ("", None))
        if kind != "Bearer" or ends_at is None or ends_at <= self.clock():
            raise replies.unauthenticated("The access token is missing or invalid.")
        return email

    def may(self, email: str, issuer_id: str) -> bool:
        """Tell whether the account is a user of the issuer."""
        return email in self.users.get(issuer_id, set())

    def revoke(self) -> None:
        """Let no token count that was given so far."""
        with self._lock:
            self._tokens.clear()

    def key(self, email: str) -> rsa.RSAPublicKey | None:
        """Return what verifies the signatures of an account."""
        account = self.accounts.get(email)
        return account.key.public_key() if account else None

    def _give(self, email: str) -> Reply:
        token = f"ya29.stand-in-{secrets.token_urlsafe(24)}"
        with self._lock:
            self._tokens[token] = (email, self.clock() + _LASTS)
        given = {
            "access_token": token,
            "expires_in": int(_LASTS.total_seconds()) - 1,
            "token_type": "Bearer",
        }
        return Reply(HTTPStatus.OK, json.dumps(given).encode())

    def _keys(self) -> dict[str, bytes]:
        return {
            one.key_id: one.key.public_key().public_bytes(
                Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
            )
            for one in self.accounts.values()
        }

    def _audiences(self) -> list[str]:
        return [TOKEN_URL, *(one.token_url for one in self.accounts.values())]


def revoked() -> Reply:
    """Answer that the account's key is no more."""
    return _no_token("invalid_grant", "Invalid JWT Signature.")


def _no_token(error: str, description: str) -> Reply:
    body = {"error": error, "error_description": description}
    return Reply(HTTPStatus.BAD_REQUEST, json.dumps(body).encode())
