"""Cleaning of one message: encoding, quoted replies, signatures, left-over placeholders."""

from support_pipeline.data.cleaning.message import Cleaned, Step, clean_message

__all__ = ["Cleaned", "Step", "clean_message"]
