"""The files under `sql/`: finding, ordering, translating and applying them."""
