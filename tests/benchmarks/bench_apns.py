"""Pushes: what one costs the client, how near the streams' limit they come.

The peer runs in a process of its own, so that the client's processor time is its own.
httpx and aioapns are measured beside ours where they are installed.
"""

import asyncio
import contextlib
import importlib
import os
import resource
import secrets
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from tests.benchmarks.figures import Figure, rates
from tests.wallet_apple.throwaway import PASS_TYPE, Issued, issue
from wallet_apple.apns import Connection
from wallet_apple.apns_answers import ACCEPTED
from wallet_apple.apns_batch import Limits
from wallet_apple.standin import authority

STREAMS = 100
ROUND_TRIP = 0.05
Work = Callable[[], object]


def figures() -> Iterator[Figure]:
    """Yield the figures of rows 7 and 8 of the goals, and what stays flat."""
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        yield from _cost(bench)
        for streams in (100, 500):
            yield _throughput(bench, streams)
        yield from _flat(bench)


class Bench:
    """Certificates in a folder, and peers in processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.issued: Issued = issue()
        self.files = authority.server_files(folder)
        self.client = folder / "client.pem"
        identity = self.issued.identity
        self.client.touch(mode=0o600)
        self.client.write_bytes(identity.certificate + identity.key)

    @contextlib.contextmanager
    def peer(self, *options: str) -> Iterator[int]:
        """Run a peer and give its port."""
        script = Path(__file__).with_name("apns_peer.py")
        with subprocess.Popen(
            [sys.executable, script, self.files.server, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout
            assert process.stdin
            yield int(process.stdout.readline())
            process.stdin.close()

    @contextlib.contextmanager
    def connection(self, port: int, limits: Limits) -> Iterator[Connection]:
        """Our client."""
        made = Connection(
            PASS_TYPE,
            self.issued.identity,
            url=f"https://127.0.0.1:{port}",
            ca_file=self.files.authority,
            limits=limits,
        )
        try:
            yield made
        finally:
            made.close()

    def context(self) -> ssl.SSLContext:
        """What other clients need to connect."""
        context = ssl.create_default_context(cafile=str(self.files.authority))
        context.load_cert_chain(self.client)
        return context


def tokens(count: int) -> list[str]:
    return [secrets.token_hex(32) for _ in range(count)]


def _ours(connection: Connection, to: list[str]) -> None:
    answers = connection.push(to)
    assert list(answers.values()).count(ACCEPTED) == len(to)


def _cost(bench: Bench) -> Iterator[Figure]:
    """Yield what a push costs in processor time, our client's and the others'.

    aioapns needs its own apns-id back, which slows its peer: it has one of its own.
    """
    allowed = ("--streams", str(STREAMS))
    with (
        bench.peer(*allowed) as port,
        bench.peer(*allowed, "--echo") as echo,
        bench.connection(port, Limits()) as connection,
        asyncio.Runner() as runner,
    ):
        phones = tokens(500)
        cases: dict[str, tuple[int, Work]] = {
            "ours": (500, lambda: _ours(connection, phones))
        }
        if module := _installed("httpx"):
            cases["httpx"] = (200, _httpx(module, bench, port, runner))
        if module := _installed("aioapns"):
            cases["aioapns"] = (200, _aioapns(module, bench, echo, runner))
        measured = rates(
            {name: work for name, (_, work) in cases.items()},
            rounds=7,
            clock=time.process_time,
        )
        cost = {name: 1e6 / measured[name] / cases[name][0] for name in cases}
    yield Figure("client CPU of a push, 100 streams", cost["ours"], "µs")
    for name, goal in (("httpx", 1 / 40), ("aioapns", 1 / 8)):
        if name in cost:
            ratio = cost["ours"] / cost[name]
            yield Figure(
                f"the same against {name}",
                *(cost["ours"], "µs", cost[name], ratio, goal),
                at_most=True,
            )


def _installed(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        print(f"{name} is not installed: not compared")
        return None


def _httpx(httpx: Any, bench: Bench, port: int, runner: asyncio.Runner) -> Work:
    client = httpx.AsyncClient(
        http2=True,
        verify=bench.context(),
        trust_env=False,
        limits=httpx.Limits(max_connections=1),
        timeout=60,
    )
    headers = {
        "apns-topic": PASS_TYPE,
        "apns-push-type": "background",
        "apns-priority": "5",
        "apns-expiration": "1800000000",
    }

    async def one(token: str) -> None:
        url = f"https://127.0.0.1:{port}/3/device/{token}"
        answer = await client.post(url, content=b"{}", headers=headers)
        assert answer.status_code == 200

    return lambda: runner.run(_many(one))


def _aioapns(aioapns: Any, bench: Bench, port: int, runner: asyncio.Runner) -> Work:
    async def connect() -> Any:
        made = aioapns.APNs(
            client_cert=str(bench.client),
            topic=PASS_TYPE,
            max_connections=1,
            ssl_context=bench.context(),
        )
        # It knows Apple's address only.
        protocol = made.pool.protocol_class
        made.pool.ssl_context.set_alpn_protocols(["h2"])
        here = {"APNS_SERVER": "127.0.0.1", "APNS_PORT": port}
        made.pool.protocol_class = type("Here", (protocol,), here)
        return made

    client = runner.run(connect())

    async def one(token: str) -> None:
        answer = await client.send_notification(
            aioapns.NotificationRequest(
                device_token=token,
                message={},
                time_to_live=3600,
                priority=5,
                push_type=aioapns.PushType.BACKGROUND,
            )
        )
        assert answer.is_successful

    return lambda: runner.run(_many(one))


async def _many(one: Callable[[str], Coroutine[None, None, None]]) -> None:
    """Push to 200 tokens, with as many in flight as there are streams."""
    waiting = tokens(200)

    async def lane() -> None:
        while waiting:
            await one(waiting.pop())

    await asyncio.gather(*(lane() for _ in range(STREAMS)))


def _throughput(bench: Bench, streams: int) -> Figure:
    """Pushes in a second, against the streams over the round trip of one push."""
    options = ("--streams", str(streams), "--latency", str(ROUND_TRIP))
    phones = tokens(streams * 40)
    trips, paces = [], []
    with bench.peer(*options) as port, bench.connection(port, Limits()) as connection:
        _ours(connection, phones[:streams])
        for _ in range(5):
            trips += [_seconds(connection, phones[:1]) for _ in range(3)]
            paces.append(_seconds(connection, phones) / len(phones))
    limit = streams / max(statistics.median(trips), ROUND_TRIP)
    reached = 1 / statistics.median(paces)
    return Figure(
        f"pushes at 50 ms round trip, {streams} streams",
        *(reached, "/s", limit, reached / limit, 0.85),
    )


def _seconds(connection: Connection, to: list[str]) -> float:
    started = time.perf_counter()
    _ours(connection, to)
    return time.perf_counter() - started


def _flat(bench: Bench) -> Iterator[Figure]:
    """Yield what 20 000 pushes leave behind: memory and open files."""
    with bench.peer() as port, bench.connection(port, Limits()) as connection:
        for _ in range(4):
            _ours(connection, tokens(500))
        before = _memory(), _descriptors()
        for _ in range(40):
            _ours(connection, tokens(500))
        after = _memory(), _descriptors()
    yield Figure("memory grown over 20 000 pushes", after[0] - before[0], "KiB")
    yield Figure("files opened over 20 000 pushes", after[1] - before[1], "")


def _memory() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the folder itself counts
