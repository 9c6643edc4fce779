"""A detached signature over a manifest, beside raw RSA; and two threads of it."""

import threading
import time
from collections.abc import Iterator

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from tests.benchmarks import apple_signer
from tests.benchmarks.figures import Figure, rates
from wallet_apple.signing import Signer

MANIFEST = b"{%s}" % b",".join(
    b'"picture-%d.png":"%040d"' % (number, number) for number in range(14)
)
THREADS = 2
BATCH = 200


def figures() -> Iterator[Figure]:
    """Yield the figures of rows 1 and 5 of the goals."""
    signer = apple_signer.make()
    yield from _one_core(signer)
    yield _two_threads(signer)


def _one_core(signer: Signer) -> Iterator[Figure]:
    measured = rates(
        {
            "raw": apple_signer.raw(signer),
            "ours": lambda: signer.sign(MANIFEST, apple_signer.NOW),
            "builder": lambda: _built(signer),
        },
        rounds=9,
        seconds=0.2,
        clock=time.thread_time,
    )
    limit = measured["raw"]
    yield Figure(
        "signature of a manifest, one core",
        *(measured["ours"], "/s", limit, measured["ours"] / limit, 0.95),
    )
    yield Figure(
        "the same by cryptography's builder",
        *(measured["builder"], "/s", limit, measured["builder"] / limit),
    )


def _built(signer: Signer) -> bytes:
    made = signer.credentials
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    return (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(MANIFEST)
        .add_signer(made.certificate, made.key, hashes.SHA256())
        .add_certificate(made.intermediate)
        .sign(serialization.Encoding.DER, options)
    )


def _two_threads(signer: Signer) -> Figure:
    measured = rates(
        {
            "one": lambda: _many(signer, BATCH),
            "two": lambda: _in_threads(signer, BATCH),
        },
        rounds=5,
        seconds=1,
    )
    one = measured["one"] * BATCH
    two = measured["two"] * BATCH * THREADS
    return Figure("signatures of two threads", two, "/s", one, two / one, 1.6)


def _many(signer: Signer, count: int) -> None:
    for _ in range(count):
        signer.sign(MANIFEST, apple_signer.NOW)


def _in_threads(signer: Signer, count: int) -> None:
    threads = [
        threading.Thread(target=_many, args=(signer, count)) for _ in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
