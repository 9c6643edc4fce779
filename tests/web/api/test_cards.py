"""Cards over the API: looked up, quoted, credited, corrected, read."""

from collections.abc import Callable

from sqlalchemy import select
from werkzeug.test import TestResponse

from passes.cards import card as cards
from passes.cards import codes, finding
from passes.people.audit import AuditRecord
from passes.programmes import programme as programmes
from tests.makers import make_card, make_programme
from tests.web.api.callers import Caller, HeldClock, Till, make_key
from web.api.keys import Scope
from web.services import Services

WRONG_TIMES = (
    "2026-11-21T12:00:00Z",
    "2026-11-24T12:06:00Z",
    "2026-11-24T12:00:00",
    "2026-11-24",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-13-24T12:00:00Z",
    1764000000,
    "1764000000",
)


def test_a_purchase_gives_points(till: Till) -> None:
    answer = till.earn("12.50", receipt="A-1", channel="online")

    assert answer.status_code == 201
    told = answer.get_json()
    assert told["purchase"] | {"id": ""} == {
        "id": "",
        "amount": "12.50",
        "receipt": "A-1",
        "channel": "online",
        "occurred_at": "2026-11-24T12:00:00Z",
    }
    assert [entry["points"] for entry in told["entries"]] == [12]
    assert told["card"]["points"] == 12


def test_a_card_says_all_that_the_contract_lists(till: Till) -> None:
    till.earn("120.00")
    card = till.shop.card
    page = f"https://shop.example/card/{card.page_token}"

    assert till.caller.get(till.card).get_json() == {
        "id": card.public_id,
        "member": till.shop.member.public_id,
        "code": card.code,
        "short_code": card.short_code,
        "status": "active",
        "points": 120,
        "pending": 0,
        "status_points": 120,
        "tier": {"name": "Argent", "rank": 1},
        "next_tier": {"name": "Or", "rank": 2, "missing": 180},
        "next_reward": None,
        "vouchers": [],
        "expiring": [],
        "apple": {"pass_url": f"{page}/pass.pkpass", "installed_devices": 0},
        "google": None,
        "page_url": page,
    }


def test_the_top_tier_has_no_next_one(till: Till) -> None:
    assert till.earn("300.00").get_json()["card"]["next_tier"] is None


def test_a_card_is_found_by_either_code(till: Till) -> None:
    card = till.shop.card
    for code in (card.code, card.short_code, codes.grouped(card.short_code).lower()):
        answer = till.caller.post("/cards/lookup", {"code": code})
        assert answer.get_json()["id"] == card.public_id


def test_a_code_that_is_none_finds_nothing(till: Till) -> None:
    for code in ("x", "L1.00000000000000000000.00", "é", "💥", "L1..", "."):
        answer = till.caller.post("/cards/lookup", {"code": code})
        assert (code, answer.get_json()["code"]) == (code, "not_found")


def test_a_key_that_guesses_codes_is_stopped(sqlite_till: Till) -> None:
    def tried(code: str) -> TestResponse:
        return sqlite_till.caller.post("/cards/lookup", {"code": code})

    statuses = [tried(f"AAAAA-AAA{n:02}").status_code for n in range(21)]
    refused = tried(sqlite_till.shop.card.code)

    assert statuses == [404] * 20 + [429]
    assert refused.status_code == 429
    assert refused.get_json()["code"] == "too_many_requests"
    assert int(refused.headers["Retry-After"]) > 60


def test_right_codes_have_a_limit_by_the_minute(
    sqlite_till: Till, clock: HeldClock
) -> None:
    body = {"code": sqlite_till.shop.card.code}

    def looked_up() -> int:
        return sqlite_till.caller.post("/cards/lookup", body).status_code

    assert [looked_up() for _ in range(61)] == [200] * 60 + [429]
    clock.move(minutes=1)
    assert looked_up() == 200


def test_a_replaced_code_is_told_apart(till: Till) -> None:
    old = till.shop.card.code

    new = till.caller.post(f"{till.card}/replace-code", key="k").get_json()

    assert new["code"] != old
    assert new["short_code"] != till.shop.card.short_code
    answer = till.caller.post("/cards/lookup", {"code": old})
    assert answer.status_code == 409
    assert answer.get_json()["code"] == "code_replaced"
    assert till.caller.post("/cards/lookup", {"code": new["code"]}).status_code == 200


