"""Checks that change nothing: a logon, and the messages of a FIX log."""
