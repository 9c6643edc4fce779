"""A stand-in for Google Wallet: loopback only, for the demo and the tests."""
