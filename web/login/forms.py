"""The forms of accounts."""

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from web.accounts import passwords

_LONGEST_EMAIL = 254


class SignInForm(FlaskForm):  # type: ignore[misc]  # no types
    """E-mail address and password; *next* is where the person wanted to go."""

    email = EmailField(
        lazy_gettext("E-mail address"),
        validators=[
            InputRequired(lazy_gettext("Enter your e-mail address.")),
            Length(max=_LONGEST_EMAIL),
        ],
        render_kw={"autocomplete": "username", "inputmode": "email"},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        validators=[
            InputRequired(lazy_gettext("Enter your password.")),
            Length(max=passwords.LONGEST),
        ],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


class WelcomeForm(FlaskForm):  # type: ignore[misc]  # no types
    """A new password; what it must be like is for `web.accounts.passwords` to say."""

    password = PasswordField(
        lazy_gettext("New password"),
        validators=[
            InputRequired(lazy_gettext("Enter a password.")),
            Length(max=passwords.LONGEST),
        ],
        render_kw={"autocomplete": "new-password"},
    )
