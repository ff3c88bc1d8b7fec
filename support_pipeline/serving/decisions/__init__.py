"""Everything that must not be lost between a ticket and a sent answer: tickets, drafts, decisions, the outbox.

One SQLAlchemy code path for SQLite and Postgres. What a function here has returned after its
transaction is on disk; who acknowledges earlier is wrong.
"""

from support_pipeline.serving.decisions.database import Database
from support_pipeline.serving.decisions.log import EDIT_SCHEMA, Action, Decision, DecisionLog

__all__ = ["EDIT_SCHEMA", "Action", "Database", "Decision", "DecisionLog"]
