# A loop as what its workers need: the expression, the variables it uses, packages, and the kind of random numbers.

makes_dots <- function(...) {
  list(...)
  function() NULL
}
environment(makes_dots) <- baseenv()

# list(env, packages, namespace, expr): `env` has the loop's variables, found as foreach's own back ends find them, and beyond that those
# that a function of the loop's surroundings up to the global environment has.
exports_of <- function(obj, expr, envir) {
  env <- new.env(parent = baseenv())
  if (exists("...", envir) && any(grepl("^[.][.]([.]|[0-9]+)$", all.names(expr, functions = FALSE, unique = TRUE)))) {
    env <- environment(do.call(makes_dots, eval(quote(list(...)), envir)))
  }
  hidden <- union(obj$noexport, obj$argnames)
  packages <- foreach::getexports(expr, env, envir, bad = hidden)
  export_surroundings(expr, env, envir, hidden)
  if (!is.null(obj$export)) for (name in setdiff(unique(obj$export), ls(env, all.names = TRUE))) {
    if (!exists(name, envir)) refuse(sprintf("unable to find variable \"%s\", which .export names", name), "not_found")
    assign(name, of_loop(get(name, envir), env, envir), env)
  }
  if (!is.null(attr(expr, "srcref"))) expr <- utils::removeSource(expr)
  list(env = env, packages = unique(c(packages, obj$packages)), namespace = if (!identical(topenv(envir), globalenv())) utils::packageName(envir), expr = expr)
}

# A function of the loop's surroundings finds its variables among the exported ones.
of_loop <- function(value, env, home) {
  if (is.function(value) && (identical(environment(value), home) || identical(environment(value), globalenv()))) environment(value) <- env
  value
}

export_surroundings <- function(expr, env, envir, hidden) {
  homes <- list()
  home <- envir
  while (!identical(home, globalenv())) {
    home <- parent.env(home)
    if (isNamespace(home) || identical(home, baseenv()) || identical(home, emptyenv())) break
    homes <- c(homes, home)
  }
  if (length(homes) == 0) return(invisible())
  used <- function(value) codetools::findGlobals(value)
  waiting <- character()
  for (name in ls(env, sorted = FALSE)) if (is.function(env[[name]]) && !is.primitive(env[[name]])) waiting <- c(waiting, used(env[[name]]))
  # What the expression's own words are is looked into where one of them may be meant: that takes its time.
  for (name in setdiff(all.names(expr, unique = TRUE), hidden)) {
    if (!any(vapply(homes, function(home) exists(name, home, inherits = FALSE), NA))) next
    waiting <- c(waiting, used(as.function(c(alist(... = ), list(expr)), globalenv())))
    break
  }
  seen <- hidden
  while (length(waiting) > 0) {
    name <- waiting[[1]]
    waiting <- waiting[-1]
    if (name %in% seen || exists(name, env, inherits = FALSE)) next
    seen <- c(seen, name)
    for (home in homes) {
      if (!exists(name, home, inherits = FALSE)) next
      value <- of_loop(get(name, home), env, home)
      assign(name, value, env)
      if (is.function(value) && identical(environment(value), env)) waiting <- c(waiting, used(value))
      break
    }
  }
}

# What is larger is sent, and stored, once under the name of its content.
large_bytes <- 64 * 2^10

# list(id, packed, values, packages): `packed` is the serialized form of all but `values`, large exports by the names of their contents.
# `name_of(value)`: such a name; NA: what can change is never shared.
describe_job <- function(obj, expr, envir, name_of, max_result) {
  exports <- exports_of(obj, expr, envir)
  values <- list()
  objects <- character()
  for (name in ls(exports$env, all.names = TRUE)) {
    if (name == "...") next
    value <- exports$env[[name]]
    size <- .Call(C_size, value, large_bytes)
    if (is.na(size) || size <= large_bytes) next
    content <- name_of(value)
    if (is.na(content)) next
    objects[[name]] <- content
    values[content] <- list(value)
    rm(list = name, envir = exports$env)
  }
  spec <- list(expr = exports$expr, env = exports$env, objects = objects, namespace = exports$namespace, packages = exports$packages,
               kind = RNGkind(), folder = getwd(), stop = identical(obj$errorHandling, "stop"), max_result = max_result)
  list(packed = .Call(C_pack, spec), values = values, packages = unique(c(exports$packages, exports$namespace)), expr = exports$expr)
}
