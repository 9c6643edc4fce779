"""The studio's pages, all together."""

from web.studio import editor, home, pictures, rollouts
from web.studio.blueprint import bp

__all__ = ["bp", "editor", "home", "pictures", "rollouts"]
