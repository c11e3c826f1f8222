"""Sessions and their key pairs."""
