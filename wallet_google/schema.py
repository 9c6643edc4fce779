"""Judges what is sent to Google, strictly and in plain words, before Google does.

Google drops a field that it does not know without a word; here it is a finding. Names,
types and values are those of Google's discovery document, without what is deprecated
(``schema.json``); the limits that Google writes in prose are in `prose`.
"""

import difflib
import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from wallet_google import prose, template_paths
from wallet_google.prose import Json

FILE = Path(__file__).with_name("schema.json")

ROOTS: Mapping[str, str] = {
    "loyaltyClass": "LoyaltyClass",
    "loyaltyObject": "LoyaltyObject",
    "addMessage": "AddMessageRequest",
    "validate": "JwtValidateRequest",
}
"""What is sent, and the name of its schema."""

_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}


def findings(
    kind: str, body: Mapping[str, Any], *, patch: bool = False, local: bool = False
) -> list[str]:
    """What is wrong with a *body* of a *kind* of `ROOTS`: a sentence for each thing.

    A *patch* may leave everything out, and takes a field away by null. With *local*,
    addresses on this machine count as public ones: a stand-in fetches from there.
    """
    given = {name: value for name, value in body.items() if value is not None}
    found = [_said(error) for error in _validator(kind, patch).iter_errors(given)]
    if patch:
        found += _taken_away(kind, set(body) - set(given))
    else:
        found += [
            f"{name}: null is no value." for name in sorted(set(body) - set(given))
        ]
    if not found:
        # What does not even have its form would only be found wrong twice.
        found += prose.findings(given, local=local)
        found += template_paths.findings(given, definitions(), patch=patch)
    return list(dict.fromkeys(found))


@functools.cache
def definitions() -> Json:
    """The schemas by name, Google's prose limits included."""
    made: Json = json.loads(FILE.read_text("utf-8"))["$defs"]
    for place, limits in prose.LIMITS.items():
        name, _, key = place.partition(".")
        part = made[name]["properties"][key] if key else made[name]
        part.update(limits)
    return made


@functools.cache
def _validator(kind: str, patch: bool) -> Draft202012Validator:
    root = definitions()[ROOTS[kind]]
    if patch:
        root = {key: value for key, value in root.items() if key != "required"}
    return Draft202012Validator({**root, "$defs": definitions()})


def _taken_away(kind: str, names: set[str]) -> Iterator[str]:
    root = definitions()[ROOTS[kind]]
    for name in sorted(names):
        if name not in root["properties"]:
            yield _unknown("", name, root["properties"])
        elif name in root.get("required", ()):
            yield f"{name}: Google needs it; it cannot be taken away."


class _Fault(NamedTuple):
    """One thing wrong: where, by which *schema*, what it *wanted* and was *given*."""

    at: str
    schema: Json
    wanted: Any
    given: Any


def _said(error: ValidationError) -> str:
    """The error as a sentence that names the field."""
    at = error.json_path.removeprefix("$").removeprefix(".")
    fault = _Fault(
        at, cast("Json", error.schema), error.validator_value, error.instance
    )
    words = _WORDS[str(error.validator)]
    return words(fault)


def _described(fault: _Fault) -> str:
    wanted = fault.schema.get("description", "digits, in a text")
    return f"{fault.at}: give {wanted}."


def _strangers(fault: _Fault) -> str:
    known = fault.schema["properties"]
    names = sorted(set(fault.given) - set(known))
    return " ".join(_unknown(fault.at, name, known) for name in names)


def _unknown(at: str, name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Is it {near[0]}?" if near else ""
    return f"{prose.within(at, name)}: Google knows no such field.{hint}"


def _missing(fault: _Fault) -> str:
    absent = (name for name in fault.wanted if name not in fault.given)
    return " ".join(
        f"{prose.within(fault.at, name)}: Google needs it." for name in absent
    )


_WORDS: Mapping[str, Callable[[_Fault], str]] = {
    "additionalProperties": _strangers,
    "required": _missing,
    "type": lambda fault: f"{fault.at}: give {_TYPES[fault.wanted]}.",
    "enum": lambda fault: f"{fault.at}: give one of {', '.join(fault.wanted)}.",
    "pattern": _described,
    "minProperties": _described,
    "maxProperties": _described,
    "oneOf": _described,
    "minItems": _described,
    "maxItems": lambda fault: f"{fault.at}: {fault.wanted} at most.",
    "maximum": lambda fault: f"{fault.at}: {fault.wanted} at most.",
    "minimum": lambda fault: f"{fault.at}: {fault.wanted} at least.",
}
