"""The files of a pass that nobody will hold: what a preview of a draft is read from.

They are made by the same factory as those that are signed, and need no certificate:
a card can be designed before there is one.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import UTC, datetime

from passes.content.shown import CardContent
from wallet_apple import bundle, images, signing
from wallet_apple.certificates import Facts
from wallet_apple.errors import CertificateError
from wallet_apple.pass_json import PassIdentity

IDENTITY = PassIdentity("draft", "draft-draft-draft-draft", "https://example.org")

_PASS_TYPE = "pass.draft"  # noqa: S105 - no secret
_ROOM = 16


def files(content: CardContent, media: images.Media) -> dict[str, bytes]:
    """Every file of the card's pass by name, but manifest and signature.

    Drawing takes some 300 ms and is remembered by what is drawn, so that texts can
    be changed many times a second.

    Raises:
        PictureError: a picture of the design cannot be drawn.
    """
    factory = bundle.PassFactory(_UNSIGNED, media, draw=_drawn.of)
    return factory.files(content, IDENTITY)


class _Unsigned(signing.Signer):
    """Has the facts that a factory asks for, and signs nothing."""

    def __init__(self) -> None:
        ended = datetime(1970, 1, 1, tzinfo=UTC)
        self.facts = Facts(
            pass_type_identifier=_PASS_TYPE,
            team_identifier="DRAFT00000",
            organisation="",
            nfc=False,
            serial_number=0,
            not_before=ended,
            not_after=ended,
        )

    def sign(self, manifest: bytes, at: datetime) -> bytes:
        """Refuse: a draft is not for phones."""
        raise CertificateError("A draft is never signed.", remedy="Publish the design.")


class _Drawn:
    """The pictures of the newest drafts; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, dict[str, bytes]] = OrderedDict()

    def of(self, content: CardContent, media: images.Media) -> dict[str, bytes]:
        """Return what `bundle.pictures` does, drawn now or before."""
        named = _named(content)
        with self._lock:
            if found := self._kept.get(named):
                self._kept.move_to_end(named)
                return found
        drawn = bundle.pictures(content, media)
        with self._lock:
            self._kept[named] = drawn
            while len(self._kept) > _ROOM:
                self._kept.popitem(last=False)
        return drawn


def _named(content: CardContent) -> Hashable:
    """All that the pictures depend on."""
    look, progress = content.look, content.progress
    ladder = tuple(tier.colour for tier in look.tiers)
    step = None if progress is None else (progress.step, progress.steps)
    return (
        (look.programme, look.background, look.foreground, look.logo, look.strip),
        (ladder, content.tier.rank, step),
    )


_UNSIGNED = _Unsigned()
_drawn = _Drawn()
