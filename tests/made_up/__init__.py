"""Things that the desk does not have: what a new one costs."""
