"""The yardsticks of regreport: the usual row-by-row program beside the product, same input, same output, one run.

`python -m benchmarks` (what `make bench` calls) prints a table. BENCH=name runs one row, BENCH_JSON=FILE writes
`{name: {ratio, cpu_s, peak_mb}}`. A ratio is CPU seconds against CPU seconds, each side in a process of its own; every
row also holds both results against each other, and a difference is an error, not a number.
"""
