"""The warehouse as a DuckDB file: working copy, snapshots, lock, reader, export."""
