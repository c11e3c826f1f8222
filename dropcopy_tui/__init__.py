"""A terminal desk for BrokerTec drop copy groups and the key pairs of their sessions."""

__version__ = "0.3.2"
