"""People, their roles and the EASE desk."""
