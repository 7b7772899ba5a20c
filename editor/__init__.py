"""The document: layers, tiles, strokes, masks, commands, tools and files. Knows neither Qt nor torch."""
