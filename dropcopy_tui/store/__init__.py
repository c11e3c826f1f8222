"""What the desk remembers: tables, transactions, pages, and secrets at rest."""
