"""The strict judge sees each mistake: every limit of Google's, and slips of typing."""

import copy
import re
from typing import Any, NamedTuple

import pytest

from tests.wallet_apple.cards import make_content, make_look
from tests.wallet_google.drawing import make_pictures
from wallet_google import loyalty_class, loyalty_object, schema
from wallet_google.prose import Json

CLASS = "3388000000012345678.p-cafe"
OBJECT = "3388000000012345678.c-abc"
PICTURES = make_pictures()
SEED = b"s" * 20

ABSENT = object()


class Slip(NamedTuple):
    """*value* where *path* leads; the finding says that *at* (or there) it is wrong."""

    path: str
    value: Any
    said: str
    at: str | None = None

    def __str__(self) -> str:
        given = "absent" if self.value is ABSENT else str(self.value)[:60]
        return f"{self.path} {given}"


MESSAGE = {"header": "A", "body": "B"}
PLACE = {"latitude": 48.0, "longitude": 2.0}
UNKNOWN = "Google knows no such field."
NEEDED = "Google needs it."
ISSUED = "give the issuer's number, a dot,"
PUBLIC = "Google reaches public https addresses only."
TWIN = "the plain field has to be there too."
ONE_IMAGE = "give exactly one of sourceUri and privateImageId."
ONE_BALANCE = "give exactly one of string, int, double and money."
ONE_ROW = "give exactly one of oneItem, twoItems and threeItems."
REVIEW = "give one of DRAFT, UNDER_REVIEW."
EMPTY_ROW: Json = {"oneItem": {"item": {}}}
ROWS = "classTemplateInfo.cardTemplateOverride.cardRowTemplateInfos"
SHOWN = f"{ROWS}.0.twoItems.startItem.firstValue.fields.0.fieldPath"
LOGO = "programLogo.sourceUri.uri"
NAME = "localizedProgramName"

IN_A_CLASS = [
    Slip("programNme", "C", f"{UNKNOWN} Is it programName?"),
    Slip("wordMark", {}, UNKNOWN),
    Slip("review", {}, UNKNOWN),
    Slip("textModulesData.0.language", "fr", UNKNOWN),
    Slip("callbackOptions", {"updateRequestUrl": "x"}, UNKNOWN, "updateRequestUrl"),
    Slip("id", ABSENT, NEEDED),
    Slip("issuerName", ABSENT, NEEDED),
    Slip("programName", ABSENT, NEEDED),
    Slip("programLogo", ABSENT, NEEDED),
    Slip("reviewStatus", ABSENT, NEEDED),
    Slip("id", "cafe.p-1", ISSUED),
    Slip("id", "3388.p+1", ISSUED),
    Slip("id", "3388", ISSUED),
    Slip("hexBackgroundColor", "green", "give a colour such as #ffcc00."),
    Slip("hexBackgroundColor", "#ffcc", "give a colour such as #ffcc00."),
    Slip("reviewStatus", "APPROVED", REVIEW),
    Slip("reviewStatus", "underReview", REVIEW),
    Slip("multipleDevicesAndHoldersAllowedStatus", "ONE", "give one of"),
    Slip("notifyPreference", "notifyOnUpdate", "give one of NOTIFY_ON_UPDATE."),
    Slip("issuerName", 5, "give a text."),
    Slip("programLogo", "https://a.example/l.png", "give an object."),
    Slip("textModulesData", {}, "give a list."),
    Slip("callbackOptions", None, "null is no value."),
    Slip("messages", [MESSAGE] * 11, "10 at most."),
    Slip("messages", [{**MESSAGE, "id": "a"}] * 2, "two have the id a."),
    Slip("merchantLocations", [PLACE] * 11, "10 at most."),
    Slip("merchantLocations.0.latitude", 91, "90 at most."),
    Slip("merchantLocations.0.longitude", -181, "-180 at least."),
    Slip("merchantLocations.0.longitude", ABSENT, NEEDED),
    Slip("textModulesData", [{"id": f"a{n}"} for n in range(11)], "10 at most."),
    Slip("textModulesData", [{"id": "a"}] * 2, "two have the id a."),
    Slip("textModulesData.0.id", "a.b", "give letters, digits, _ or -;"),
    Slip("imageModulesData", [{}, {}], "1 at most."),
    Slip("valueAddedModuleData", [{}] * 16, "15 at most."),
    Slip("linksModuleData.uris.0.uri", "cafe.example.org", "give an address that"),
    Slip("linksModuleData.uris.0.uri", ABSENT, NEEDED),
    Slip("linksModuleData.uris.1.id", "website", "two have the", "uris"),
    Slip(LOGO, "http://a.example/l.png", PUBLIC),
    Slip(LOGO, "https://10.0.0.1/l.png", PUBLIC),
    Slip(LOGO, "https://localhost/l.png", PUBLIC),
    Slip(LOGO, "https://[oops", PUBLIC),
    Slip("programLogo.privateImageId", "x", ONE_IMAGE, "programLogo"),
    Slip("programLogo.sourceUri", ABSENT, ONE_IMAGE, "programLogo"),
    Slip("callbackOptions", {"url": "http://a.example"}, PUBLIC, "url"),
    Slip(ROWS, [EMPTY_ROW] * 4, "3 at most."),
    Slip(ROWS, [], "give one row at least."),
    Slip(ROWS, [{}], ONE_ROW, "cardRowTemplateInfos[0]"),
    Slip(f"{ROWS}.0.oneItem", {}, ONE_ROW, "cardRowTemplateInfos[0]"),
    Slip(SHOWN, "object.loyaltyPoint.balance", "no card has"),
    Slip(SHOWN, "loyaltyPoints.balance", "no card has"),
    Slip(SHOWN, "object.textModulesData", "no card has"),
    Slip(SHOWN, "object.textModulesData['a", "no card has"),
    Slip(SHOWN, "object.", "no card has"),
    Slip(SHOWN, "class.textModulesData['next']", "this class has no"),
    Slip(SHOWN, "class.rewardsTier", "this class has no"),
    Slip("accountIdLabel", ABSENT, TWIN, "localizedAccountIdLabel"),
    Slip(f"{NAME}.defaultValue.language", "fr!", "give a language tag such as"),
    Slip(f"{NAME}.defaultValue", ABSENT, NEEDED),
]

