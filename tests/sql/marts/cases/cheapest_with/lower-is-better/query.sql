from marts.cheapest_with('fleurs', 0.2)
