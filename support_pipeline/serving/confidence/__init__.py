"""Confidence that is a promise: a score of a draft, thresholds with exact bounds, and a watch over both."""

from support_pipeline.serving.confidence.certificate import (
    ASSUMPTION,
    Binding,
    Certificate,
    Labelled,
    certify,
    read_certificate,
    write_certificate,
)
from support_pipeline.serving.confidence.features import FEATURES_VERSION, features
from support_pipeline.serving.confidence.labels import is_material, is_wrong
from support_pipeline.serving.confidence.novelty import Novelty
from support_pipeline.serving.confidence.thresholds import Threshold, certified, naive
from support_pipeline.serving.confidence.watch import Watch

__all__ = [
    "ASSUMPTION",
    "FEATURES_VERSION",
    "Binding",
    "Certificate",
    "Labelled",
    "Novelty",
    "Threshold",
    "Watch",
    "certified",
    "certify",
    "features",
    "is_material",
    "is_wrong",
    "naive",
    "read_certificate",
    "write_certificate",
]
