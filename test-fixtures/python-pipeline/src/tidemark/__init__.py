"""Tidemark: water-level readings from many gauges, in one clean table."""

__version__ = "1.14.0"
