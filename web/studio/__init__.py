"""The studio: the owner edits the card and watches it reach every phone."""
