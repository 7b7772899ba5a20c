"""Diffusion edits: one file per method over one backbone. Knows neither Qt nor the document."""

import os

# Torch's threads sleep, not spin, while they wait for each other; read when torch is loaded, so it is set before.
# Spinning is a little quicker on idle cores, but as soon as anything else runs, a thread spins against the very one it
# waits for: with two other busy processes on two cores an edit took 25 times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
