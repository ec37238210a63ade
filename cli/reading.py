"""From a path to records and an evaluator: what the commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import complain
from spmwatch.engine.catalogue import RuleBase, load_rule_base
from spmwatch.engine.errors import InputError
from spmwatch.engine.presentation import Json
