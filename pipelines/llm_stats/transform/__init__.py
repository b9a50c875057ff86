"""The files under `sql/`: find, order, translate and apply them."""
