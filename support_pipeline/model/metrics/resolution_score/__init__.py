"""See resolution_score.py."""
