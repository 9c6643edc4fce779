"""The figures for Prometheus.

What is owed comes from the database and is right whichever worker answers; counts
and times of requests are those of the process that answers.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import select

from passes.delivery import debts, lanes
from passes.delivery.debts import Debt
from passes.delivery.lanes import Lane
from passes.delivery.wallet import Wallet
from passes.loyalty import proofs
from wallet_apple.errors import CertificateError
from wallet_google import timeline
from web.services import Services

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

_process = CollectorRegistry()
_requests = Counter(
    "palier_requests", "Answered requests.", ("surface", "status"), registry=_process
)
_durations = Histogram(
    "palier_request_seconds",
    "Time to answer.",
    ("surface",),
    registry=_process,
    buckets=_SECONDS,
)


def count(surface: str, status: int, seconds: float) -> None:
    """Note one answered request."""
    counter, histogram = _children(surface, status // 100)
    counter.inc()
    histogram.observe(seconds)


@lru_cache(maxsize=32)
def _children(surface: str, hundreds: int) -> tuple[Counter, Histogram]:
    # Looking labels up costs more than counting.
    return _requests.labels(surface, f"{hundreds}xx"), _durations.labels(surface)


def text(services: Services) -> bytes:
    """Return all figures in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Owed(services))
    return generate_latest(_process) + generate_latest(registry)


class _Owed(Collector):
    """What is owed to the wallets, and since when."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterable[Metric]:
        """Ask the database."""
        owed = GaugeMetricFamily(
            "palier_owed",
            "Rows that owe a wallet a revision.",
            labels=("wallet", "lane"),
        )
        dead = GaugeMetricFamily(
            "palier_dead", "Rows given up, for a hand.", labels=("wallet", "lane")
        )
        late = GaugeMetricFamily(
            "palier_owed_seconds",
            "For how long the oldest is owed.",
            labels=("wallet", "lane"),
        )
        yield from self._certificates()
        yield from self._ledger()
        for wallet in self._services.wallets:
            for lane, debt in self._debts(wallet).items():
                owed.add_metric((wallet.name, lane), debt.waiting)
                dead.add_metric((wallet.name, lane), debt.dead)
                late.add_metric((wallet.name, lane), self._age(debt))
        yield from (owed, dead, late)
        yield from self._resting()
        yield from self._at_google()

    def _certificates(self) -> Iterable[Metric]:
        """Days that Apple's certificate still counts; nothing while there is none."""
        now = self._services.clock()
        days = GaugeMetricFamily(
            "palier_certificate_days_left", "Days left.", labels=("certificate",)
        )
        try:
            facts = self._services.apple.identity.loaded(now).facts
        except CertificateError:
            return
        days.add_metric((facts.pass_type_identifier,), facts.days_left(now))
        yield days

    def _ledger(self) -> Iterable[Metric]:
        """What the last proof found, and when; nothing before the first."""
        with self._services.read() as session:
            proof = proofs.latest(session)
        if proof is None:
            return
        yield GaugeMetricFamily(
            "palier_ledger_differences",
            "What differed from the entries when the ledger was last proved.",
            value=proof.differences,
        )
        yield GaugeMetricFamily(
            "palier_ledger_proved_timestamp_seconds",
            "When the ledger was last proved.",
            value=proof.at.timestamp(),
        )

    def _resting(self) -> Iterable[Metric]:
        """For how long lanes rest after trouble; nothing while none does."""
        now = self._services.clock()
        rests = GaugeMetricFamily(
            "palier_lane_rests_seconds",
            "For how long the lane rests after trouble.",
            labels=("lane",),
        )
        with self._services.read() as session:
            for lane in session.scalars(select(Lane).where(lanes.paused(now))):
                if lane.paused_until is not None:
                    left = (lane.paused_until - now).total_seconds()
                    rests.add_metric((lane.name,), left)
        yield rests

    def _at_google(self) -> Iterable[Metric]:
        """When Google has everything, at its pace; nothing where nothing is owed."""
        now = self._services.clock()
        done = GaugeMetricFamily(
            "palier_google_done_seconds",
            "In how many seconds Google has all that is owed, at its pace.",
            labels=("lane",),
        )
        with self._services.read() as session:
            found = timeline.figures(session, now)
        for owed in found:
            if owed.done_at is not None:
                done.add_metric((owed.lane,), (owed.done_at - now).total_seconds())
        yield done

    def _debts(self, wallet: Wallet) -> Mapping[str, Debt]:
        with self._services.read() as session:
            return debts.by_lane(session, wallet.rows)

    def _age(self, debt: Debt) -> float:
        if debt.since is None:
            return 0.0
        return max(0.0, (self._services.clock() - debt.since).total_seconds())
