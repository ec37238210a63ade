"""What may be wrong with a store."""

from __future__ import annotations

from spmwatch.engine.errors import CdsError


class StoreError(CdsError):
    """The store cannot be used, or not now.

    Attributes:
        where: the store's address without its password.
        problem: what was found.
        fix: what to do.
    """

    code = "store"

    def __init__(self, where: str, problem: str, fix: str) -> None:
        self.where, self.problem, self.fix = where, problem, fix
        super().__init__(f"{where}: {problem}. {fix}")
