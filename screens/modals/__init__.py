"""Modals: each collects one thing and gives it back; none opens the store."""
