"""What every card of a programme shares, in the words of a LoyaltyClass.

https://developers.google.com/wallet/reference/rest/v1/loyaltyclass
"""

import re
from urllib.parse import quote

from passes.content.shown import Look, Text
from wallet_google import localisation
from wallet_google.localisation import Json
from wallet_google.pictures import Pictures

MOST_PLACES = 10
"""Google refuses the whole class for an eleventh."""

NAME = 20
ACCOUNT_LABEL = 15
HEADER = 35
BODY = 500
LINK = 20
"""Characters that a small phone still shows whole."""

_MAY_BE_ABSENT = ("callbackOptions",)
_MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")


def body(
    look: Look,
    class_id: str,
    pictures: Pictures,
    *,
    language: str = "fr",
    callback_url: str | None = None,
) -> Json:
    """The whole class, for an insert or a replacement.

    *language* is the programme's: phones that speak none of ours show it. Google
    calls *callback_url* when somebody saves or removes a card.

    Raises:
        PictureError: the logo cannot be drawn.
    """
    whole: Json = {
        "id": class_id,
        **_names(look, language),
        "programLogo": image(pictures.logo(look), _described(look), language),
        "hexBackgroundColor": look.background,
        # A class that was read says APPROVED, which nobody may write back.
        "reviewStatus": "UNDER_REVIEW",
        "multipleDevicesAndHoldersAllowedStatus": "ONE_USER_ALL_DEVICES",
        "classTemplateInfo": _TEMPLATE,
        "textModulesData": _texts(look, language),
        "linksModuleData": {"uris": _links(look, language)},
        "merchantLocations": [
            {"latitude": place.latitude, "longitude": place.longitude}
            for place in look.places[:MOST_PLACES]
        ],
    }
    if callback_url is not None:
        whole["callbackOptions"] = {"url": callback_url}
    return whole


def patch(whole: Json) -> Json:
    """*whole* as a PATCH: what it lacks, Google is asked to forget."""
    return {**dict.fromkeys(_MAY_BE_ABSENT), **whole}


def image(address: str, described: Text, language: str) -> Json:
    """An Image, with what a screen reader says of it."""
    return {
        "sourceUri": {"uri": address},
        "contentDescription": localisation.string(described, language),
    }


def module(name: str, header: Text, text: Text, language: str) -> Json:
    """A TextModuleData; templates find it by its *name* for ever."""
    return {
        "id": name,
        **localisation.field("header", header, language, HEADER),
        **localisation.field("body", text, language, BODY),
    }


def link(name: str, address: str, described: Text, language: str) -> Json:
    """A Uri of the links below a card."""
    return {
        "id": name,
        "uri": address,
        **localisation.field("description", described, language, LINK),
    }


def _names(look: Look, language: str) -> Json:
    named = localisation.field
    organisation, programme = map(
        localisation.same, (look.organisation, look.programme)
    )
    return {
        **named("issuerName", organisation, language, NAME),
        **named("programName", programme, language, NAME),
        **named("accountNameLabel", localisation.MEMBER, language, ACCOUNT_LABEL),
        **named("accountIdLabel", localisation.NUMBER, language, ACCOUNT_LABEL),
    }


def _described(look: Look) -> Text:
    return localisation.same(look.programme)


def _texts(look: Look, language: str) -> list[Json]:
    contact = localisation.same(look.contact or look.organisation)
    modules = [module("contact", localisation.CONTACT, contact, language)]
    if look.rules:
        rules = localisation.lines(look.rules)
        modules.insert(0, module("rules", localisation.RULES, rules, language))
    if any(look.terms.values()):
        # What does not fit stands on the holder's page.
        modules.append(module("terms", localisation.TERMS, look.terms, language))
    return modules


def _links(look: Look, language: str) -> list[Json]:
    links = []
    if look.website:
        links.append(link("website", look.website, localisation.WEBSITE, language))
    if _MAIL.fullmatch(look.contact):
        address = f"mailto:{quote(look.contact, safe='@')}"
        links.append(link("mail", address, localisation.WRITE, language))
    return links


def _item(*paths: str) -> Json:
    """What shows the first of *paths* that has a value, under that value's label."""
    return {"firstValue": {"fields": [{"fieldPath": path} for path in paths]}}


def _row(start: Json, end: Json) -> Json:
    return {"twoItems": {"startItem": start, "endItem": end}}


_TEMPLATE: Json = {
    "cardTemplateOverride": {
        "cardRowTemplateInfos": [
            _row(
                _item("object.loyaltyPoints.balance"),
                _item("object.secondaryLoyaltyPoints.balance"),
            ),
            _row(
                _item("object.textModulesData['next']"),
                _item("object.accountName", "object.accountId"),
            ),
        ]
    }
}
"""Points and tier, then the way to the next tier and whose card it is."""
