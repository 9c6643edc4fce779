"""The till: find the card, enter the amount, confirm, undo."""
