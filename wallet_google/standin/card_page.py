"""The page behind a save link: the card as a phone shows it, to save or to remove."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import format_datetime
from jinja2 import Environment, PackageLoader, StrictUndefined
from werkzeug.wrappers import Request

from wallet_google import colours
from wallet_google.standin import barcodes, fields
from wallet_google.standin.barcodes import Barcode
from wallet_google.standin.fields import Shown
from wallet_google.standin.saving import Card
from wallet_google.standin.wallets import Notification

Body = Mapping[str, Any]

_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_PLAIN = "#3c4043"
_COLOUR = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?")
_SCHEMES = ("https:", "http:", "tel:", "mailto:", "geo:")

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Save to Google Wallet",
        "standin": "Stand-in for Google Wallet on this machine. Nothing reaches "
        "Google.",
        "save": "Add to Google Wallet",
        "remove": "Remove from Google Wallet",
        "held": "This card is in the wallet.",
        "code": "Barcode",
        "details": "Details",
        "messages": "Messages",
        "told": "Notifications",
        "updated": "The card was updated.",
        "trouble": "Something went wrong",
        "again": "The card cannot be saved. Ask for a new link.",
        "reason": "For whoever made the link:",
        "INACTIVE": "This card no longer counts.",
        "EXPIRED": "This card has expired.",
        "COMPLETED": "This card has been used.",
    },
    "fr": {
        "title": "Enregistrer dans Google Wallet",
        "standin": "Simulation de Google Wallet sur cette machine. Rien n’est envoyé "
        "à Google.",
        "save": "Ajouter à Google Wallet",
        "remove": "Retirer de Google Wallet",
        "held": "Cette carte est dans le portefeuille.",
        "code": "Code-barres",
        "details": "Détails",
        "messages": "Messages",
        "told": "Notifications",
        "updated": "La carte a été mise à jour.",
        "trouble": "Une erreur s’est produite",
        "again": "La carte ne peut pas être enregistrée. Demandez un nouveau lien.",
        "reason": "Pour l’auteur du lien :",
        "INACTIVE": "Cette carte n’est plus valable.",
        "EXPIRED": "Cette carte a expiré.",
        "COMPLETED": "Cette carte a été utilisée.",
    },
}

_PAGES = Environment(
    loader=PackageLoader("wallet_google", "standin"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's address, and what a screen reader says of it."""

    url: str
    described: str


@dataclass(frozen=True, slots=True)
class Told:
    """A notification as the phone's list shows it."""

    when: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """A card, ready to be drawn."""

    object_id: str
    held: bool
    state: str
    issuer: str
    programme: str
    logo: Picture | None
    hero: Picture | None
    ground: str
    ink: str
    rows: Sequence[Sequence[Shown]]
    barcode: Barcode | None
    details: Sequence[Shown]
    links: Sequence[tuple[str, str]]
    messages: Sequence[Shown]
    told: Sequence[Told]


def language(request: Request) -> str:
    """The language of the page that the request is for."""
    return request.accept_languages.best_match(list(WORDS), default="en") or "en"


def saving(views: Sequence[View], speaks: str) -> str:
    """The page of the cards that a link brings."""
    return _PAGES.get_template("card.html").render(
        views=views, words=WORDS[speaks], language=speaks, trouble=None
    )


def trouble(reason: str, speaks: str) -> str:
    """The page of a link that leads nowhere; Google tells developers the reason."""
    return _PAGES.get_template("card.html").render(
        views=[], words=WORDS[speaks], language=speaks, trouble=reason
    )


def view(card: Card, told: Sequence[Notification], speaks: str, at: datetime) -> View:
    """Return how a phone shows the card at that time, *told* being newest first."""
    body, shared = card.body, card.loyalty_class
    ground = str(shared.get("hexBackgroundColor", _PLAIN))
    if not _COLOUR.fullmatch(ground):
        ground = _PLAIN
    return View(
        object_id=card.object_id,
        held=card.held,
        state=WORDS[speaks].get(str(body.get("state")), ""),
        issuer=fields.text(shared, "issuerName", speaks),
        programme=fields.text(shared, "programName", speaks),
        logo=_picture(shared.get("programLogo"), speaks),
        hero=_picture(body.get("heroImage") or shared.get("heroImage"), speaks),
        ground=ground,
        ink=_ink(ground),
        rows=fields.rows(shared, body, speaks),
        barcode=barcodes.of(body, at),
        details=_texts("textModulesData", speaks, body, shared),
        links=_links(speaks, body, shared),
        messages=_texts("messages", speaks, body, shared),
        told=[_told(one, speaks) for one in told],
    )


def _ink(ground: str) -> str:
    """Google chooses the colour of a card's text: no issuer can."""
    behind = colours.parse(ground)
    dark = colours.contrast(_BLACK, behind) > colours.contrast(_WHITE, behind)
    return "#000000" if dark else "#ffffff"


def _picture(image: Body | None, speaks: str) -> Picture | None:
    url = str((image or {}).get("sourceUri", {}).get("uri", ""))
    if image is None or not url.startswith(("https:", "http:")):
        return None
    return Picture(url, fields.string(image.get("contentDescription"), speaks))


def _texts(name: str, speaks: str, *bodies: Body) -> list[Shown]:
    """The modules or messages of object and class, where they say something."""
    shown = [
        Shown(fields.text(one, "header", speaks), fields.text(one, "body", speaks))
        for body in bodies
        for one in body.get(name, [])
    ]
    return [one for one in shown if one.label or one.value]


def _links(speaks: str, *bodies: Body) -> list[tuple[str, str]]:
    return [
        (fields.text(one, "description", speaks) or str(one["uri"]), str(one["uri"]))
        for body in bodies
        for one in body.get("linksModuleData", {}).get("uris", [])
        if str(one.get("uri", "")).startswith(_SCHEMES)
    ]


def _told(one: Notification, speaks: str) -> Told:
    here = one.at.astimezone()
    when = format_datetime(here, "short", tzinfo=here.tzinfo, locale=speaks)
    text = WORDS[speaks]["updated"] if one.kind == "update" else one.text
    return Told(when, one.title, f"{text} {one.text}" if one.kind == "update" else text)
