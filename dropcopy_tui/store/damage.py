"""What a damaged store does to whoever reads it."""

from __future__ import annotations

# Any bytes may be in any column, and the rows of one table in the place of another's: a number where a date is read, a
# null where a text is bound. Only whoever looks for damage takes each of these for damage.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
