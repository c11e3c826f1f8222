"""Requests: how they are made, approved, batched and ended."""
