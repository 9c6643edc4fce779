"""Signing in and out, the programme to work in, and the browsers that are signed in."""

from http import HTTPStatus

from flask import (
    Blueprint,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user, login_user, logout_user
from flask_wtf.csrf import generate_csrf

from passes.errors import InvalidError, NotFoundError
from passes.people.actor import Role
from passes.programmes import programme as programmes
from web import access, headers, languages, redirects
from web.accounts import invitations, passwords, sessions, store
from web.accounts.account import Account
from web.limits import TooOftenError
from web.login import attempts, browsers
from web.login.forms import SignInForm, WelcomeForm
from web.services import services

bp = Blueprint("login", __name__)


@bp.route("/login", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Ask for e-mail address and password; a wrong one is answered all the same."""
    form = SignInForm()
    if request.method == "GET":
        form.next.data = request.args.get("next", "")
        if current_user.is_authenticated:
            return redirect(redirects.inside(form.next.data, _home()))
        return render_template("login/sign_in.html", form=form)
    if not form.validate():
        return _ask_again(form, None)
    try:
        found = attempts.sign_in(form.email.data or "", form.password.data or "")
    except TooOftenError as error:
        minutes = -(-error.palier_retry_after // 60)
        return _ask_again(form, minutes)
    if found is None:
        return _ask_again(form, None)
    browsers.present().renew()
    login_user(found)
    g.pop("csrf_token", None)
    # Made now, or the first page would write the session once more.
    generate_csrf()
    return redirect(redirects.inside(form.next.data, _home()), HTTPStatus.SEE_OTHER)


@bp.post("/logout")
def sign_out() -> ResponseReturnValue:
    """End this browser's session; nothing happens without one."""
    if current_user.is_authenticated:
        with services().write() as writing:
            attempts.record(writing, access.account(), "sign_out")
        logout_user()
    browsers.present().renew()
    return redirect(url_for("login.sign_in"), HTTPStatus.SEE_OTHER)


@bp.get("/home")
def home() -> ResponseReturnValue:
    """Lead to where the person works: the till or the studio."""
    held = access.roles()
    if not held:
        raise access.DeniedError
    chosen = session.get(access.PROGRAMME)
    if chosen not in held:
        if len(held) > 1:
            return redirect(url_for("login.programmes"))
        (chosen,) = held
    place = "/staff/" if held[chosen] is Role.STAFF else "/studio/"
    return redirect(place)


@bp.get("/programmes", endpoint="programmes")
def programmes_page() -> ResponseReturnValue:
    """Show the person's programmes, to choose the one to work in."""
    held = access.roles()
    with services().read() as reading:
        found = [programmes.by_id(reading, number) for number in held]
    found.sort(key=lambda programme: programme.name.casefold())
    return render_template(
        "login/programmes.html",
        programmes=[(programme, held[programme.id]) for programme in found],
        chosen=session.get(access.PROGRAMME),
    )


@bp.post("/programmes")
def choose_programme() -> ResponseReturnValue:
    """Work in the programme of that address from here on."""
    with services().read() as reading:
        found = programmes.by_slug(reading, request.form.get("programme", ""))
    # Whether another's programme exists is nobody's business.
    if found.id not in access.roles():
        raise NotFoundError("programme")
    session[access.PROGRAMME] = found.id
    return redirect(url_for("login.home"), HTTPStatus.SEE_OTHER)


@bp.get("/account/browsers", endpoint="browsers")
def browsers_page() -> ResponseReturnValue:
    """Show where the person is signed in."""
    now = services().clock()
    with services().read() as reading:
        rows = sessions.of_account(reading, access.account().id, now)
    return render_template(
        "login/browsers.html", rows=rows, present=browsers.present_row(), now=now
    )


@bp.post("/account/browsers")
def end_browser() -> ResponseReturnValue:
    """Sign one browser out, or all but this one when none is named."""
    name = request.form.get("session")
    own = browsers.present_row()
    with services().write() as writing:
        if name:
            sessions.end(writing, name, account_id=access.account().id)
        else:
            sessions.end_all(writing, access.account().id, but=own)
        act = "browser.end" if name else "browser.end_others"
        attempts.record(writing, access.account(), act)
    flash(gettext("Signed out there."), "success")
    return redirect(url_for("login.browsers"), HTTPStatus.SEE_OTHER)


@bp.get("/welcome/<invitation>")
def welcome(invitation: str) -> ResponseReturnValue:
    """Show the form of an invitation; looking does not use it up."""
    with services().read() as reading:
        invited = invitations.account(reading, invitation, key=_invitation_key())
    return _ask_for_password(WelcomeForm(), invited)


@bp.post("/welcome/<invitation>")
def accept(invitation: str) -> ResponseReturnValue:
    """Keep the password that the invited person chose, and let them sign in."""
    form = WelcomeForm()
    with services().read() as reading:
        invited = invitations.account(reading, invitation, key=_invitation_key())
    try:
        kept = passwords.chosen(form.password.data or "", about=invited.known_words)
    except InvalidError:
        return _ask_for_password(form, invited, refused=True)
    with services().write() as writing:
        # Looked up again: two who follow one link must not both be let in.
        invited = invitations.accepted(writing, invitation, key=_invitation_key())
        store.keep_password(writing, invited, kept)
        attempts.record(writing, invited, "password.chosen")
    flash(gettext("Your password is kept. Sign in with it now."), "success")
    return redirect(url_for("login.sign_in"), HTTPStatus.SEE_OTHER)


def _invitation_key() -> bytes:
    return services().settings.key(invitations.PURPOSE)


def _ask_for_password(
    form: WelcomeForm, invited: Account, *, refused: bool = False
) -> ResponseReturnValue:
    headers.use(headers.PRIVATE_LINK)
    languages.choose(invited.language)
    page = render_template(
        "login/welcome.html",
        form=form,
        email=invited.email,
        shortest=passwords.SHORTEST,
        refused=refused,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK


def _home() -> str:
    return url_for("login.home")


def _ask_again(form: SignInForm, minutes: int | None) -> ResponseReturnValue:
    wrong = gettext("This e-mail address and password do not go together.")
    if minutes:
        wrong = gettext(
            "Too many tries. Please wait %(minutes)s minutes.", minutes=minutes
        )
    status = (
        HTTPStatus.TOO_MANY_REQUESTS if minutes else HTTPStatus.UNPROCESSABLE_ENTITY
    )
    page = render_template("login/sign_in.html", form=form, wrong=wrong)
    return page, status
