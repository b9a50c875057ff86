from marts.workload_cost(1, 0)
