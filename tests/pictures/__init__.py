"""The README's pictures, made from the application: `make pictures`."""
