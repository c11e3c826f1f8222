"""The EASE desk: what its agents do for people who call."""
