"""The JSON API for tills, shops and apps of others: bearer keys, no cookies."""
