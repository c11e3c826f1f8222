"""Alembic's entry point: it receives a connection that already has a transaction."""

from __future__ import annotations

from alembic import context

from dropcopy_tui.store.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, transactional_ddl=False)
context.run_migrations()
