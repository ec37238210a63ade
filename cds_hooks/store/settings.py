"""What an operator may set about what the service remembers."""

from __future__ import annotations

from pydantic import Field, SecretStr

from spmwatch.cds_hooks.section import Section


class StoreSettings(Section):
    """Section `store`. What is kept, and for how long, is told in docs/feedback.md."""

    url: str | None = None
    """Where things are kept: `sqlite:////var/lib/spmwatch/spmwatch.db` or `postgresql+psycopg://user@host/spmwatch`;
    `none` remembers nothing, so acknowledged cards come again. Left out: a SQLite file in the state folder
    (`$STATE_DIRECTORY`, else `$XDG_STATE_HOME/spmwatch`, else `~/.local/state/spmwatch`)."""
    key: SecretStr | None = Field(default=None, min_length=16)
    """Secret that pseudonyms and digests are made with, at least 16 characters; hosts that share a store share it. Left
    out: a file beside the SQLite file, made at the first start. PostgreSQL has no such place, so there it must be set.
    Another key makes every patient a stranger, so a store refuses a key that is not its own."""
    upgrade: bool | None = None
    """Bring the tables up to date at the start. Left out: yes for SQLite, no for PostgreSQL, where an operator says
    `spmwatch store upgrade`."""
    decisions: bool = True
    """Keep one row for each evaluation: rules, findings, truths, timing; no patient data but a pseudonym."""
    decisions_days: int = Field(default=365, ge=1, le=36_500)
    """For how many days decisions are kept."""
    cards_days: int = Field(default=730, ge=1, le=36_500)
    """For how many days cards and the feedback about them are kept, for reports and acknowledgements; never fewer than
    acknowledged cards stay quiet."""
    keep_requests: bool = False
    """Keep each request as it came, without its access token, for `spmwatch replay`. It is the patient's record, by
    name, on your disk: protect it as such."""
    requests_days: int = Field(default=30, ge=1, le=36_500)
    """For how many days requests are kept; never longer than decisions."""
    keep_comments: bool = False
    """Keep what clinicians write beside an override; it may name the patient."""
    most_waiting: int = Field(default=500, ge=1, le=100_000)
    """Decisions that may wait to be written; what comes beyond is counted and lost, the answer is not held up."""
