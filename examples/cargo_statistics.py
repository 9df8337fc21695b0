"""Tonnage of a ship's manifest, a port a line: count, sum, mean, median and deviation."""

import csv
import statistics
import sys
from collections import defaultdict

tonnes = defaultdict(list)
with open(sys.argv[1], newline="", encoding="utf-8") as manifest:
    for row in csv.DictReader(manifest):
        tonnes[row["port"]].append(float(row["tonnes"]))

for port in sorted(tonnes):
    loads = tonnes[port]
    print(
        f"{port:<12} {len(loads):>3} containers  {sum(loads):>8.2f} t  "
        f"mean {statistics.mean(loads):>5.2f}  median {statistics.median(loads):>5.2f}  "
        f"deviation {statistics.stdev(loads) if len(loads) > 1 else 0:>4.2f}"
    )

everything = [load for loads in tonnes.values() for load in loads]
print(f"{len(everything)} containers, {sum(everything):.2f} t in all, mean {statistics.mean(everything):.2f} t")
