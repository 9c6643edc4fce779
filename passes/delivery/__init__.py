"""What each card owes to its wallets, and how that debt is paid."""
