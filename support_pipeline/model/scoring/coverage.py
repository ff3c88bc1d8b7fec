"""The coverage layer: the half of an answer that is missing, where the ticket asked for two policies.

The policy layer sees a value that is not stated. A policy without a value ("Exchanges are free and start on
the order page") is told in any words, so here each sentence speaks for the policy that holds most of its words.
"""

from collections.abc import Mapping, Sequence

from support_pipeline.model.scoring.grounding import meant
from support_pipeline.model.scoring.layers import Layer, layer, right
from support_pipeline.model.scoring.wording import sentences

# The share of a sentence's words that its policy holds: of the human's, to ask for it, of the answer's, to let it count.
TOLD = 0.6
TOUCHED = 0.3


def coverage_layer(answer: str, human: str, passages: Mapping[str, str], valueless: Sequence[str]) -> Layer:
    """2 where the human answer tells a policy without a value and something else, and the answer tells only the else.

    `passages` are the policies in force by topic; `valueless` the topics among them that have no value.
    """
    asked = _told(human, passages, TOLD)
    if len(asked) < 2:
        return right("coverage")
    told = _told(answer, passages, TOUCHED)
    missing = [topic for topic in valueless if topic in asked and topic not in told]
    return (
        layer("coverage", 2, *(f"does not tell {topic}" for topic in missing))
        if missing
        else right("coverage")
    )


def _told(text: str, passages: Mapping[str, str], least: float) -> set[str]:
    found = set()
    for sentence in sentences(text):
        words = meant(sentence)
        shares = {topic: len(words & meant(passage)) for topic, passage in passages.items()}
        best = max(shares.values(), default=0)
        if words and best >= least * len(words):
            leading = [topic for topic, share in shares.items() if share == best]
            found |= set(leading) if least < TOLD or len(leading) == 1 else set()
    return found
