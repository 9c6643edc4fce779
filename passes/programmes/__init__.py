"""A shop or brand: its rules, its design, its pictures."""
