"""A terminal desk for BrokerTec drop copy groups and the key pairs of their sessions."""

from dropcopy_tui import _rooms

__version__ = "0.3.2"

_rooms.install()
