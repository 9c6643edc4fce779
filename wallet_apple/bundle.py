"""A card's pass: its files, their manifest, the signature, the .pkpass.

https://developer.apple.com/documentation/walletpasses/building-a-pass
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import orjson

from passes.content.shown import CardContent
from wallet_apple import archive, images, localisation, pass_json, signing, strip

Draw = Callable[[CardContent, images.Media], dict[str, bytes]]
"""Makes the pictures of a card, by name."""

MEDIA_TYPE = "application/vnd.apple.pkpass"

_ROOM = 48 * 1024 * 1024
_MANIFEST = archive.Place("manifest.json")
_SIGNATURE = archive.Place("signature")


@dataclass(frozen=True, slots=True)
class _Still:
    """What all cards of one design, tier and step of progress have in common."""

    block: archive.Block
    document: archive.Stem
    back: tuple[orjson.Fragment, ...]
    strings: tuple[archive.Stem, ...]


class PassFactory:
    """Builds passes; what cards have in common is drawn and laid out once.

    *media* gives the PNG of a media hash, and *draw* makes a card's pictures with it.
    At most *room* bytes of pictures are kept. Safe to share between threads.
    """

    def __init__(
        self,
        signer: signing.Signer,
        media: images.Media,
        *,
        draw: Draw | None = None,
        room: int = _ROOM,
    ) -> None:
        self._signer = signer
        self._media = media
        self._draw = draw or pictures
        self._issuer = pass_json.Issuer(
            signer.facts.pass_type_identifier, signer.facts.team_identifier
        )
        self._room = room
        self._held = 0
        self._kept: OrderedDict[tuple[int, ...], _Still] = OrderedDict()
        self._drawing: dict[tuple[int, ...], threading.Lock] = {}
        self._lock = threading.Lock()

    def build(
        self,
        content: CardContent,
        identity: pass_json.PassIdentity,
        *,
        at: datetime,
    ) -> bytes:
        """The card's .pkpass, signed at the time *at* with one RSA operation.

        Raises:
            CertificateError: the certificate does not count at *at*.
            PictureError: a picture of the design cannot be drawn.
        """
        still = self._still(content)
        members = self._own(content, identity, still)
        manifest = archive.manifest(still.block, members)
        members.append(archive.unlisted(_MANIFEST, manifest))
        signature = self._signer.sign(manifest, at)
        members.append(archive.unlisted(_SIGNATURE, signature))
        return archive.file(still.block, members)

    def files(
        self, content: CardContent, identity: pass_json.PassIdentity
    ) -> dict[str, bytes]:
        """Every file of the pass before its manifest, by name; nothing is kept.

        For previews: a draft has no version yet that could name it.
        """
        still = self._frozen(content)
        own = self._own(content, identity, still)
        return self._draw(content, self._media) | {
            place.name.decode(): data for place, data, _, _ in own
        }

    def _own(
        self,
        content: CardContent,
        identity: pass_json.PassIdentity,
        still: _Still,
    ) -> list[archive.Member]:
        """The files that are this card's own."""
        own = orjson.dumps(pass_json.own(content, identity, still.back))
        members = [still.document.grown(own[1:])]
        for stem, lines in zip(still.strings, localisation.own(content), strict=True):
            members.append(stem.grown(localisation.following(lines)))
        return members

    def _still(self, content: CardContent) -> _Still:
        key = _key(content)
        with self._lock:
            if still := self._kept.get(key):
                self._kept.move_to_end(key)
                return still
            drawing = self._drawing.setdefault(key, threading.Lock())
        # A new design is asked for by many threads at once: one of them draws it, and
        # those that want another do not wait.
        with drawing:
            return self._kept.get(key) or self._drawn(key, content)

    def _drawn(self, key: tuple[int, ...], content: CardContent) -> _Still:
        """Draw what is not there, and keep it."""
        try:
            still = self._frozen(content)
            with self._lock:
                self._kept[key] = still
                self._held += len(still.block.laid)
                while self._held > self._room and len(self._kept) > 1:
                    _, oldest = self._kept.popitem(last=False)
                    self._held -= len(oldest.block.laid)
        finally:
            with self._lock:
                self._drawing.pop(key, None)
        return still

    def _frozen(self, content: CardContent) -> _Still:
        look = content.look
        shared = orjson.dumps(pass_json.shared(look, self._issuer))
        back = (orjson.Fragment(orjson.dumps(one)) for one in pass_json.back(look))
        return _Still(
            block=archive.block(self._draw(content, self._media)),
            # Cut before its end: every card goes on with its own part.
            document=archive.Stem("pass.json", shared[:-1] + b","),
            back=tuple(back),
            strings=tuple(
                _stem(content, language) for language in localisation.LANGUAGES
            ),
        )


def pictures(content: CardContent, media: images.Media) -> dict[str, bytes]:
    """Icon, logo and strip of the card at every scale, by name."""
    look = content.look
    brand = images.Brand(look.programme, look.background, look.foreground, look.logo)
    progress = content.progress
    scene = strip.Scene(
        background=look.background,
        foreground=look.foreground,
        picture=look.strip,
        ladder=tuple(tier.colour for tier in look.tiers),
        rank=content.tier.rank,
        filled=None if progress is None else progress.step,
        steps=1 if progress is None else progress.steps,
    )
    return (
        images.icons(brand, media)
        | images.logos(brand, media)
        | strip.strips(scene, media)
    )


def _stem(content: CardContent, language: str) -> archive.Stem:
    lines = localisation.shared(content, language)
    return archive.Stem(localisation.file_name(language), localisation.opening(lines))


def _key(content: CardContent) -> tuple[int, ...]:
    """What names a `_Still` for good."""
    look, progress = content.look, content.progress
    named = (look.programme_id, look.version, look.rules_version, content.tier.rank)
    if progress is None:
        return named
    return (*named, progress.tier.rank, progress.step, progress.steps)
