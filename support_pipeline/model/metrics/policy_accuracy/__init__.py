"""See policy_accuracy.py."""
