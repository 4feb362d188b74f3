"""The scripted CRM of fake_connector as a package of its own, with a guide beside it."""

from tests.fake_connector import open_executor, open_reader

__all__ = ["open_executor", "open_reader"]
