"""The warehouse on another SQL engine, such as PostgreSQL or DuckLake."""
