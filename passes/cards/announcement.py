"""Which single change of a card a phone should tell its holder about."""

from enum import StrEnum


class Announcement(StrEnum):
    """The one change worth a message; tier outweighs points."""

    POINTS = "points"
    TIER = "tier"
    NOTHING = "nothing"
