"""Where a customer becomes a member: one short form."""
