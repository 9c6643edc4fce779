"""Every route of the site, with an address that leads somewhere."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from werkzeug.routing import Rule

from passes.db import Base
from passes.loyalty import purchases
from passes.loyalty.purchases import Till
from passes.people.actor import Actor, Role
from passes.programmes import design, media
from passes.programmes import programme as programmes
from tests.makers import NOON, make_card
from tests.web import servers
from tests.web.clocks import HeldClock
from tests.web.servers import Server
from web.accounts import invitations, store
from web.app import Palier

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
_STAFF = Actor("account", "1", Role.STAFF)
_PICTURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class World:
    """A server with two shops; *cafe* and *bar* are what stands in their addresses."""

    server: Server
    cafe: dict[str, str]
    bar: dict[str, str]

    def address(self, rule: Rule, *, of_bar: bool = False) -> str:
        """Return an address of the route, with what belongs to the café (the bar)."""
        known = self.bar if of_bar else self.cafe
        built = rule.build({name: known[name] for name in rule.arguments})
        assert built is not None
        return built[1]

    def contents(self) -> str:
        """Return a digest of every row of every table."""
        digest = hashlib.sha256()
        with self.server.services.read() as session:
            for table in Base.metadata.sorted_tables:
                rows = sorted(map(str, session.execute(select(table))))
                digest.update(f"{table.name}{rows}".encode())
        return digest.hexdigest()


def rules(app: Palier, *methods: str) -> list[Rule]:
    """Return the site's rules for any of these methods, by address."""
    found = [
        rule
        for rule in app.site.url_map.iter_rules()
        if set(methods) & (rule.methods or set())
    ]
    return sorted(found, key=lambda rule: rule.rule)


@contextmanager
def world(folder: Path, migrated: Path, certificates: Path) -> Iterator[World]:
    """Give a server with two shops, each with a card and a purchase."""
    database = folder / "palier.db"
    shutil.copy(migrated, database)
    database.chmod(0o600)
    settings = servers.settings_in(folder, f"sqlite:///{database}", certificates)
    with servers.serving(settings, HeldClock()) as server:
        yield World(server, _shop(server, "cafe"), _shop(server, "bar"))


def _shop(server: Server, slug: str) -> dict[str, str]:
    """Make a shop and return what fills the gaps of addresses."""
    server.employ(Role.OWNER, slug)
    services = server.services
    with services.write() as session:
        programme = programmes.by_slug(session, slug)
        card = make_card(session, programme)
        # A second version, so that there is something to go back to.
        look = design.live(session, programme)
        design.publish(session, programme, look, by="account:1", at=NOON)
        earned = purchases.earn(
            session, programme, card.id, Till(1_000, "r1"), actor=_STAFF, at=NOON
        )
        picture = media.add(
            session, services.media, programme.id, _PICTURE, size=(1, 1), at=NOON
        )
        invited = store.create(session, email=f"new@{slug}.example", at=NOON)
        link = invitations.link(
            invited, base_url="", key=services.settings.key(invitations.PURPOSE)
        )
        return {
            "slug": slug,
            "name": picture,
            "filename": "manifest.json",
            "card_id": card.public_id,
            "entry_id": earned.entries[0].public_id,
            "purchase_id": earned.purchase.public_id,
            "number": "1",
            "kind": "logo",
            "token": card.page_token,
            "invitation": link.rpartition("/")[2],
        }
