"""A café's class and one of its cards, as bodies for Google."""

from typing import Any

from wallet_google.standin.accounts import ISSUER_ID

CLASS_ID = f"{ISSUER_ID}.p-cafe"
OBJECT_ID = f"{ISSUER_ID}.c-1"


def loyalty_class(**more: Any) -> dict[str, Any]:
    return {
        "id": CLASS_ID,
        "issuerName": "Café du Port",
        "programName": "Les Habitués",
        "programLogo": {"sourceUri": {"uri": "https://shop.example/media/logo.png"}},
        "reviewStatus": "UNDER_REVIEW",
        **more,
    }


def loyalty_object(points: int = 120, **more: Any) -> dict[str, Any]:
    return {
        "id": OBJECT_ID,
        "classId": CLASS_ID,
        "state": "ACTIVE",
        "loyaltyPoints": {"label": "Points", "balance": {"int": points}},
        **more,
    }


def message(number: int, kind: str = "TEXT") -> dict[str, Any]:
    return {
        "id": f"m-{number}",
        "header": f"News {number}",
        "body": "Come and see.",
        "messageType": kind,
    }
