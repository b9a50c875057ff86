"""Benchmarks, and the catalogues they run on."""
