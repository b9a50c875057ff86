from marts.pareto_frontier('b', 0, 1)
