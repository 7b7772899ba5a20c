"""Our OpenRaster files in other programs; each program is used where it is installed.

`python -m tests.interop` prints the table of differences.
"""
