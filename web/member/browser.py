"""What kind of browser opened the card's page: only to say the right thing first."""

from dataclasses import dataclass

# The browsers inside other apps; most cannot hand a pass to the wallet.
_IN_APP = {
    "FBAN": "Facebook",
    "FBAV": "Facebook",
    "Instagram": "Instagram",
    "musical_ly": "TikTok",
    "BytedanceWebview": "TikTok",
    "Snapchat": "Snapchat",
    "LinkedInApp": "LinkedIn",
    "MicroMessenger": "WeChat",
    "Line/": "LINE",
}


@dataclass(frozen=True, slots=True)
class Browser:
    """*apple* and *android* are telephones; *app* is the app it is inside, if any."""

    apple: bool
    android: bool
    app: str | None

    @property
    def phone(self) -> bool:
        """Whether a card can be kept on this very device."""
        return self.apple or self.android


def recognise(user_agent: str) -> Browser:
    """Return the kind of browser that names itself so."""
    apps = (app for mark, app in _IN_APP.items() if mark in user_agent)
    return Browser(
        apple="iPhone" in user_agent or "iPod" in user_agent or "iPad" in user_agent,
        android="Android" in user_agent,
        app=next(apps, None),
    )
