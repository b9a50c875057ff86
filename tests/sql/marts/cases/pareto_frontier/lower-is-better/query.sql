from marts.pareto_frontier('fleurs')
