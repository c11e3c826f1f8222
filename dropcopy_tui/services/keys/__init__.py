"""Key pairs: generation, rotation, key files, the calendar and expiry notices."""
