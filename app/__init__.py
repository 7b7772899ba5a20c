"""Everything Qt, and the command line: the window, the canvas, the panels and the engine thread."""
