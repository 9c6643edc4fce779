"""Cards, their codes, and raising every card of a programme."""
