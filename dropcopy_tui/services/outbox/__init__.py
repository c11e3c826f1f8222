"""Outgoing messages: the outbox, its delivery, and notices in the application."""
