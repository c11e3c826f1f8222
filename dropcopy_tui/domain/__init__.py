"""Rules and types of the desk: pure, without input or output."""
