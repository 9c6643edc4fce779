"""Text as people type it: what can be shown, and nothing that hides."""

# French sets one before ; : ! ? and within a price; Python counts both as hidden.
_NO_BREAK = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"


def showable(text: str, *, lines: bool = False) -> bool:
    """Tell whether every character can be seen; with *lines*, their ends may be too."""
    allowed = _NO_BREAK + ("\n" if lines else "")
    return all(char.isprintable() or char in allowed for char in text)
