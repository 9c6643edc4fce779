"""Members over the API: added, found, changed, erased."""

from sqlalchemy import func, select

from passes.cards import finding
from passes.loyalty import verification
from passes.loyalty.entry import Note
from passes.people.audit import AuditRecord
from passes.people.member import Member
from tests.web.api.callers import Till
from web.services import Services
from web.tables import GivenAnswer

ANNA = {
    "name": "Anna Bell",
    "email": "Anna@Example.org",
    "phone": "06 12 34 56 78",
    "birthday": "02-29",
    "locale": "en",
    "consents": {"email_offers": True},
}


def test_a_member_gets_a_card(till: Till) -> None:
    answer = till.caller.post("/members", ANNA)

    assert answer.status_code == 201
    told = answer.get_json()
    assert told["member"] | {"id": "", "cards": []} == {
        "id": "",
        "name": "Anna Bell",
        "email": "anna@example.org",
        "phone": "+33612345678",
        "birthday": "02-29",
        "locale": "en",
        "consents": {"email_offers": True, "wallet_offers": False},
        "cards": [],
        "created_at": "2026-11-24T12:00:00Z",
    }
    assert told["member"]["cards"] == [told["card"]["id"]]
    assert told["card"]["points"] == 0


def test_a_member_needs_nothing(till: Till) -> None:
    assert till.caller.post("/members", {}).status_code == 201


def test_a_contact_belongs_to_one_member(till: Till) -> None:
    till.caller.post("/members", {"email": "a@example.org"})

    answer = till.caller.post("/members", {"email": "A@example.org"})

    assert answer.status_code == 409
    assert answer.get_json()["code"] == "contact_taken"
    assert answer.get_json()["field"] == "email"


def test_a_repeated_member_is_added_once(till: Till) -> None:
    first = till.caller.post("/members", ANNA, key="k")

    again = till.caller.post("/members", ANNA, key="k")

    assert again.data == first.data
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_referral_cannot_be_honoured_yet(till: Till) -> None:
    answer = till.caller.post("/members", {"referral": "friend"})

    assert answer.get_json()["code"] == "not_supported_yet"


def test_members_are_found_by_what_they_gave(till: Till) -> None:
    added = till.caller.post("/members", ANNA).get_json()["member"]["id"]
    till.caller.post("/members", {"name": "Somebody Else"})

    for words in ("anna@", "612345678"):
        found = till.caller.get("/members", q=words).get_json()
        assert [member["id"] for member in found["items"]] == [added]
    assert till.caller.get("/members", q="100%").get_json()["items"] == []


def test_members_are_listed_in_parts(till: Till) -> None:
    for _ in range(4):
        till.caller.post("/members", {})

    first = till.caller.get("/members", limit="3").get_json()
    rest = till.caller.get("/members", limit="3", cursor=first["next_cursor"])

    ids = [member["id"] for member in first["items"] + rest.get_json()["items"]]
    assert len(set(ids)) == 5
    assert rest.get_json()["next_cursor"] is None


def test_a_change_leaves_the_rest(till: Till) -> None:
    member = till.caller.post("/members", ANNA).get_json()["member"]

    answer = till.caller.send("PATCH", f"/members/{member['id']}", json={"name": "Bo"})

    assert answer.get_json() == member | {"name": "Bo"}
    assert till.caller.get(f"/members/{member['id']}").get_json() == answer.get_json()


def test_null_takes_a_contact_away(till: Till) -> None:
    member = till.caller.post("/members", ANNA).get_json()["member"]["id"]

    answer = till.caller.send(
        "PATCH", f"/members/{member}", json={"email": None, "birthday": None}
    )

    assert answer.get_json()["email"] is answer.get_json()["birthday"] is None
    assert answer.get_json()["phone"] == "+33612345678"
    assert (
        till.caller.post("/members", {"email": "anna@example.org"}).status_code == 201
    )


def test_a_consent_is_taken_back(till: Till) -> None:
    member = till.caller.post("/members", ANNA).get_json()["member"]["id"]

    answer = till.caller.send(
        "PATCH", f"/members/{member}", json={"consents": {"email_offers": False}}
    )

    assert answer.get_json()["consents"]["email_offers"] is False


def test_what_a_key_does_to_members_is_in_the_audit_log(
    till: Till, services: Services
) -> None:
    member = till.caller.post("/members", ANNA, key="k").get_json()["member"]["id"]
    till.caller.post("/members", ANNA, key="k")
    changes = {"name": "Bo", "consents": {"email_offers": False}}
    till.caller.send("PATCH", f"/members/{member}", json=changes)
    till.caller.send("DELETE", f"/members/{member}")

    with services.read() as session:
        query = select(AuditRecord).where(AuditRecord.subject == f"member:{member}")
        records = session.scalars(query.order_by(AuditRecord.id)).all()
    assert [(one.action, one.facts) for one in records] == [
        ("member.add", {"consents": {"email_offers": True}}),
        ("member.change", {"fields": ["name"], "consents": {"email_offers": False}}),
        ("member.erase", {}),
    ]
    assert {one.actor for one in records} == {"key:1"}


def test_a_new_name_reaches_the_phones(till: Till, services: Services) -> None:
    member = till.shop.member.public_id

    till.caller.send("PATCH", f"/members/{member}", json={"name": "Bo"})
    till.caller.send("PATCH", f"/members/{member}", json={"name": "Bo"})

    with services.read() as session:
        card = finding.by_page_token(session, till.shop.card.page_token)
        assert card.revision == till.shop.card.revision + 1


def test_an_erased_member_is_forgotten_and_the_sums_stay(
    till: Till, services: Services
) -> None:
    told = till.caller.post("/members", ANNA, key="k").get_json()
    member, card = told["member"]["id"], told["card"]["id"]
    body = {"points": 30, "reason": "Anna Bell called"}
    till.caller.post(f"/cards/{card}/adjust", body, key="points")

    answer = till.caller.send("DELETE", f"/members/{member}")

    assert answer.status_code == 204
    assert till.caller.get(f"/members/{member}").status_code == 404
    shown = till.caller.get(f"/cards/{card}").get_json()
    assert (shown["status"], shown["points"]) == ("void", 30)
    with services.read() as session:
        assert list(verification.verify(session)) == []
        assert session.scalar(select(func.count()).select_from(Note)) == 0
        stored = str([vars(row) for row in session.scalars(select(Member))])
        given = b"".join(
            row.body or b"" for row in session.scalars(select(GivenAnswer))
        )
    assert "anna@" not in stored
    assert b"anna@" not in given


def test_a_member_erased_meanwhile_is_not_added_again(till: Till) -> None:
    told = till.caller.post("/members", ANNA, key="k").get_json()
    till.caller.send("DELETE", f"/members/{told['member']['id']}")

    answer = till.caller.post("/members", ANNA, key="k")

    assert answer.status_code == 410
    assert answer.get_json()["code"] == "erased"
