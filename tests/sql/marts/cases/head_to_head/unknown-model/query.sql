select * from marts.head_to_head('x')
