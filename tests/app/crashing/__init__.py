"""A program that paints, runs and saves until it is killed; see `tests/app/test_crashes.py`."""
