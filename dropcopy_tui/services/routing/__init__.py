"""Routing: which messages of a FIX log each group receives."""