def test_a_replaced_code_is_in_the_audit_log(till: Till, services: Services) -> None:
    till.caller.post(f"{till.card}/replace-code", key="k")

    with services.read() as session:
        query = select(AuditRecord.subject).where(
            AuditRecord.action == "card.replace_code"
        )
        assert session.scalars(query).all() == [f"card:{till.shop.card.public_id}"]


def test_a_quote_is_what_the_purchase_then_earns(till: Till) -> None:
    body = {"amount": "49.99", "lines": [{"item": "x", "amount": "49.99"}]}

    quote = till.caller.post(f"{till.card}/quote", body).get_json()
    earned = till.caller.post(f"{till.card}/earn", body, key="k").get_json()

    assert quote["points"] == earned["card"]["points"] == 49
    assert quote["status_points"] == earned["card"]["status_points"]
    assert quote["rules"][0]["explanation"] == earned["entries"][0]["explanation"]
    assert quote["rules"][0]["explanation"]["amount"] == "49.99"


def test_a_purchase_too_small_for_a_point_is_kept(till: Till) -> None:
    told = till.earn("0.99").get_json()

    assert told["purchase"]["amount"] == "0.99"
    assert told["entries"] == []
    assert told["card"]["points"] == 0


def test_lines_sum_to_the_amount(till: Till) -> None:
    good = [{"category": "drinks", "amount": "4.00"}, {"amount": "8.50"}]

    assert till.earn("12.50", lines=good).status_code == 201
    answer = till.earn("12.51", lines=good)

    assert answer.status_code == 422
    assert answer.get_json()["code"] == "lines_sum"
    assert answer.get_json()["field"] == "lines"


def test_what_cannot_be_honoured_yet_is_refused(till: Till) -> None:
    later = {"tip": "1.00", "voucher": "v", "cashback": "1.00", "location": "l"}
    for field, value in later.items():
        told = till.earn("12.50", **{field: value}).get_json()
        assert (told["code"], told["field"]) == ("not_supported_yet", field)


def test_a_purchase_can_be_entered_a_day_later(till: Till) -> None:
    told = till.earn("12.50", occurred_at="2026-11-23T13:30:00+01:00").get_json()

    assert told["purchase"]["occurred_at"] == "2026-11-23T12:30:00Z"


def test_a_time_that_cannot_be_is_refused(till: Till) -> None:
    for when in WRONG_TIMES:
        answer = till.earn("12.50", occurred_at=when)
        assert answer.status_code == 422
        assert (when, answer.get_json()["field"]) == (when, "occurred_at")


def test_points_are_given_and_taken_by_hand(till: Till) -> None:
    given = till.adjust(30)
    taken = till.adjust(-10)

    assert given.status_code == taken.status_code == 201
    assert taken.get_json()["entries"][0]["points"] == -10
    assert taken.get_json()["card"]["points"] == 20
    assert taken.get_json()["card"]["status_points"] == 0


def test_more_points_than_there_are_cannot_be_taken(till: Till) -> None:
    till.adjust(30)

    answer = till.adjust(-31)

    assert answer.status_code == 409
    told = answer.get_json()
    assert (told["code"], told["asked"], told["available"]) == (
        "not_enough_points",
        31,
        30,
    )


def test_an_undo_takes_back_exactly(till: Till) -> None:
    entry = till.earn("120.00").get_json()["entries"][0]["id"]

    answer = till.caller.post(f"/entries/{entry}/undo", key="u")

    assert answer.status_code == 201
    told = answer.get_json()
    assert [entry["points"] for entry in told["entries"]] == [-120]
    assert told["card"]["points"] == told["card"]["status_points"] == 0
    assert told["card"]["tier"]["rank"] == 0
    again = till.caller.post(f"/entries/{entry}/undo", key="v")
    assert again.get_json()["code"] == "already_undone"


def test_a_till_undoes_its_own_for_fifteen_minutes(
    till: Till, caller_with: Callable[..., Caller], clock: HeldClock
) -> None:
    other = caller_with(Scope.EARN)
    own = caller_with(Scope.EARN)
    sold = own.post(f"{till.card}/earn", {"amount": "9.00"}, key="k").get_json()
    path = f"/entries/{sold['entries'][0]['id']}/undo"

    assert other.post(path, key="a").get_json()["code"] == "undo_too_late"
    clock.move(minutes=16)
    assert own.post(path, key="b").get_json()["code"] == "undo_too_late"
    assert till.caller.post(path, key="c").status_code == 201


