"""The classes and objects of the stand-in, kept as Google keeps them.

https://developers.google.com/wallet/reference/rest/v1/loyaltyclass
https://developers.google.com/wallet/reference/rest/v1/loyaltyobject
"""

import copy
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wallet_google.standin import replies, wallets
from wallet_google.standin.wallets import Wallets

CLASS = "loyaltyClass"
OBJECT = "loyaltyObject"
KINDS = (CLASS, OBJECT)

Resource = dict[str, Any]
Judge = Callable[[str, Mapping[str, Any], bool], list[str]]
"""Tells what is wrong with a body of a kind; the last one says that it is a PATCH's."""

_ID = re.compile(r"([0-9]+)\.[\w.-]+", re.ASCII)
_SETTABLE = {"DRAFT", "UNDER_REVIEW"}
_NOT_KEPT = "notifyPreference"


def issuer_of(resource_id: object) -> str:
    """Return the issuer in an id.

    Raises:
        RefusedError: it is no id.
    """
    found = _ID.fullmatch(resource_id) if isinstance(resource_id, str) else None
    if found is None:
        raise replies.invalid(f"Invalid resource ID: {resource_id}")
    return found[1]


@dataclass(slots=True)
class Resources:
    """What was stored; safe to share between threads.

    *wallets* hears of what its holders are to be told.
    """

    judge: Judge
    wallets: Wallets = field(default_factory=Wallets)
    fetch: Callable[[str], bytes] | None = None
    _kept: dict[str, dict[str, Resource]] = field(
        default_factory=lambda: {kind: {} for kind in KINDS}
    )
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def insert(self, kind: str, body: Resource, at: datetime) -> Resource:
        """Store something new, and return it as Google shows it."""
        with self._lock:
            issuer_of(body.get("id"))
            self._judge(kind, body, patch=False)
            if body["id"] in self._kept[kind]:
                raise replies.taken(body["id"])
            return self._store(kind, {}, body, body, at)

    def patch(
        self, kind: str, resource_id: str, body: Resource, at: datetime
    ) -> Resource:
        """Change what *body* names: arrays as a whole, None is forgotten."""
        with self._lock:
            before = self._find(kind, resource_id)
            self._judge(kind, body, patch=True)
            _same_id(resource_id, body)
            return self._store(kind, before, _merged(before, body), body, at)

    def update(
        self, kind: str, resource_id: str, body: Resource, at: datetime
    ) -> Resource:
        """Store *body* in place of what was there: everything else is gone."""
        with self._lock:
            before = self._find(kind, resource_id)
            self._judge(kind, {"id": resource_id, **body}, patch=False)
            _same_id(resource_id, body)
            return self._store(kind, before, {"id": resource_id, **body}, body, at)

    def add_message(
        self, kind: str, resource_id: str, body: Resource, at: datetime
    ) -> Resource:
        """Append one message."""
        with self._lock:
            before = self._find(kind, resource_id)
            self.accept("addMessage", body)
            messages = [*before.get("messages", []), body["message"]]
            after = {**before, "messages": messages}
            return {"resource": self._store(kind, before, after, after, at)}

    def get(self, kind: str, resource_id: str) -> Resource:
        """Return what is stored, as Google shows it."""
        with self._lock:
            issuer_of(resource_id)
            return self._shown(kind, self._find(kind, resource_id))

    def listed(self, kind: str, owner: str, start: int, most: int | None) -> Resource:
        """Return a page of a class's objects or an issuer's classes.

        *start* is where it begins; without *most* everything from there on.
        """
        with self._lock:
            found = [
                self._shown(kind, one)
                for one in self._kept[kind].values()
                if _owner(kind, one) == owner
            ]
        page = found[start:] if most is None else found[start : start + most]
        pagination: Resource = {"resultsPerPage": len(page)}
        if start + len(page) < len(found):
            pagination["nextPageToken"] = str(start + len(page))
        return {"resources": page, "pagination": pagination}

    def forget(self, kind: str, resource_id: str) -> None:
        """Lose a class or object, as no request can make Google do."""
        with self._lock:
            self._kept[kind].pop(resource_id, None)

    def judged(self, kind: str, body: Resource) -> None:
        """Refuse a body as it would be refused if it came to be stored.

        One that names what is stored already, and nothing else of it, is right.
        """
        with self._lock:
            known = body.get("id") in self._kept[kind]
            if not (known and set(body) <= {"id", "classId"}):
                self._judge(kind, body, patch=False)

    def accept(self, kind: str, body: Resource) -> None:
        """Refuse a request that is not as it has to be."""
        if findings := self.judge(kind, body, False):
            raise replies.invalid(" ".join(findings))

    def _find(self, kind: str, resource_id: str) -> Resource:
        issuer_of(resource_id)
        found = self._kept[kind].get(resource_id)
        if found is None:
            what = "Class" if kind == CLASS else "Object"
            reason = "classNotFound" if kind == CLASS else "resourceNotFound"
            raise replies.absent(reason, f"{what} {resource_id} not found.")
        return found

    def _judge(self, kind: str, body: Resource, *, patch: bool) -> None:
        if kind == CLASS and body.get("reviewStatus", "DRAFT") not in _SETTABLE:
            raise replies.invalid("reviewStatus: it may be set to UNDER_REVIEW only.")
        if findings := self.judge(kind, body, patch):
            raise replies.invalid(" ".join(findings))

    def _store(
        self, kind: str, before: Resource, after: Resource, sent: Resource, at: datetime
    ) -> Resource:
        kept = {name: value for name, value in after.items() if name != _NOT_KEPT}
        kept = copy.deepcopy(kept)
        if before:
            self._judge(kind, kept, patch=False)
        if kind == CLASS:
            _check_review(before, sent)
        else:
            self._check_class(kept["classId"])
        self._check_images(before, kept)
        self._count_messages(kind, before, kept, at)
        self._kept[kind][kept["id"]] = kept
        self._tell(kind, before, kept, sent, at)
        return self._shown(kind, kept)

    def _check_class(self, class_id: str) -> None:
        found = self._kept[CLASS].get(class_id)
        if found is None:
            raise replies.invalid(f"classId: class {class_id} not found.")
        if found["reviewStatus"] == "DRAFT":
            raise replies.invalid(f"classId: class {class_id} is still a draft.")

    def _check_images(self, before: Resource, after: Resource) -> None:
        """Fetch what is new, as Google does: one picture fails the whole body."""
        if self.fetch is None:
            return
        for url in sorted(_images(after) - _images(before)):
            try:
                self.fetch(url)
            except OSError as error:
                raise replies.invalid(f"Image cannot be loaded: {url}") from error

    def _count_messages(
        self, kind: str, before: Resource, after: Resource, at: datetime
    ) -> None:
        for _ in wallets.new_messages(before, after):
            if not self.wallets.may_message(after["id"], at):
                where = f"{'class' if kind == CLASS else 'object'} {after['id']}"
                raise replies.no_more_messages(issuer_of(after["id"]), where)

    def _tell(
        self, kind: str, before: Resource, after: Resource, sent: Resource, at: datetime
    ) -> None:
        holders = [after["id"]]
        changes = wallets.changes_of_object(before, after)
        loyalty_class = after
        if kind == CLASS:
            held = self.wallets.holdings.values()
            holders = [one.object_id for one in held if one.class_id == after["id"]]
            changes = wallets.changes_of_class(before, after)
        else:
            loyalty_class = self._kept[CLASS][after["classId"]]
        asked = before and sent.get(_NOT_KEPT) == "NOTIFY_ON_UPDATE"
        for object_id in holders:
            for message in wallets.new_messages(before, after):
                self.wallets.message(object_id, message, at)
            if asked:
                title = str(loyalty_class["programName"])
                self.wallets.updated(object_id, title, changes, at)

    def _shown(self, kind: str, kept: Resource) -> Resource:
        shown = copy.deepcopy(kept)
        if kind == CLASS:
            if shown["reviewStatus"] == "UNDER_REVIEW":
                shown["reviewStatus"] = "APPROVED"
            return shown
        shown["classReference"] = self._shown(CLASS, self._kept[CLASS][kept["classId"]])
        shown["hasUsers"] = kept["id"] in self.wallets.holdings
        return shown


def _check_review(before: Resource, sent: Resource) -> None:
    """An approved class asks for its review with every change; it is no draft again."""
    approved = before and before["reviewStatus"] != "DRAFT"
    if approved and sent.get("reviewStatus") != "UNDER_REVIEW":
        raise replies.invalid("reviewStatus: send UNDER_REVIEW with every change.")


def _merged(before: Resource, change: Resource) -> Resource:
    merged = dict(before)
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = _merged(merged[name], value)
        else:
            merged[name] = value
    return merged


def _same_id(resource_id: str, body: Resource) -> None:
    if body.get("id", resource_id) != resource_id:
        raise replies.invalid("id: it is not the one of the address.")


def _owner(kind: str, kept: Resource) -> str:
    return issuer_of(kept["id"]) if kind == CLASS else str(kept["classId"])


def _images(part: object) -> set[str]:
    """The addresses of all the pictures in a body."""
    if isinstance(part, list):
        return {url for one in part for url in _images(one)}
    if not isinstance(part, dict):
        return set()
    uri = part.get("sourceUri", {})
    own = {uri["uri"]} if isinstance(uri, dict) and "uri" in uri else set()
    return own.union(*(_images(one) for one in part.values()))
