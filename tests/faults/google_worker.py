"""A worker of Google's lane, to be killed: ``python -m tests.faults.google_worker``.

It is given the database, the service account's file and the stand-in's address, says
that it has begun, and delivers until it is killed.
"""

import sys
import time
from pathlib import Path

from passes import clock as clocks
from passes import db
from passes.delivery import lanes
from tests.wallet_google import drawing
from wallet_google import objects
from wallet_google.client import Client
from wallet_google.identity import Identity
from wallet_google.save_link import SaveLinks
from wallet_google.slots import Slots
from wallet_google.standin.accounts import ISSUER_ID
from wallet_google.wallet import GoogleWallet


def work(database_url: str, account: Path, api_url: str) -> None:
    """Deliver for ever."""
    sessions = db.Sessions(db.open_engine(database_url))
    identity = Identity(account, ISSUER_ID, local=True)
    slots = Slots(sessions, ISSUER_ID)
    wallet = GoogleWallet(
        sessions,
        identity,
        Client(identity, api_url, pace=slots),
        slots=slots,
        pictures=drawing.make_pictures(drawing.Shelf()),
        save_links=SaveLinks(identity),
        base_url=drawing.BASE,
    )
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    while True:
        lanes.drain(sessions, wallet, objects.lane(ISSUER_ID), clocks.now)
        time.sleep(0.02)


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
