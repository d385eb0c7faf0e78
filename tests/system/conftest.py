"""What the system tests share: a database of their own."""

from tests.system.journey.conftest import journey_database

__all__ = ["journey_database"]
