"""Members, their consents, the team, and who did what."""
