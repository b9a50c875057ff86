from marts.cheapest_with('b', 0.6)
