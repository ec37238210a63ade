"""The first tables: decisions, cards, feedback, requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "store_fact",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.String(200), nullable=False),
    )
    _decisions()
    _cards()
    _feedback()
    _requests()


def _decisions() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("correlation", sa.String(64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("service", sa.String(100), nullable=False),
        sa.Column("hook", sa.String(100), nullable=False),
        sa.Column("hook_instance", sa.String(200), nullable=False),
        sa.Column("pseudonym", sa.String(64), nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.Column("tier", sa.String(20), nullable=False),
        sa.Column("rulebase", sa.JSON, nullable=False),
        sa.Column("facts", sa.String(64), nullable=False),
        *(
            sa.Column(name, sa.JSON, nullable=False)
            for name in ("findings", "truths", "questions", "failures", "cards", "quiet", "seconds")
        ),
    )
    for name in ("at", "correlation", "hook_instance", "facts", "pseudonym"):
        op.create_index(f"decision_{name}", "decision", [name])


def _cards() -> None:
    op.create_table(
        "card",
        sa.Column("uuid", sa.String(36), primary_key=True),
        sa.Column("correlation", sa.String(64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("service", sa.String(100), nullable=False),
        sa.Column("pseudonym", sa.String(64), nullable=False),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("indicator", sa.String(20), nullable=False),
        sa.Column("advice", sa.JSON, nullable=False),
        sa.Column("suggestions", sa.JSON, nullable=False),
    )
    op.create_index("card_pseudonym", "card", ["pseudonym", "as_of"])
    op.create_index("card_at", "card", ["at"])


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("card", sa.String(200), nullable=False),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("service", sa.String(100), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("received", MOMENT, nullable=False),
        sa.Column("suggestions", sa.JSON, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("comment", sa.Text, nullable=True),
    )
    op.create_index("feedback_card", "feedback", ["client", "card"])
    op.create_index("feedback_received", "feedback", ["received"])


def _requests() -> None:
    op.create_table(
        "request",
        sa.Column("decision", sa.String(36), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("pseudonym", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("request_at", "request", ["at"])
    op.create_index("request_pseudonym", "request", ["pseudonym"])


def downgrade() -> None:
    """Drop them, with all that is in them."""
    for table in ("request", "feedback", "card", "decision", "store_fact"):
        op.drop_table(table)
