"""dropcopy import --dry-run says how many rows it would import."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli


def test_a_dry_run_counts(operator: Cli, tmp_path: Path) -> None:
    options = tuple("operations" if each == "acme-operator" else each for each in operator.options)
    operations = Cli(operator.home, options, operator.environ)
    path = tmp_path / "entities.csv"
    path.write_text("entity,name,clearing_firm\nBETA,Beta LLC,no\nGAMMA,Gamma LLC,no\n")
    found = operations.json("import", "entities", path, "--dry-run")
    assert (found["imported"], found["would_import"]) == (0, 2)
    assert "it would import 2 rows" in operations("import", "entities", path, "--dry-run").err
    assert "would_import" not in operations.json("import", "entities", path)
