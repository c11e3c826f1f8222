"""People: identity, roles, invitations and passwords."""
