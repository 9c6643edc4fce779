"""What ``palier`` can do, one module a noun."""
