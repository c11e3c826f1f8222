"""The desk's persistent state: tables, transactions, pages, and secrets at rest."""
