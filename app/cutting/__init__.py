"""Cutting an example out of its picture: what is kept, the steps there, and the dialog that shows them."""
