"""Google's discovery document, reduced to what we send: names, types and values.

``python -m tests.wallet_google.discovery`` writes ``wallet_google/schema.json`` anew,
after an update of google-api-python-client.
"""

import json
from pathlib import Path
from typing import Any

from googleapiclient.discovery_cache import get_static_doc

from wallet_google import schema

Json = dict[str, Any]

ROOTS = ("LoyaltyClass", "LoyaltyObject", "AddMessageRequest", "JwtValidateRequest")

# What the document has words for but no mark: Google's own to set, or for transit.
NOT_OURS = {
    "LoyaltyClass.review",
    "LoyaltyObject.classReference",
    "LoyaltyObject.hasLinkedDevice",
    "LoyaltyObject.hasUsers",
    "RotatingBarcode.initialRotatingBarcodeValues",
}
REQUIRED_IN_PROSE = {"LoyaltyPoints.balance"}


def reduced() -> Json:
    """The JSON schema (2020-12) of everything that we may send."""
    schemas = document()["schemas"]
    names = list(ROOTS)
    made: Json = {}
    while names:
        name = names.pop()
        if name not in made:
            made[name] = _object(name, schemas[name]["properties"])
            names.extend(_named(made[name]))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": dict(sorted(made.items())),
    }


def document() -> Json:
    found: Json = json.loads(get_static_doc("walletobjects", "v1"))
    return found


def _object(name: str, properties: Json) -> Json:
    kept = {
        key: told
        for key, told in properties.items()
        if f"{name}.{key}" not in NOT_OURS and not _deprecated(told)
    }
    required = [key for key, told in kept.items() if _required(name, key, told)]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _value(kept[key]) for key in sorted(kept)},
        **({"required": sorted(required)} if required else {}),
    }


def _deprecated(told: Json) -> bool:
    return told.get("deprecated", False) or _begins(told, "Deprecated")


def _required(name: str, key: str, told: Json) -> bool:
    return f"{name}.{key}" in REQUIRED_IN_PROSE or _begins(told, "Required.")


def _begins(told: Json, word: str) -> bool:
    return str(told.get("description", "")).startswith(word)


def _value(told: Json) -> Json:
    if "$ref" in told:
        return {"$ref": f"#/$defs/{told['$ref']}"}
    if told["type"] == "array":
        return {"type": "array", "items": _value(told["items"])}
    if told.get("format") == "int64":
        return {"type": "string", "pattern": "^-?[0-9]{1,19}$"}
    if told.get("format") == "int32":
        return {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
    if "enum" in told:
        return {"type": "string", "enum": _current(told)}
    return {"type": told["type"]}


def _current(told: Json) -> list[str]:
    """The values that are neither old spellings nor a lack of one."""
    old = told.get("enumDeprecated", [False] * len(told["enum"]))
    return [
        value
        for value, gone in zip(told["enum"], old, strict=True)
        if not gone and not value.endswith("UNSPECIFIED")
    ]


def _named(part: Any) -> list[str]:
    """The schemas that a part refers to."""
    if isinstance(part, dict):
        own = [part["$ref"].rpartition("/")[2]] if "$ref" in part else []
        return own + [name for inner in part.values() for name in _named(inner)]
    return []


def written() -> str:
    """The text of the file: a line for each property."""
    whole = reduced()
    lines = [f'{{\n"$schema": "{whole["$schema"]}",\n"$defs": {{']
    for name, told in whole["$defs"].items():
        properties = told.pop("properties")
        lines.append(f'{json.dumps(name)}: {json.dumps(told)[:-1]}, "properties": {{')
        lines.append(
            ",\n".join(
                f"  {json.dumps(key)}: {json.dumps(value)}"
                for key, value in properties.items()
            )
        )
        lines.append("}},")
    lines[-1] = "}}"
    return "\n".join([*lines, "}\n}\n"])


if __name__ == "__main__":
    Path(schema.FILE).write_text(written())
