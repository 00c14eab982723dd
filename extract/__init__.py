"""Bytes to `Document`: pages, grids, text and spans. Has never heard of a budget."""
