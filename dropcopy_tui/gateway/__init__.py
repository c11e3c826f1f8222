"""The Drop Copy gateway of a rehearsal: sessions, the port, and the listener that serves it."""
