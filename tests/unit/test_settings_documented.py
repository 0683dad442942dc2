"""docs/operations.md names each setting with its option, variable, default and meaning, and no other."""

from dataclasses import Field, fields
from pathlib import Path
from typing import Any, get_args

import pytest

from chatapp.cli import flag, variable
from chatapp.model.settings import ClientSettings, ServerSettings

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
HEAD = ["| option | variable | default | |", "|---|---|---|---|"]


def row(field: Field[Any]) -> str:
    """A setting's line of the table; on failure, what to paste."""
    choices = f" {'|'.join(get_args(field.type))}".replace("|", "\\|").rstrip()
    default = "" if field.default is False else f"{field.default}"
    return f"| `{flag(field)}`{choices} | `{variable(field)}` | {default} | {field.metadata['help']} |".replace(
        "|  |", "| |"
    )


@pytest.mark.parametrize(
    ("heading", "settings"),
    [("## Settings of the server", ServerSettings), ("## Settings of the client", ClientSettings)],
)
def test_every_setting_is_documented(heading: str, settings: Any) -> None:
    section = OPERATIONS.read_text("utf-8").split(f"\n{heading}\n")[1].split("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    assert table == HEAD + [row(field) for field in fields(settings)]
