"""Queries on a published warehouse; each returns a `Table`."""
