"""The wallets that a card can be put into, the reader's own first."""

from dataclasses import dataclass

from flask import request, url_for
from flask_babel import gettext

from web import badges, languages
from web.member.browser import Browser
from web.services import services


@dataclass(frozen=True, slots=True)
class Offer:
    """The way into one wallet; *badge* is for an <img>, if the shop has one.

    *main* says that it is what the reader most likely came for.
    """

    text: str
    url: str
    badge: str | None
    main: bool


def made(
    token: str, device: Browser, *, in_apple: bool, in_google: str | None
) -> list[Offer]:
    """Return the ways into the wallets for the card behind *token*.

    *in_google* is the card's state there, None where Google Wallet is not set up.
    """
    offers = [
        Offer(
            text=gettext("Add to Apple Wallet"),
            url=url_for("member.apple_pass", token=token),
            badge=_badge("apple"),
            main=not in_apple and not device.android,
        )
    ]
    if in_google is None:
        return offers
    google = Offer(
        text=gettext("Add to Google Wallet"),
        # Somebody may have to wait there: in the language of this page.
        url=url_for("member.google", token=token, lang=request.args.get("lang")),
        badge=_badge("google"),
        main=in_google != "saved" and not device.apple,
    )
    return [google, *offers] if device.android else [*offers, google]


def _badge(wallet: str) -> str | None:
    data_dir = services().settings.data_dir
    return badges.find(data_dir, wallet, languages.current())
