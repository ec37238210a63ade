"""What all sections of the settings have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One section of the settings: plain values, no open handles, so it travels to worker processes.

    Each field has a docstring below it: `spmwatch serve --print-config` prints it. A value that nobody may see
    printed is a `SecretStr`.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True, validate_default=True
    )
