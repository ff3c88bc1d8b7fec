"""Resolved support tickets in, a small model that answers the next ones out."""
