"""Bugs of one line, each of which a named part of the tests must catch."""
