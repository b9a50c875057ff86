from marts.pareto_frontier('b')
