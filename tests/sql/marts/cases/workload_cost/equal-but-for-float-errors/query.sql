from marts.workload_cost(1e6, 1e6)
