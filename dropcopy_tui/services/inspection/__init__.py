"""Whether a store is whole: its file, its references, what its rows say of each other, and its sealed values."""
