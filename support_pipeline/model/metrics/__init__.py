"""Metrics that `evaluate.load` reads from a local path: one folder each, usable on their own."""
