register_pool <- function(registration, pool, server, command, ...) refuse("not yet")
