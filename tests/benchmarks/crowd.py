"""A shop of any size, written by the database itself in a few statements."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from passes import db, migrations
from passes.delivery import changes
from tests import makers
from wallet_apple import authority
from wallet_apple.connections import Connections
from wallet_apple.identity import Files, Identity
from wallet_apple.wallet import AppleWallet

NOW = datetime.now(UTC).replace(microsecond=0)
BASE_URL = "https://cards.example.org"
TOKEN = "t" * 43

_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers"
_NUMBERS += " WHERE n < :count)"

# Each copies the first row, with names of its own. Those of entries are in the order
# of time, and before every sale's, as a till's are.
_COPIES = [
    """INSERT INTO member (id, public_id, programme_id, name, language, created_at)
    {numbers} SELECT n, 'member-' || CAST(n AS TEXT), programme_id, name, language,
    created_at FROM numbers JOIN member ON id = 1""",
    """INSERT INTO card (id, public_id, programme_id, member_id, code, short_code,
    page_token, status, balance, status_points, tier, sequence, chain, revision,
    revised_at, announcement, design_version, last_active_at, created_at)
    {numbers} SELECT n, 'card-' || CAST(n AS TEXT), programme_id, n,
    'code-' || CAST(n AS TEXT), 'short-' || CAST(n AS TEXT),
    'page-' || CAST(n AS TEXT), status, balance, status_points, tier, sequence,
    chain, revision, revised_at, announcement, design_version, last_active_at,
    created_at FROM numbers JOIN card ON id = 1""",
    """INSERT INTO apple_pass (card_id, serial_number, authentication_token,
    web_service_url, created_at, fetched_revision)
    {numbers} SELECT n, 'serial-' || CAST(n AS TEXT), :token, web_service_url,
    created_at, 0 FROM numbers JOIN apple_pass ON card_id = 1""",
    """INSERT INTO device (id, library_identifier, pass_type, push_token, kind,
    counter, registered_at)
    {numbers} SELECT n, 'device-' || CAST(n AS TEXT), :pass_type,
    'aa' || CAST(1000000000 + n AS TEXT), 'apns', 1000, :at FROM numbers""",
    """INSERT INTO entry (public_id, movement, programme_id, account, card_id, unit,
    amount, kind, rule, source_type, source_id, rules_version, explanation, actor,
    occurred_at, recorded_at, sequence, prev_hash, hash)
    {numbers} SELECT CAST(1000000000000000 + n * 10 + step AS TEXT),
    CAST(1000000000000000 + n * 10 + step AS TEXT), programme_id, 'card', n, 'points',
    5 + step, 'earn', 'base', 'purchase',
    CAST(1000000000000000 + n * 10 + step AS TEXT), 1,
    '{{"amount": 1250}}', 'account:1', :at, :at, step, '', ''
    FROM numbers JOIN card ON id = 1
    JOIN (SELECT 1 AS step UNION ALL SELECT 2 UNION ALL SELECT 3) AS steps ON true""",
    "UPDATE card SET sequence = 3",
    """INSERT INTO registration (id, card_id, device_id, tag, registered_at,
    listed_tag, lane, wanted, delivered, sent, due_at, priority, attempts)
    {numbers} SELECT n, n, n, 1000, :at, 1000, 'apple:' || :pass_type, 1, 1, 1, :at,
    0, 0 FROM numbers""",
]


def wallet(folder: Path, sessions: db.Sessions) -> AppleWallet:
    """Return the shop's wallet, with certificates in *folder*."""
    if not folder.exists():
        authority.write(folder, at=NOW)
    identity = Identity(Files.in_folder(folder), _no_media)
    return AppleWallet(sessions, identity, Connections(), base_url=BASE_URL)


def gather(sessions: db.Sessions, of: AppleWallet, cards: int) -> None:
    """Make a shop of that many cards, each on a device of its own, with 3 movements.

    But for the first, passes are ``serial-<n>`` with `TOKEN`, devices ``device-<n>``.
    """
    migrations.upgrade(sessions.engine)
    with changes.write(sessions, [of], NOW, lambda: None) as session:
        makers.make_shop(session, at=NOW)
    with db.write(sessions) as session:
        for statement in _COPIES:
            _copy(session, statement, cards)
        session.execute(text("ANALYZE"))


def _copy(session: Session, statement: str, cards: int) -> None:
    given: dict[str, object] = {
        "count": cards,
        "token": TOKEN,
        "pass_type": authority.PASS_TYPE_IDENTIFIER,
        "at": NOW,
    }
    sql = statement.format(numbers=_NUMBERS)
    used = {name: value for name, value in given.items() if f":{name}" in sql}
    bound = [bindparam("at", type_=db.UtcDateTime())] if "at" in used else []
    session.execute(text(sql).bindparams(*bound), used)


def _no_media(name: str) -> bytes:
    raise AssertionError(name)
