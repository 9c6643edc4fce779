"""Google's spelling is no difference; what it holds is."""

from typing import Any

import pytest

from wallet_google import comparing


@pytest.mark.parametrize(
    ("sent", "held"),
    [
        ({"state": "ACTIVE"}, {"state": "active", "kind": "x", "hasUsers": True}),
        ({"barcode": {"type": "QR_CODE"}}, {"barcode": {"type": "qrCode"}}),
        (
            {"barcode": {"renderEncoding": "UTF_8"}},
            {"barcode": {"renderEncoding": "utf8"}},
        ),
        ({"reviewStatus": "UNDER_REVIEW"}, {"reviewStatus": "approved"}),
        ({"accountName": ""}, {}),
        ({"merchantLocations": []}, {}),
        ({"validTimeInterval": None}, {}),
        ({"balance": {"int": 0}}, {"balance": {}}),
        ({"periodMillis": 30000}, {"periodMillis": "30000"}),
        ({"latitude": 48.85}, {"latitude": 48.850000001}),
        ({"uris": [{"id": "a"}]}, {"uris": [{"id": "a", "kind": "walletobjects#uri"}]}),
        ({"notifyPreference": "NOTIFY_ON_UPDATE"}, {}),
    ],
)
def test_what_google_may_write_otherwise(
    sent: dict[str, Any], held: dict[str, Any]
) -> None:
    assert comparing.differences(sent, held) == []


@pytest.mark.parametrize(
    ("sent", "held", "where"),
    [
        ({"state": "ACTIVE"}, {"state": "inactive"}, "state"),
        ({"state": "ACTIVE"}, {}, "state"),
        (
            {"reviewStatus": "UNDER_REVIEW"},
            {"reviewStatus": "rejected"},
            "reviewStatus",
        ),
        ({"accountName": ""}, {"accountName": "Anna"}, "accountName"),
        ({"accountName": "ANNA"}, {"accountName": "anna"}, "accountName"),
        (
            {"validTimeInterval": None},
            {"validTimeInterval": {"end": {}}},
            "validTimeInterval",
        ),
        (
            {"points": {"balance": {"int": 5}}},
            {"points": {"balance": {"int": 4}}},
            "points.balance.int",
        ),
        ({"uris": [{"id": "a"}]}, {"uris": []}, "uris"),
        ({"uris": [{"id": "a"}]}, {"uris": [{"id": "b"}]}, "uris[0].id"),
        ({"latitude": 48.85}, {"latitude": "north"}, "latitude"),
    ],
)
def test_what_google_holds_otherwise(
    sent: dict[str, Any], held: dict[str, Any], where: str
) -> None:
    assert comparing.differences(sent, held) == [where]
