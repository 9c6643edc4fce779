"""Read-only figures for the studio."""
