"""Reading ``pass.strings``: ``"key" = "value";`` in UTF-16 or UTF-8.

https://developer.apple.com/documentation/walletpasses/creating-the-source-for-a-pass
"""

import codecs
import re

from wallet_apple import errors

_TOKEN = re.compile(
    r"""
    (?P<skipped> \s+ | /\*.*?\*/ | //[^\n]*\n? )
    | "(?P<quoted> (?: [^"\\] | \\. )* )"
    | (?P<bare> [A-Za-z0-9_.-]+ )
    | (?P<mark> [=;] )
    """,
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:[Uu]([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r"}


def read(data: bytes) -> dict[str, str]:
    """The texts by key.

    Raises:
        MalformedError: the file cannot be decoded, or is not made of such lines.
    """
    tokens = _tokens(decoded(data))
    texts: dict[str, str] = {}
    for key, equals, value, end in zip(*[iter(tokens)] * 4, strict=True):
        if (equals, end) != ("=", ";") or not (key[:1] == value[:1] == '"'):
            raise errors.MalformedError(f"A line is not “key = value;” near {key}.")
        texts[key[1:]] = value[1:]
    return texts


def decoded(data: bytes) -> str:
    """The file's characters, by its byte order mark; UTF-8 without one.

    Raises:
        MalformedError: the bytes are no such characters.
    """
    wide = data.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise errors.MalformedError(
            "The texts are neither UTF-16 with a byte order mark nor UTF-8."
        ) from error


def _tokens(text: str) -> list[str]:
    """Strings with a quotation mark before them, and the marks between."""
    tokens: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise errors.MalformedError(f"Unexpected “{text[at : at + 12]}”.")
        at = found.end()
        if found["mark"]:
            tokens.append(found["mark"])
        elif found["bare"]:
            tokens.append('"' + found["bare"])
        elif found["quoted"] is not None:
            tokens.append('"' + _ESCAPE.sub(_unescaped, found["quoted"]))
    if len(tokens) % 4:
        raise errors.MalformedError("The last line does not end.")
    return tokens


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return _NAMED.get(escape[2], escape[2])
