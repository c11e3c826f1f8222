"""Logon signatures: the keys that verify them, and the rehearsals of a client."""
