"""What is kept, table by table. Nothing here is a patient's but keyed hashes, unless requests are kept.

No table refers to another by constraint: feedback may come before its card is written, through another worker, or hours
after the card was deleted. Changing a table asks for a migration (migrations/versions); a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    _Moments = TypeDecorator[datetime]
else:
    _Moments = TypeDecorator


class Moment(_Moments):
    """A moment in UTC. SQLite keeps no time zone, so it is taken off and put on again here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


METADATA = MetaData()

FACT = Table(
    "store_fact",  # about the store itself: which key its pseudonyms were made with
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("value", String(200), nullable=False),
)

DECISION = Table(
    "decision",  # one evaluation
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("correlation", String(64), nullable=False),  # of the exchange, as in the log and the answer's header
    Column("at", Moment, nullable=False),
    Column("client", String(200), nullable=False),
    Column("service", String(100), nullable=False),
    Column("hook", String(100), nullable=False),
    Column("hook_instance", String(200), nullable=False),
    Column("pseudonym", String(64), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("status", Integer, nullable=False),
    Column("shown", Boolean, nullable=False),  # False: evaluated in silence
    Column("tier", String(20), nullable=False),
    Column("rulebase", JSON, nullable=False),  # version, hash, overlays, switched_off
    Column("facts", String(64), nullable=False),  # keyed digest
    Column("findings", JSON, nullable=False),
    Column("truths", JSON, nullable=False),  # truth -> rules
    Column("questions", JSON, nullable=False),  # topics
    Column("failures", JSON, nullable=False),  # rules
    Column("cards", JSON, nullable=False),  # uuid and rules of each, in order
    Column("quiet", JSON, nullable=False),  # rule, on, digest
    Column("seconds", JSON, nullable=False),
    Index("decision_at", "at"),
    Index("decision_correlation", "correlation"),
    Index("decision_hook_instance", "hook_instance"),
    Index("decision_facts", "facts"),
    Index("decision_pseudonym", "pseudonym"),
)

CARD = Table(
    "card",  # one card that went out, or would have gone out to a client that is not silent
    METADATA,
    Column("uuid", String(36), primary_key=True),
    Column("correlation", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("client", String(200), nullable=False),
    Column("service", String(100), nullable=False),
    Column("pseudonym", String(64), nullable=False),
    Column("shown", Boolean, nullable=False),
    Column("rule", String(40), nullable=False),  # that speaks
    Column("version", String(40), nullable=False),
    Column("indicator", String(20), nullable=False),
    Column("advice", JSON, nullable=False),  # all that is acknowledged with it: [rule, digest]
    Column("suggestions", JSON, nullable=False),  # [uuid, check, rules]
    Index("card_pseudonym", "pseudonym", "as_of"),
    Index("card_at", "at"),
)

FEEDBACK = Table(
    "feedback",  # what a clinician did with a card
    METADATA,
    Column("id", String(64), primary_key=True),  # digest of the entry: the same entry twice is one row
    Column("card", String(200), nullable=False),
    Column("client", String(200), nullable=False),
    Column("service", String(100), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("at", Moment, nullable=False),  # as the client says
    Column("received", Moment, nullable=False),
    Column("suggestions", JSON, nullable=False),
    Column("reasons", JSON, nullable=False),  # [system, code]
    Column("comment", Text, nullable=True),
    Column("pseudonym", String(64), nullable=True),  # that of the card; NULL while no card of this client is known
    Index("feedback_card", "client", "card"),
    Index("feedback_received", "received"),
    Index("feedback_pseudonym", "pseudonym"),
)

REQUEST = Table(
    "request",  # for replay, where the operator asked for it: a patient's record
    METADATA,
    Column("decision", String(36), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("pseudonym", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),  # zlib
    Index("request_at", "at"),
    Index("request_pseudonym", "pseudonym"),
)
