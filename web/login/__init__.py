"""Signing in and out, the programme to work in, where one is signed in."""
