"""How property tests search: anew at every run of a developer, the same examples at every run of CI."""

import os

from hypothesis import settings

settings.register_profile("spmwatch", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("spmwatch")
