"""Diffusion edits: one file per method over one backbone. Knows neither Qt nor the document."""
