from marts.compare_models(['b', 'a', 'a'])
