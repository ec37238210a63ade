"""Feedback names the pseudonym of its card's patient, so that what was acknowledged is found without all cards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FEEDBACK = sa.table("feedback", sa.column("client"), sa.column("card"), sa.column("pseudonym"))
CARD = sa.table("card", sa.column("client"), sa.column("uuid"), sa.column("pseudonym"))


def upgrade() -> None:
    """Add it, and fill it in where the card is kept."""
    op.add_column("feedback", sa.Column("pseudonym", sa.String(64), nullable=True))
    own = sa.select(CARD.c.pseudonym).where(CARD.c.uuid == FEEDBACK.c.card, CARD.c.client == FEEDBACK.c.client)
    op.execute(sa.update(FEEDBACK).values(pseudonym=own.scalar_subquery()))
    op.create_index("feedback_pseudonym", "feedback", ["pseudonym"])


def downgrade() -> None:
    """Take it away."""
    op.drop_index("feedback_pseudonym", "feedback")
    op.drop_column("feedback", "pseudonym")
