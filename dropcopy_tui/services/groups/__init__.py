"""Drop copy groups: drafts, edits, submission and set-up."""
