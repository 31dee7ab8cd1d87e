"""Checks the shape of incoming records before anything else touches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Field:
    name: str
    kind: type | tuple[type, ...]
    required: bool = True
    minimum: float | None = None
    maximum: float | None = None


OBSERVATION_SCHEMA = (
    Field("station", str),
    Field("epoch", int, minimum=0),
    Field("level_cm", (int, float), minimum=-1500, maximum=2500),
    Field("battery_v", (int, float), required=False, minimum=0, maximum=30),
)


class SchemaViolation(ValueError):
    """Lists everything that is wrong with a record, not only the first thing."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("record does not match schema: " + "; ".join(problems))
        self.problems = problems


def validate(record: Mapping[str, Any], schema: tuple[Field, ...] = OBSERVATION_SCHEMA) -> None:
    """Raise ``SchemaViolation`` when a field is missing, has the wrong type or an impossible value."""
    problems: list[str] = []
    for field in schema:
        if field.name not in record:
            if field.required:
                problems.append(f"{field.name} is missing")
            continue
        value = record[field.name]
        # bool is a subclass of int, and ``true`` is no water level.
        if isinstance(value, bool) or not isinstance(value, field.kind):
            problems.append(f"{field.name} has type {type(value).__name__}")
        elif field.minimum is not None and value < field.minimum:
            problems.append(f"{field.name} is {value}, below {field.minimum}")
        elif field.maximum is not None and value > field.maximum:
            problems.append(f"{field.name} is {value}, above {field.maximum}")
    unknown = set(record) - {field.name for field in schema}
    problems.extend(f"{name} is not expected" for name in sorted(unknown))
    if problems:
        raise SchemaViolation(problems)
