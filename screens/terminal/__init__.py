"""The terminal contract: what every screen of ours may rely on, whatever terminal it is."""
