"""Networks and scenes this small are faster on one thread, above all beside other work."""

from tests.engine.conftest import one_thread

__all__ = ["one_thread"]
