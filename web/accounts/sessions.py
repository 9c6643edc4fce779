"""Signed-in browsers: rows of ``web_session``, named by a random cookie.

A browser that has not signed in has no row: what it needs (the seed of its form
tokens, a message to show) travels in the same cookie, signed. Pages for customers
know no cookie at all; there, form tokens are bound to the address (web/csrf.py).
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any, cast

import flask
from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from passes import db
from passes.clock import Clock
from passes.db import Sessions
from passes.errors import BusyError
from web.accounts.account import Account
from web.tables import WebSession

IDLE = timedelta(hours=12)
"""A session that is not used for so long has ended."""

LONGEST = timedelta(days=7)
"""Every session ends after so long, used or not."""

ACCOUNT = "_user_id"
"""Where Flask-Login keeps who is signed in: the account's *fs_uniquifier*."""

# Writing the time of each request would make every page a write.
_TOUCH = timedelta(minutes=1)
_VISIT_SECONDS = 12 * 3600
_VISITOR = "v."
_CUSTOMERS = "join card"
_MACHINES = "media brand static google healthz readyz metrics .well-known"
_FILES = "robots.txt favicon.ico"
# The landing page has no step at all.
_COOKIELESS = frozenset(("", *_CUSTOMERS.split(), *_MACHINES.split(), *_FILES.split()))


class BrowserSession(SecureCookieSession):
    """A session and where it is kept: *token* names its row, None if it has none."""

    token: str | None = None
    retired: str | None = None
    kept: bool = True
    error: Exception | None = None
    seen_at: datetime | None = None

    @property
    def signed_in(self) -> bool:
        """Whether somebody has signed in here."""
        return ACCOUNT in self

    def renew(self) -> None:
        """Forget everything, and be known by another cookie from now on."""
        self.clear()
        self.retired, self.token = self.token or self.retired, None


