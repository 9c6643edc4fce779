"""Cards over the API: look one up, quote, earn, adjust, read, replace its code."""

from collections.abc import Sequence

from flask import Response
from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.cards import finding
from passes.cards.card import Card, CardRow
from passes.cards.finding import Found
from passes.loyalty import adjustments, ledger, purchases, undo
from passes.loyalty.entry import Appended, Entry, Unit
from passes.loyalty.purchases import Till
from passes.people.member import Member
from passes.programmes import rules as ruleset
from passes.programmes.programme import Programme, Shop
from web import scans
from web.api import access, calls, wording
from web.api.bodies import (
    Adjustment,
    CardPath,
    Code,
    EntryPath,
    PageQuery,
    PurchaseBody,
)
from web.api.keys import Scope
from web.api.problems import RefusedError
from web.idempotency import Answer
from web.services import services

_LATER = ("tip", "voucher", "cashback", "location")


def lookup(body: Code) -> Response:
    """Find a card by its member code, its short code or a code that changes.

    A code that changes counts once: ask again with the next one. Codes that are none
    are counted by the key: 20 in an hour end its looking up.
    """

    def answer(session: Session, programme: Programme, card: Card) -> Answer:
        return calls.ok(shown(session, _of(session, programme, card)))

    asker = access.caller().actor().name
    return calls.respond(scans.look_up(body.code, asker, calls.programme, answer))


def show(path: CardPath) -> Response:
    """Return a card."""

    def work(session: Session) -> Answer:
        return calls.ok(shown(session, _found(session, path)))

    return calls.read(work)


def quote(path: CardPath, body: PurchaseBody) -> Response:
    """Return what `earn` would give for the same body; nothing is written."""

    def work(session: Session) -> Answer:
        found = _found(session, path)
        cards.check_active(found.card, services().clock())
        programme = found.programme
        given = purchases.quote(session, programme, _till(programme, body))
        return calls.ok(wording.quote(given, programme.decimals))

    return calls.read(work)


def earn(path: CardPath, body: PurchaseBody) -> Response:
    """Credit a purchase to the card."""

    def work(session: Session) -> Answer:
        found = _found(session, path, lock=True)
        earned = purchases.earn(
            session,
            found.programme,
            found.card.id,
            _till(found.programme, body),
            actor=access.actor(),
            at=services().clock(),
            idempotency_key=calls.key(),
        )
        decimals = found.programme.decimals
        return calls.created(
            {
                "purchase": wording.purchase(earned.purchase, decimals),
                "entries": [
                    wording.entry(entry, decimals, earned.purchase)
                    for entry in _points(earned.entries)
                ],
                "card": shown(session, found),
            }
        )

    return calls.once(work)


def adjust(path: CardPath, body: Adjustment) -> Response:
    """Give the card points by hand, or take them; the reason is kept."""

    def work(session: Session) -> Answer:
        found = _found(session, path, lock=True)
        written = adjustments.adjust(
            session,
            found.programme,
            found.card.id,
            body.points,
            reason=body.reason,
            actor=access.actor(),
            at=services().clock(),
            idempotency_key=calls.key(),
        )
        return calls.created(_moved(session, found, written))

    return calls.once(work)


def entries(path: CardPath, query: PageQuery) -> Response:
    """Return the card's ledger, newest first."""

    def work(session: Session) -> Answer:
        found = _found(session, path)
        rows = ledger.of_card(
            session,
            found.card.id,
            before=wording.read_cursor(query.cursor),
            limit=query.limit + 1,
        )
        page = rows[: query.limit]
        more = len(rows) > query.limit
        return calls.ok(
            {
                "items": _worded(session, found.programme, page),
                "next_cursor": wording.cursor(page[-1].sequence or 0) if more else None,
            }
        )

    return calls.read(work)


def replace_code(path: CardPath) -> Response:
    """Give the card new codes; the old ones stop working, the phones follow."""

    def work(session: Session) -> Answer:
        found = _found(session, path, lock=True)
        card = cards.lock_active(session, found.card.id, services().clock())
        cards.replace_code(session, card, services().clock())
        calls.note(session, "card.replace_code", f"card:{card.public_id}")
        return calls.ok(shown(session, found))

    return calls.once(work)


def undo_entry(path: EntryPath) -> Response:
    """Take back the whole movement that an entry is of, by its exact opposite.

    A key without the scope `admin` may do so with its own, for 15 minutes.
    """

    def work(session: Session) -> Answer:
        programme = calls.programme(session)
        written = undo.undo(
            session,
            programme,
            path.entry,
            actor=access.actor(),
            at=services().clock(),
            idempotency_key=calls.key(),
        )
        card = cards.lock(session, written[0].card_id or 0)
        return calls.created(_moved(session, _of(session, programme, card), written))

    return calls.once(work)


def shown(session: Session, found: Found) -> dict[str, object]:
    """Return the card as the present key may see it."""
    google = services().google
    return wording.card(
        found,
        ruleset.live(session, found.programme),
        base_url=services().settings.base_url,
        at=services().clock(),
        devices=services().apple.installed(session, found.card.id),
        in_google=google.state(session, found.card.id) if google else None,
        with_code=Scope.REDEEM in access.caller().scopes,
    )


def opened(
    session: Session, programme: Programme, member: Member, card: Card
) -> dict[str, object]:
    """Return a new card of a member."""
    return shown(session, Found(card, programme, member.public_id))


def _found(session: Session, path: CardPath, *, lock: bool = False) -> Found:
    return finding.found(session, access.caller().programme_id, path.card, lock=lock)


def _of(session: Session, programme: Programme, card: Card | CardRow) -> Found:
    member = session.get_one(Member, card.member_id)
    return Found(card, programme, member.public_id)


def _till(programme: Programme | Shop, body: PurchaseBody) -> Till:
    for name in _LATER:
        if getattr(body, name) is not None:
            raise RefusedError("not_supported_yet", field=name)
    amount = wording.minor_units(body.amount, programme.decimals, "amount")
    _check_lines(programme, body, amount)
    return Till(
        amount,
        receipt=body.receipt,
        channel=body.channel,
        occurred_at=body.occurred_at,
    )


def _check_lines(programme: Programme | Shop, body: PurchaseBody, amount: int) -> None:
    if body.lines is None:
        return
    total = sum(
        wording.minor_units(line.amount, programme.decimals, f"lines.{number}.amount")
        for number, line in enumerate(body.lines)
    )
    if total != amount:
        raise RefusedError("lines_sum", field="lines")


def _moved(
    session: Session, found: Found, entries: Sequence[Appended]
) -> dict[str, object]:
    return {
        "entries": _worded(session, found.programme, _points(entries)),
        "card": shown(session, found),
    }


def _points(entries: Sequence[Appended]) -> list[Appended]:
    return [entry for entry in entries if entry.unit == Unit.POINTS]


def _worded(
    session: Session,
    programme: Programme | Shop,
    entries: Sequence[Entry | Appended],
) -> list[dict[str, object]]:
    sources = [
        entry.source_id for entry in entries if entry.source_type == purchases.SOURCE
    ]
    found = purchases.by_public_ids(session, sources) if sources else {}
    return [
        wording.entry(entry, programme.decimals, found.get(entry.source_id))
        for entry in entries
    ]
