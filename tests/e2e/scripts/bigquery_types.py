"""Run by the Python of z3-target-bigquery: prints what columns it makes of the {STREAM: SCHEMA} in a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from target_bigquery.core import SchemaTranslator


def main(schemas: str) -> None:
    """Print {STREAM: columns as the API of BigQuery has them}; those of `denormalized: true`."""
    columns = {
        stream: [field.to_api_repr() for field in SchemaTranslator(schema, {}).translated_schema]
        for stream, schema in json.loads(Path(schemas).read_text("utf-8")).items()
    }
    json.dump(columns, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
