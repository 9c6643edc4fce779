"""Points: the ledger, what a purchase earns, tiers."""
