"""Walkthroughs: the jobs of the desk, key by key. They are played, practised, printed and tested from one list."""
