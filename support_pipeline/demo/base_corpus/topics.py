"""All topics that a policy book of the corpus can hold."""

from support_pipeline.demo.base_corpus.facts import Topic
from support_pipeline.demo.base_corpus.topics_delivery import DELIVERY
from support_pipeline.demo.base_corpus.topics_money import MONEY
from support_pipeline.demo.base_corpus.topics_returns import RETURNS
from support_pipeline.demo.base_corpus.topics_service import SERVICE

TOPICS: tuple[Topic, ...] = (*RETURNS, *DELIVERY, *MONEY, *SERVICE)
