from marts.compare_models(['a', 'b'])
