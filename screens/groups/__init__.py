"""Drop copy groups: their lists, their pages and what is done to them."""
