"""Every feature about rules, through the whole path. The features of other packages run from those packages' tests."""

from pathlib import Path

from pytest_bdd import scenarios

FEATURES = Path(__file__).parents[2] / "features"
OTHERS = ("cds_hooks", "screening", "cli", "who_calls")

scenarios(
    *sorted(
        str(path)
        for path in FEATURES.iterdir()
        if path.name not in OTHERS and (path.is_dir() or path.suffix == ".feature")
    )
)
