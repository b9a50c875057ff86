"""Queries on a published warehouse; most return a `Table`."""