class ServerSessions(SessionInterface):
    """Opens and saves the sessions of the site."""

    def __init__(
        self, sessions: Sessions, clock: Clock, *, key: bytes, https: bool
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._https = https
        self._key = key
        self._visitors = URLSafeTimedSerializer(key, salt="visitor")
        # Browsers take a __Host- cookie only when it is secure and for all paths.
        self.cookie = "__Host-s" if https else "palier"

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        """Return the browser's session, or an empty one."""
        place = cookieless(request.path)
        if place is not None:
            return self._bound_to(place)
        value = request.cookies.get(self.cookie, "")
        if value.startswith(_VISITOR):
            return self._visitor(value.removeprefix(_VISITOR))
        return self._known(value) if value else BrowserSession()

    def save_session(
        self, app: Flask, session: SessionMixin, response: Response
    ) -> None:
        """Keep what changed, and tell the browser its cookie."""
        browser = cast("BrowserSession", session)
        if not browser.kept:
            return
        if browser.accessed or browser.modified:
            response.vary.add("Cookie")
        if browser.signed_in:
            self._save_row(browser, response)
        else:
            self._save_visitor(browser, response)

    def _bound_to(self, place: str) -> BrowserSession:
        seed = hmac.new(self._key, f"form:{place}".encode(), hashlib.sha256)
        browser = BrowserSession({"csrf_token": seed.hexdigest()})
        browser.kept = False
        return browser

    def _visitor(self, value: str) -> BrowserSession:
        try:
            document = self._visitors.loads(value, max_age=_VISIT_SECONDS)
        except BadSignature:
            return BrowserSession()
        return BrowserSession(document)

    def _known(self, token: str) -> BrowserSession:
        try:
            return self._signed_in(token)
        except (SQLAlchemyError, BusyError) as error:
            # Raised when there is a request that an error page can answer.
            browser = BrowserSession()
            browser.kept, browser.error = False, error
            return browser

    def _signed_in(self, token: str) -> BrowserSession:
        now = self._clock()
        with db.read(self._sessions) as session:
            row = session.scalar(
                select(WebSession).where(WebSession.id == digest(token))
            )
        if row is None or ended(row, now):
            return BrowserSession()
        browser = BrowserSession(cast("dict[str, Any]", row.document))
        browser.token = token
        browser.seen_at = row.seen_at
        return browser

    def _save_row(self, browser: BrowserSession, response: Response) -> None:
        now = self._clock()
        if browser.token is None:
            browser.token = secrets.token_urlsafe(32)
            with db.write(self._sessions) as session:
                _retire(session, browser)
                _insert(session, browser, now)
            self._set(response, browser.token, LONGEST)
        elif browser.modified:
            with db.write(self._sessions) as session:
                _change(session, browser, now)
        elif browser.seen_at is None or now - browser.seen_at >= _TOUCH:
            self._touch(browser.token, now)

    def _touch(self, token: str, now: datetime) -> None:
        try:
            with db.write(self._sessions) as session:
                session.execute(
                    update(WebSession)
                    .where(WebSession.id == digest(token))
                    .values(seen_at=now)
                )
        except (BusyError, SQLAlchemyError):
            # A page that reads is shown even while the disk is full.
            return

    def _save_visitor(self, browser: BrowserSession, response: Response) -> None:
        if browser.token is not None:
            browser.retired, browser.token = browser.token, None
        if browser.retired is not None:
            with db.write(self._sessions) as session:
                _retire(session, browser)
        if browser:
            if browser.modified:
                self._set(response, _VISITOR + self._visitors.dumps(dict(browser)))
        elif browser.modified:
            response.delete_cookie(
                self.cookie, secure=self._https, httponly=True, samesite="Lax"
            )

    def _set(
        self, response: Response, value: str, age: timedelta | None = None
    ) -> None:
        response.set_cookie(
            self.cookie,
            value,
            max_age=age,
            secure=self._https,
            httponly=True,
            samesite="Lax",
        )


def raise_trouble() -> None:
    """Before the first look at the session: say if it could not be read."""
    error = getattr(flask.session, "error", None)
    if error is not None:
        raise error


def cookieless(path: str) -> str | None:
    """Return the place that forms of *path* are bound to, None where cookies count.

    A place is the first two steps of the address: a programme's join page, a card.
    """
    steps = path.lstrip("/").split("/")
    return "/".join(steps[:2]) if steps[0] in _COOKIELESS else None


def digest(token: str) -> str:
    """Return the name of the row that belongs to a cookie's *token*."""
    return hashlib.sha256(token.encode()).hexdigest()


def ended(row: WebSession, at: datetime) -> bool:
    """Tell whether the session was unused for too long, or is too old."""
    return at - row.seen_at >= IDLE or at - row.created_at >= LONGEST


def of_account(session: Session, account_id: int, at: datetime) -> list[WebSession]:
    """Return the account's living sessions, the last used first."""
    rows = session.scalars(
        select(WebSession)
        .where(WebSession.account_id == account_id)
        .order_by(WebSession.seen_at.desc())
    )
    return [row for row in rows if not ended(row, at)]


def end(session: Session, name: str, *, account_id: int | None = None) -> bool:
    """End the session of that row *name*; with *account_id* only if it is theirs."""
    query = delete(WebSession).where(WebSession.id == name)
    if account_id is not None:
        query = query.where(WebSession.account_id == account_id)
    return bool(cast("Any", session.execute(query)).rowcount)


def end_all(session: Session, account_id: int, *, but: str | None = None) -> None:
    """End every session of the account, except the row *but*."""
    query = delete(WebSession).where(WebSession.account_id == account_id)
    if but is not None:
        query = query.where(WebSession.id != but)
    session.execute(query)


def _retire(session: Session, browser: BrowserSession) -> None:
    if browser.retired is not None:
        end(session, digest(browser.retired))
        browser.retired = None


def _insert(session: Session, browser: BrowserSession, now: datetime) -> None:
    account_id = session.scalar(
        select(Account.id).where(Account.fs_uniquifier == browser[ACCOUNT])
    )
    session.add(
        WebSession(
            id=digest(cast("str", browser.token)),
            account_id=account_id,
            document=dict(browser),
            created_at=now,
            seen_at=now,
        )
    )


def _change(session: Session, browser: BrowserSession, now: datetime) -> None:
    # One that was ended meanwhile stays ended: an UPDATE finds no row then.
    session.execute(
        update(WebSession)
        .where(WebSession.id == digest(cast("str", browser.token)))
        .values(document=dict(browser), seen_at=now)
    )
