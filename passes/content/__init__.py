"""What a card shows, said once for every wallet and page."""
