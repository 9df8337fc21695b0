"""Loads a csv into a table of PostgreSQL by dlt's fastest way: tables of Arrow, loaded as csv by COPY, merged by key.

Arguments: file, URL of the database, append or upsert. Prints the seconds that it took, without its imports.
"""

import os
import sys
import tempfile
import time

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import dlt  # noqa: E402
import pyarrow.csv  # noqa: E402

file, url, mode = sys.argv[1:]
started = time.monotonic()


@dlt.resource(
    name="rows",
    primary_key="id",
    write_disposition={"disposition": "merge", "strategy": "upsert"} if mode == "upsert" else "append",
)
def rows():
    options = pyarrow.csv.ReadOptions(block_size=4 * 1024 * 1024)
    yield from pyarrow.csv.open_csv(file, read_options=options)


with tempfile.TemporaryDirectory() as folder:
    pipeline = dlt.pipeline(
        "bench", pipelines_dir=folder, destination=dlt.destinations.postgres(url), dataset_name="peer_dlt"
    )
    pipeline.run(rows(), loader_file_format="csv")
print(time.monotonic() - started)
