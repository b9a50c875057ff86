from marts.workload_cost(10000000, 2000000)
