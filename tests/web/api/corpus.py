"""Bad input: what every endpoint must refuse by name, and survive unchanged.

Values are by kind of field, bodies by how they are broken. A test that has its own
way of sending (a form, another surface) can take the values alone.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.db import Base

LARGE = 200 * 1024
NESTED = 100_000


class Raw(NamedTuple):
    """A value as it is written in JSON, where Python would write it otherwise."""

    text: str


NUMBERS: tuple[Any, ...] = (
    0,
    2**31,
    2**63,
    2**64,
    -(2**63),
    Raw("1" + "0" * 23),
    Raw("-1" + "0" * 400),
    1.5,
    Raw("1e3"),
    Raw("1E400"),
    Raw("NaN"),
    Raw("Infinity"),
    Raw("-0.0"),
    Raw("01"),
    "5",
    "\uff15",
    True,
    None,
    [],
    [1],
    {},
    "x" * 1_000,
)
"""No whole number of points."""

MONEY: tuple[Any, ...] = (
    "-1.00",
    "0.00",
    "1",
    "1.5",
    "1.505",
    "1e3",
    "1,00",
    "+1.00",
    "01.00",
    "1.",
    ".50",
    "1_0.00",
    "0x10",
    "NaN",
    "Infinity",
    "",
    " ",
    " 1.00",
    "1.00 ",
    "1.00\n",
    "1.00\x00",
    "\uff11.\uff10\uff10",
    "\u0661.\u0660\u0660",
    str(2**31) + ".00",
    str(2**63) + ".00",
    str(10**23) + ".00",
    "9" * 5_000 + ".00",
    1,
    1.0,
    -1,
    Raw("NaN"),
    True,
    None,
    [],
    ["1.00"],
    {},
)
"""No amount in euros."""

TEXTS: tuple[Any, ...] = (
    0,
    2**63,
    1.5,
    True,
    [],
    {},
    ["x"],
    "\x00",
    "a\x00b",
    "a\nb",
    "\u202e",
    "\ufffe",
    "x" * 10_000,
    Raw(r'"\ud800"'),
)
"""No text on one line."""


class Kind(Enum):
    """What a field takes."""

    POINTS = NUMBERS
    MONEY = MONEY
    TEXT = TEXTS


@dataclass(frozen=True)
class Shape:
    """A good body, and which of its fields take what; *wrong* are further values."""

    good: Mapping[str, Any]
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    wrong: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One bad request. *names* are what the problem may name as its field."""

    name: str
    data: bytes
    names: tuple[str, ...]
    content_type: str = "application/json"


def cases(shape: Shape) -> Iterator[Case]:
    """Yield every bad request that can be made of the shape."""
    for name, kind in shape.kinds.items():
        for value in kind.value:
            yield _with(shape, name, value)
    for name, values in shape.wrong.items():
        for value in values:
            yield _with(shape, name, value)
    yield _with(shape, "surprise", 1)
    yield _with(shape, "__proto__", {})
    yield from _broken(shape)


def state(session: Session) -> str:
    """Return a hash of the whole database, but for when a key was last used."""
    digest = hashlib.sha256()
    for table in Base.metadata.sorted_tables:
        columns = [column for column in table.c if column.name != "used_at"]
        for row in session.execute(select(*columns).order_by(*table.primary_key)):
            digest.update(repr((table.name, tuple(row))).encode())
    return digest.hexdigest()


def _with(shape: Shape, name: str, value: Any) -> Case:
    parts = {key: orjson.dumps(part).decode() for key, part in shape.good.items()}
    written = value.text if isinstance(value, Raw) else _dumped(value)
    parts[name] = written
    body = ",".join(f'"{key}":{part}' for key, part in parts.items())
    # What is no JSON at all is refused before there are fields.
    names = (name, "body") if isinstance(value, Raw) else (name,)
    return Case(f"{name} = {written[:40]}", f"{{{body}}}".encode(), names)


def _dumped(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return orjson.dumps(value).decode()


def _broken(shape: Shape) -> Iterator[Case]:
    good = orjson.dumps(dict(shape.good))
    body = ("body",)
    yield Case("nested brackets", b"[" * NESTED, body)
    yield Case("nested objects", b'{"a":' * NESTED, body)
    yield Case("closed brackets", b"[" * 30_000 + b"]" * 30_000, body)
    yield Case("200 KB of spaces", good + b" " * LARGE, body)
    yield Case("200 KB of one field", b'{"a":"' + b"x" * LARGE + b'"}', body)
    yield Case("200 KB of fields", _many_fields(), body)
    yield Case("200 KB of nothing", b"\x00" * LARGE, body)
    yield Case("60 KB of digits", b'{"a":' + b"9" * 60_000 + b"}", ("a", "body"))
    yield Case("UTF-16", good.decode().encode("utf-16"), body)
    yield Case("UTF-7 and a BOM", b"\xef\xbb\xbf+AHs-", body)
    yield Case("Latin-1", b'{"a":"caf\xe9"}', body)
    yield Case("no body", b"", body)
    yield Case("half a body", good[: len(good) // 2] or b"{", body)
    yield Case("two bodies", good + good, body)
    yield Case("single quotes", b"{'a': 1}", body)
    yield Case("a comment", b"{} // x", body)
    for name, other in (("list", b"[]"), ("text", b'"{}"'), ("number", b"1")):
        yield Case(f"a {name}", other, body)
    yield Case("null", b"null", body)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "", "json"):
        yield Case(f"sent as {kind}", good, ("Content-Type",), kind)


def _many_fields() -> bytes:
    return orjson.dumps({f"field{number}": number for number in range(12_000)})
