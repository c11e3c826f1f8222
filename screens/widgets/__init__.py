"""House widgets."""
