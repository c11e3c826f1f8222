"""The sample data of a sandbox."""
