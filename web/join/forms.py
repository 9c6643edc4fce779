"""The form that a customer fills in, or leaves empty."""

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Form, StringField

from passes.people.consent import Purpose
from passes.people.member import Details

TEXT_VERSION = "2026-11"
"""The version of the consents' wording; it changes with the words."""


class JoinForm(Form):
    """Name and one contact, both optional; the consents come unticked."""

    name = StringField(_("First name"))
    contact = StringField(_("Phone or e-mail"))
    email_offers = BooleanField()
    wallet_offers = BooleanField()

    def details(self, language: str) -> Details:
        """Return what was told; a contact with an @ is an e-mail address."""
        contact = (self.contact.data or "").strip()
        return Details(
            name=(self.name.data or "").strip() or None,
            email=contact if "@" in contact else None,
            phone=contact if contact and "@" not in contact else None,
            language=language,
        )

    def consents(self) -> list[Purpose]:
        """Return what was agreed to."""
        given = {
            Purpose.EMAIL_OFFERS: self.email_offers.data,
            Purpose.WALLET_OFFERS: self.wallet_offers.data,
        }
        return [purpose for purpose, ticked in given.items() if ticked]
