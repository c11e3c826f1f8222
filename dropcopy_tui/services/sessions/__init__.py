"""FIX sessions: drop copy, order entry and market data, with their key pairs."""
