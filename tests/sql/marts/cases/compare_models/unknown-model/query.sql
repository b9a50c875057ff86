from marts.compare_models(['a', 'nobody'])
