"""The studio: how the programme is doing, the card's design, and its way to phones."""
