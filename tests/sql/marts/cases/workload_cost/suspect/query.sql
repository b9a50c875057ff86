from marts.workload_cost(1000000, 1000000)