END = "validTimeInterval.end.date"
HALF = {"start": {"date": "2026-01-01T00:00"}, "end": {"date": "2027-01-01T00:00Z"}}
TOTP = "rotatingBarcode.totpDetails"
PATTERN = "rotatingBarcode.valuePattern"
BALANCE = "loyaltyPoints.balance"

IN_AN_OBJECT = [
    Slip("loyaltyPoints.lable", "P", f"{UNKNOWN} Is it label?"),
    Slip("loyaltypoints", {}, f"{UNKNOWN} Is it loyaltyPoints?"),
    Slip("rewardsTier", "Gold", UNKNOWN),
    Slip("hexBackgroundColor", "#fff", UNKNOWN),
    Slip("hasUsers", True, UNKNOWN),
    Slip("locations", [], UNKNOWN),
    Slip("id", ABSENT, NEEDED),
    Slip("state", ABSENT, NEEDED),
    Slip("classId", ABSENT, NEEDED),
    Slip("state", "active", "give one of ACTIVE,"),
    Slip("classId", "3388.p-1", "another issuer's class."),
    Slip(BALANCE, {}, ONE_BALANCE),
    Slip(f"{BALANCE}.string", "5", ONE_BALANCE, BALANCE),
    Slip(f"{BALANCE}.int", 2**31, "2147483647 at most."),
    Slip(f"{BALANCE}.int", "5", "give a whole number."),
    Slip(f"{BALANCE}.int", 1.5, "give a whole number."),
    Slip(BALANCE, {"money": {"micros": 5}}, "give a text.", "micros"),
    Slip(BALANCE, ABSENT, NEEDED),
    Slip("barcode.type", "qrCode", "give one of AZTEC,"),
    Slip("barcode.type", ABSENT, NEEDED),
    Slip("messages", [MESSAGE] * 11, "10 at most."),
    Slip("messages", [{"messageType": "PUSH"}], "give one of", "messageType"),
    Slip("merchantLocations", [PLACE] * 11, "10 at most."),
    Slip("textModulesData", [{"id": f"a{n}"} for n in range(11)], "10 at most."),
    Slip("heroImage.sourceUri.uri", "https://host/a.png", PUBLIC),
    Slip("validTimeInterval", {"end": {"date": "2027"}}, "give a date and", END),
    Slip("validTimeInterval", {"end": "2027-01-01"}, "give an object.", "end"),
    Slip("validTimeInterval", HALF, "give both ends an offset, or none."),
    Slip(f"{TOTP}.periodMillis", 30000, "give a text."),
    Slip(f"{TOTP}.periodMillis", "30 s", "give digits, in a text."),
    Slip(f"{TOTP}.algorithm", "SHA1", "give one of TOTP_SHA1."),
    Slip(f"{TOTP}.parameters.0.key", "MZXW6===", "give the key in base 16."),
    Slip(f"{TOTP}.parameters.0.valueLength", ABSENT, NEEDED),
    Slip(PATTERN, "{totp_value_1}", "there is no parameter 1."),
    Slip("linksModuleData.uris.0.uri", "/card/abc", "give an address that"),
]


