"""Outside parties: one module each."""
