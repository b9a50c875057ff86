"""A marimo notebook on the warehouse. To open it, run in the folder of llm_stats.duckdb:

    pip install marimo duckdb polars
    marimo edit notebook.py

Run the first cell again to read a new snapshot.
"""

import marimo

app = marimo.App()


@app.cell
def _():
    import duckdb
    import marimo as mo

    warehouse = duckdb.connect("llm_stats.duckdb", read_only=True)
    return mo, warehouse


@app.cell
def _(mo, warehouse):
    mo.sql(
        "select * from marts.model_prices order by min_blended_usd_per_mtok limit 20",
        engine=warehouse,
    )


@app.cell
def _(mo, warehouse):
    mo.sql(
        """
        select changed_at, model_id, provider_id, kind, blended_change_pct
        from marts.price_changes
        order by all
        """,
        engine=warehouse,
    )


if __name__ == "__main__":
    app.run()
