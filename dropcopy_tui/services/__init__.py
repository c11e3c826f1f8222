"""Use cases: each asks who acts, decides in one transaction, and leaves an audit event."""
