"""The made-up firm and its day: what `regreport demo` runs on, and where the benchmark's records come from.

Meridian Quay has three entities: Nordlicht Bank AG (Germany; own account, systematic internaliser, clients, all
derivatives), Skärgård Fondkommission AB (Sweden; private clients, mandates, orders passed on) and Lough Derg Execution
DAC (Ireland; aggregated orders of the group's funds). Monday, 23 November 2026 is their day. `day.write_day` writes it
as the firm's own files, `planted.PLANTED` lists the defects in it and what must become of each, `bench.bench_table`
makes any number of valid records of it. Nothing in it is real: identifiers begin with DEMO00, ISINs hold DEMO, people
are invented, and of the venues only the codes are (a small sample of ISO 10383, with two that do not exist).
"""
