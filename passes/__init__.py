"""The loyalty domain: what is true of points, tiers, members and cards.

It knows a database and nothing else of the outside: no HTTP, no keys, no wallet.
"""
