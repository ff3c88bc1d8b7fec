"""See hallucination.py."""
