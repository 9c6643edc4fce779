"""People with an account: signing in, and who they are."""
