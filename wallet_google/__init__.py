"""Google Wallet: a decision of the domain in Google's words, carried to Google."""
