"""The pictures of a programme's cards, each made once and found at its own address.

Google fetches a picture when a class or object names it and keeps it: so another
picture has another address, made of what it holds.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable

from passes.content.shown import Look, Progress, Tier
from passes.errors import NotFoundError
from wallet_google import errors, heroes, images
from wallet_google.heroes import Scene
from wallet_google.images import Brand, Media

_ROOM = 2_000


class Pictures:
    """Draws what nobody asked for before; safe to share between threads.

    *save* keeps a PNG and gives the hash that names it, *media* gives the PNG of a
    hash; a picture stands at ``<base_url>/media/<hash>.png``. At most *room*
    addresses are remembered, those asked for last.
    """

    def __init__(
        self,
        save: Callable[[bytes], str],
        media: Media,
        base_url: str,
        *,
        room: int = _ROOM,
    ) -> None:
        self._save = save
        self._media = media
        self._base = base_url.rstrip("/")
        self._room = room
        self._kept: OrderedDict[Brand | Scene, str] = OrderedDict()
        self._drawing: dict[Brand | Scene, threading.Lock] = {}
        self._lock = threading.Lock()

    def logo(self, look: Look) -> str:
        """The address of the programme's logo.

        Raises:
            PictureError: the owner's picture cannot be drawn.
        """
        name = look.programme if look.logo is None else ""
        return self._address(Brand(name, look.background, look.foreground, look.logo))

    def hero(self, look: Look, tier: Tier, progress: Progress | None) -> str:
        """The address of the banner for a tier and a step on the way to the next.

        Raises:
            PictureError: the owner's picture cannot be drawn.
        """
        scene = Scene(
            background=look.background,
            foreground=look.foreground,
            picture=look.strip,
            ladder=tuple(each.colour for each in look.tiers),
            rank=tier.rank,
            filled=None if progress is None else progress.step,
            steps=1 if progress is None else progress.steps,
        )
        return self._address(scene)

    def _address(self, wanted: Brand | Scene) -> str:
        with self._lock:
            if known := self._kept.get(wanted):
                self._kept.move_to_end(wanted)
                return known
            drawing = self._drawing.setdefault(wanted, threading.Lock())
        # Many cards of a new design ask at once: one draws, and those that want
        # another picture do not wait.
        with drawing:
            return self._kept.get(wanted) or self._drawn(wanted)

    def _drawn(self, wanted: Brand | Scene) -> str:
        try:
            address = f"{self._base}/media/{self._saved(wanted)}.png"
            with self._lock:
                self._kept[wanted] = address
                if len(self._kept) > self._room:
                    self._kept.popitem(last=False)
        finally:
            with self._lock:
                self._drawing.pop(wanted, None)
        return address

    def _saved(self, wanted: Brand | Scene) -> str:
        """The hash of the picture, which is kept under it from now on."""
        try:
            return self._save(self._png(wanted))
        except (NotFoundError, OSError) as error:
            raise errors.PictureError(f"A picture is not to be had: {error}") from error

    def _png(self, wanted: Brand | Scene) -> bytes:
        if isinstance(wanted, Brand):
            return images.logo(wanted, self._media)
        return heroes.hero(wanted, self._media)
