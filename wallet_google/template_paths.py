"""The paths by which a class's template names what the card's front shows.

To any schema they are mere strings, and Google shows nothing for one that leads
nowhere.
https://developers.google.com/wallet/retail/loyalty-cards/resources/template
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wallet_google import prose
from wallet_google.prose import Json

_ROOTS = {"object": "LoyaltyObject", "class": "LoyaltyClass"}
_STEP = re.compile(r"\.(?P<name>[A-Za-z]+)(?:\['(?P<id>[A-Za-z0-9_-]+)'\])?")


def findings(
    body: Mapping[str, Any], definitions: Mapping[str, Json], *, patch: bool
) -> Iterator[str]:
    """Paths of a class's *body* that name no field, or no module of the class."""
    for at, path in _all(body):
        steps = _steps(path)
        if steps is None or not _known(path, steps, definitions):
            yield f"{at}: no card has {path}."
        elif path.startswith("class.") and _gone(steps, body, patch=patch):
            yield f"{at}: this class has no {path}."


def unresolved(
    loyalty_class: Mapping[str, Any], loyalty_object: Mapping[str, Any]
) -> list[str]:
    """Places of the template that would stay empty on this very card."""
    bodies = {"class": loyalty_class, "object": loyalty_object}
    return [
        at
        for at, part in prose.parts(loyalty_class.get("classTemplateInfo", {}))
        if "fields" in part
        and not any(value(field["fieldPath"], bodies) for field in part["fields"])
    ]


def value(path: str, bodies: Mapping[str, Mapping[str, Any]]) -> Any:
    """What *path* leads to in the bodies by ``class`` and ``object``, None if nothing.

    It may be a text, an object such as a balance, or a whole text module.
    """
    here: Any = bodies.get(path.partition(".")[0])
    for name, module in _steps(path) or ():
        here = here.get(name) if isinstance(here, Mapping) else None
        if module:
            here = next((one for one in here or () if one.get("id") == module), None)
    return here


def _all(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for at, part in prose.parts(body):
        if "fieldPath" in part:
            yield f"{at}.fieldPath", part["fieldPath"]


def _steps(path: str) -> list[tuple[str, str]] | None:
    """The fields of a path, each with the id in its brackets; None if it is no path."""
    root, dot, rest = path.partition(".")
    steps = [(step["name"], step["id"] or "") for step in _STEP.finditer(dot + rest)]
    spelled = "".join(step[0] for step in _STEP.finditer(dot + rest))
    return steps if root in _ROOTS and steps and spelled == dot + rest else None


def _known(
    path: str, steps: list[tuple[str, str]], definitions: Mapping[str, Json]
) -> bool:
    here = definitions[_ROOTS[path.partition(".")[0]]]
    for name, module in steps:
        told = here.get("properties", {}).get(name)
        if told is None or bool(module) is not (told.get("type") == "array"):
            return False
        named = told["items"] if module else told
        here = definitions[named["$ref"].rpartition("/")[2]] if "$ref" in named else {}
    return True


def _gone(
    steps: list[tuple[str, str]], body: Mapping[str, Any], *, patch: bool
) -> bool:
    """Whether the class itself lacks what is named; a PATCH may leave it unsaid."""
    first, _ = steps[0]
    if patch and first not in body:
        return False
    spelled = "".join(f".{name}['{id_}']" if id_ else f".{name}" for name, id_ in steps)
    return value(f"class{spelled}", {"class": body}) is None
