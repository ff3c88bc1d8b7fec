"""See escalation_accuracy.py."""
