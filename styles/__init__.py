"""How the desk looks."""
