"""Members over the API: add, search, show, change, erase."""

from flask import Response
from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.cards import finding, holder
from passes.people import consent
from passes.people import member as members
from passes.people.consent import Purpose
from passes.people.member import Details, Member
from passes.privacy import erasure
from passes.programmes.programme import Programme
from web import idempotency
from web.api import access, calls, problems, wording
from web.api import cards as card_calls
from web.api.bodies import (
    ChangedMember,
    MemberBody,
    MemberPath,
    MembersQuery,
    NewMember,
)
from web.api.problems import RefusedError
from web.idempotency import Answer
from web.services import services

_DETAILS = {
    "name": "name",
    "email": "email",
    "phone": "phone",
    "birthday": "birthday",
    "locale": "language",
}
_REMOVABLE = ("name", "email", "phone", "birthday")
# The integrator showed words of its own, which it keeps the proof of.
_WORDS = "integrator"


def add(body: NewMember) -> Response:
    """Add a member with a card. The caller vouches for the contact."""
    if body.referral is not None:
        raise RefusedError("not_supported_yet", field="referral")

    def work(session: Session) -> Answer:
        programme = calls.programme(session)
        at = services().clock()
        member = members.add(session, programme, _details(body), confirmed=True, at=at)
        _record_consents(session, member, body)
        card = cards.open_card(session, programme, member.id, at)
        _note(session, "member.add", member, body)
        return calls.created(
            {
                "member": _worded(session, member),
                "card": card_calls.opened(session, programme, member, card),
            },
            subject=idempotency.about(member.public_id),
        )

    return calls.once(work) if calls.key() else calls.write(work)


def search(query: MembersQuery) -> Response:
    """Return members whose name, address or number holds `q`."""

    def work(session: Session) -> Answer:
        programme = calls.programme(session)
        rows = members.search(
            session,
            programme.id,
            query.q or "",
            after=wording.read_cursor(query.cursor) or 0,
            limit=query.limit + 1,
        )
        page = rows[: query.limit]
        more = len(rows) > query.limit
        return calls.ok(
            {
                "items": [_worded(session, member) for member in page],
                "next_cursor": wording.cursor(page[-1].id) if more else None,
            }
        )

    return calls.read(work)


def show(path: MemberPath) -> Response:
    """Return a member."""

    def work(session: Session) -> Answer:
        programme = calls.programme(session)
        return calls.ok(_worded(session, _member(session, programme, path)))

    return calls.read(work)


def change(path: MemberPath, body: ChangedMember) -> Response:
    """Change what is known of a member; what is left out stays."""

    def work(session: Session) -> Answer:
        programme = calls.programme(session)
        member = _member(session, programme, path)
        sent = body.model_fields_set
        removed = [name for name in _REMOVABLE if _cleared(body, name)]
        holder.change(
            session,
            programme,
            member,
            _details(body),
            removed=removed,
            at=services().clock(),
        )
        if "consents" in sent:
            _record_consents(session, member, body)
        fields = sorted(sent - {"consents"})
        _note(session, "member.change", member, body, fields=fields)
        return calls.ok(_worded(session, member))

    return calls.write(work)


def erase(path: MemberPath) -> Response:
    """Forget the member and void their cards; the ledger's sums stay."""

    def work(session: Session) -> Answer:
        programme = calls.programme(session)
        member = _member(session, programme, path)
        erasure.erase(session, member, actor=access.actor(), at=services().clock())
        told = problems.tell("erased")
        idempotency.forget(
            session,
            programme.id,
            idempotency.about(member.public_id),
            Answer(told.status, told.body),
        )
        return Answer(204, b"")

    return calls.write(work)


def _member(session: Session, programme: Programme, path: MemberPath) -> Member:
    return members.by_public_id(session, programme.id, path.member)


def _details(body: MemberBody) -> Details:
    return Details(**{ours: getattr(body, sent) for sent, ours in _DETAILS.items()})


def _cleared(body: MemberBody, name: str) -> bool:
    return name in body.model_fields_set and getattr(body, name) is None


def _record_consents(session: Session, member: Member, body: MemberBody) -> None:
    if body.consents is None:
        return
    for purpose in Purpose:
        granted = getattr(body.consents, purpose.value)
        if granted is not None:
            consent.record(
                session,
                member.id,
                purpose,
                granted=granted,
                text_version=_WORDS,
                source="api",
                at=services().clock(),
            )
    session.flush()


def _note(
    session: Session, action: str, member: Member, body: MemberBody, **facts: object
) -> None:
    if body.consents is not None:
        facts["consents"] = body.consents.model_dump(exclude_none=True)
    calls.note(session, action, f"member:{member.public_id}", facts)


def _worded(session: Session, member: Member) -> dict[str, object]:
    return wording.member(
        member,
        consent.current(session, member.id),
        finding.of_member(session, member.id),
    )