def slipped(body: Json, slip: Slip) -> Json:
    """*body* with the mistake in it."""
    changed = copy.deepcopy(body)
    here: Any = changed
    *way, last = slip.path.split(".")
    for step in way:
        here = here[int(step)] if step.isdecimal() else here[step]
    if slip.value is ABSENT:
        del here[last]
    else:
        here[last] = slip.value
    return changed


def tells(found: list[str], slip: Slip) -> bool:
    """Whether one finding names the place and says what is wrong there."""
    place = slip.at or re.sub(r"\.(\d+)", r"[\1]", slip.path)
    return any(
        sentence.partition(": ")[0].endswith(place)
        and sentence.partition(": ")[2].startswith(slip.said)
        for sentence in found
    )


@pytest.mark.parametrize("slip", IN_A_CLASS, ids=str)
def test_a_mistake_in_a_class_is_found(slip: Slip) -> None:
    body = loyalty_class.body(make_look(), CLASS, PICTURES)

    found = schema.findings("loyaltyClass", slipped(body, slip))

    assert tells(found, slip), found


@pytest.mark.parametrize("slip", IN_AN_OBJECT, ids=str)
def test_a_mistake_in_an_object_is_found(slip: Slip) -> None:
    found = schema.findings("loyaltyObject", slipped(object_body(), slip))

    assert tells(found, slip), found


def object_body() -> Json:
    return loyalty_object.body(make_content(), OBJECT, CLASS, PICTURES, seed=SEED)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"loyaltyPonts": {}}, f"loyaltyPonts: {UNKNOWN} Is it loyaltyPoints?"),
        ({"loyaltyPonts": None}, f"loyaltyPonts: {UNKNOWN} Is it loyaltyPoints?"),
        ({"state": None}, "state: Google needs it; it cannot be taken away."),
        ({"loyaltyPoints": {"label": "P"}}, f"loyaltyPoints.balance: {NEEDED}"),
        ({"messages": [MESSAGE] * 11}, "messages: 10 at most."),
    ],
)
def test_a_mistake_in_a_patch_is_found(body: Json, said: str) -> None:
    assert schema.findings("loyaltyObject", body, patch=True) == [said]


def test_a_class_that_was_read_cannot_be_written_back() -> None:
    body = {"programName": "Café", "reviewStatus": "APPROVED"}

    assert schema.findings("loyaltyClass", body, patch=True) == [
        f"reviewStatus: {REVIEW}"
    ]


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("addMessage", {}, f"message: {NEEDED}"),
        ("addMessage", {"message": {"text": "A"}}, f"message.text: {UNKNOWN}"),
        ("validate", {}, "give exactly one of jwtResource and jsonResource."),
        ("validate", {"jwtResource": {}}, f"jwtResource.jwt: {NEEDED}"),
    ],
)
def test_a_mistake_in_another_request_is_found(
    kind: str, body: Json, said: str
) -> None:
    assert said in "\n".join(schema.findings(kind, body))


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8000/media/a.png", "http://localhost:8000/a", "http://[::1]/a"],
)
def test_a_stand_in_may_fetch_from_this_machine(address: str) -> None:
    slip = Slip("heroImage.sourceUri.uri", address, PUBLIC)
    body = slipped(object_body(), slip)

    assert schema.findings("loyaltyObject", body, local=True) == []
    assert tells(schema.findings("loyaltyObject", body), slip)


def test_a_stand_in_fetches_from_nowhere_else_without_https() -> None:
    slip = Slip("heroImage.sourceUri.uri", "http://192.168.1.5/a.png", PUBLIC)

    assert tells(
        schema.findings("loyaltyObject", slipped(object_body(), slip), local=True), slip
    )


def test_no_value_is_repeated_in_a_finding() -> None:
    """A finding may stand in a log; what a card says of a person may not."""
    body = object_body() | {
        "accountName": ["Camille Martin"],
        "state": "Camille Martin",
        "linksModuleData": {"uris": [{"uri": "Camille Martin"}]},
        "loyaltyPoints": {"balance": {"int": "Camille Martin"}},
    }

    found = schema.findings("loyaltyObject", body)

    assert len(found) == 4
    assert "Camille" not in " ".join(found)
