"""The member's own pages, behind the private link on the card."""
