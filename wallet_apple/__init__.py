"""Apple Wallet: a decision of the domain in Apple's words, carried to the phone."""