def test_a_void_card_earns_nothing(till: Till, services: Services) -> None:
    with services.write() as session:
        cards.void(session, cards.lock(session, till.shop.card.id), services.clock())

    for path in ("quote", "earn"):
        answer = till.caller.post(f"{till.card}/{path}", {"amount": "1.00"}, key="k")
        assert answer.status_code == 409
        assert answer.get_json()["code"] == "card_void"
    assert till.caller.get(till.card).get_json()["status"] == "void"


def test_an_expired_card_earns_nothing(till: Till, services: Services) -> None:
    now = services.clock()
    with services.write() as session:
        cards.set_end(session, cards.lock(session, till.shop.card.id), now, now)

    for path in ("quote", "earn"):
        answer = till.caller.post(f"{till.card}/{path}", {"amount": "1.00"}, key="k")
        assert answer.status_code == 409
        assert answer.get_json()["code"] == "card_expired"
    assert till.caller.get(till.card).get_json()["status"] == "expired"


def test_the_ledger_is_read_newest_first_in_parts(till: Till) -> None:
    for amount in ("1.00", "2.00", "3.00", "4.00", "5.00"):
        till.earn(amount)

    seen: list[int] = []
    query = {"limit": "2"}
    while True:
        part = till.caller.get(f"{till.card}/ledger", **query).get_json()
        seen += [entry["points"] for entry in part["items"]]
        if part["next_cursor"] is None:
            break
        query = {"limit": "2", "cursor": part["next_cursor"]}

    assert seen == [5, 4, 3, 2, 1]


def test_the_ledger_names_the_purchase(till: Till) -> None:
    sold = till.earn("12.50", receipt="A-1").get_json()
    till.adjust(1)

    by_hand, bought = till.caller.get(f"{till.card}/ledger").get_json()["items"]

    assert bought["purchase"] == sold["purchase"]
    assert "purchase" not in by_hand
    assert by_hand["kind"] == "adjust"


def test_a_cursor_that_is_not_ours_is_refused(till: Till) -> None:
    for cursor in (
        "!",
        "AA",
        "é",
        "MA",
        "LTE",
        "9" * 60,
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA",
    ):
        answer = till.caller.get(f"{till.card}/ledger", cursor=cursor)
        assert (cursor, answer.get_json()["field"]) == (cursor, "cursor")


def test_a_limit_out_of_bounds_is_refused(till: Till) -> None:
    for limit in ("0", "101", "-1", "x", "1.5", "", "\uff11", "9" * 30):
        answer = till.caller.get(f"{till.card}/ledger", limit=limit)
        assert (limit, answer.get_json()["field"]) == (limit, "limit")


def test_a_currency_without_decimals_has_none_in_its_amounts(
    till: Till, services: Services
) -> None:
    with services.write() as session:
        shop = make_programme(session, "tokyo")
        shop.currency = "JPY"
        card = make_card(session, shop).public_id
        token = make_key(session, shop, *Scope)
    caller = Caller(till.caller.api, token)

    good = caller.post(f"/cards/{card}/earn", {"amount": "1250"}, key="a")
    bad = caller.post(f"/cards/{card}/earn", {"amount": "12.50"}, key="b")

    assert good.get_json()["purchase"]["amount"] == "1250"
    assert bad.get_json()["field"] == "amount"


def test_the_programme_tells_its_rules(till: Till) -> None:
    told = till.caller.get("/programme").get_json()

    assert (told["currency"], told["decimals"], told["points_per_unit"]) == (
        "EUR",
        2,
        1,
    )
    assert [tier["threshold"] for tier in told["tiers"]] == [0, 100, 300]
    assert till.caller.get("/programme/tiers").get_json()["items"] == told["tiers"]


def test_a_change_tells_the_wallets(till: Till, services: Services) -> None:
    before = till.shop.card.revision
    till.earn("12.50")

    with services.read() as session:
        programme = programmes.by_slug(session, "cafe")
        card = finding.by_public_id(session, programme.id, till.shop.card.public_id)
        assert card.revision == before + 1
