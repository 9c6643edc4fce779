"""The built files of ``web/static``, by the names that people write.

``npm run build`` gives each file a name with a hash of its content and notes it
in ``manifest.json``; templates say ``asset('app.css')`` and ``icon('check')``.
"""

import json
import re
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup


class AssetsNotBuiltError(RuntimeError):
    """The folder has no manifest, or what was built lacks the asked thing."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not built: run `npm run build` in web/frontend")


class Assets:
    """Addresses of the built files in *folder*, served under *prefix*."""

    def __init__(self, folder: Path, prefix: str = "/static") -> None:
        self._prefix = prefix
        try:
            content = (folder / "manifest.json").read_text("utf-8")
        except FileNotFoundError as error:
            raise AssetsNotBuiltError(str(folder)) from error
        self._names: dict[str, str] = json.loads(content)
        sprite = (folder / self._names["icons.svg"]).read_text("utf-8")
        self._icons = frozenset(re.findall(r'<symbol id="([^"]+)"', sprite))

    def address(self, name: str) -> str:
        """The path of ``app.css`` and the like; it changes with the content."""
        try:
            return f"{self._prefix}/{self._names[name]}"
        except KeyError as error:
            raise AssetsNotBuiltError(name) from error

    def icon(self, name: str, label: str = "", css: str = "icon") -> Markup:
        """An icon of the sprite as inline SVG.

        Without *label* it is decoration, which screen readers pass over; with one
        it is a picture that says it.

        Raises:
            AssetsNotBuiltError: the sprite lacks it; icons.json names what it holds.
        """
        if name not in self._icons:
            raise AssetsNotBuiltError(f"The icon {name}")
        told = (
            Markup('role="img" aria-label="{}"').format(label)
            if label
            else Markup('aria-hidden="true"')
        )
        return Markup('<svg class="{}" {}><use href="{}#{}"></use></svg>').format(
            css, told, self.address("icons.svg"), name
        )

    def offer(self, templates: Environment) -> None:
        """Make ``asset()`` and ``icon()`` known to *templates*."""
        templates.globals.update(asset=self.address, icon=self.icon)
