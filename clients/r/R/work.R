# What runs in a worker: a template loads this package, too. Calls come as far(name, ...), see local.R.

# Beyond resets, which empty a worker's `state`: large exports by the names of their contents, the last used last.
kept <- new.env(parent = emptyenv())
kept$values <- list()
kept$bytes <- numeric()

most_kept_bytes <- 2^30

# A value that later jobs name instead of sending it.
work_keep <- function(state, given) {
  kept$values[given$name] <- list(given$value)
  kept$bytes[[given$name]] <- as.numeric(utils::object.size(given$value))
  TRUE
}

# Values by their names. Of the others, those that were not used for the longest time give way where there is too much.
take_kept <- function(names) {
  used <- names(kept$values) %in% names
  kept$values <- c(kept$values[!used], kept$values[used])
  while (sum(kept$bytes) > most_kept_bytes && length(kept$values) > length(names)) {
    kept$bytes <- kept$bytes[setdiff(names(kept$bytes), names(kept$values)[[1]])]
    kept$values <- kept$values[-1]
  }
  kept$values[names]
}

# A job's expression and what belongs to it. `setup` is its serialized form (describe_job()), or the name under which that is kept.
# NULL; or what stands in its way: list(missing = names), list(error = condition).
work_setup <- function(state, job, setup) {
  if (is.character(setup)) {
    if (!setup %in% names(kept$values)) return(list(missing = setup))
    setup <- kept$values[[setup]]
  }
  spec <- unserialize(setup)
  lacking <- if (length(spec$objects) > 0) setdiff(spec$objects, names(kept$values))
  if (length(lacking) > 0) return(list(missing = lacking))
  problem <- tryCatch({
    prepare_job(spec, if (length(spec$objects) > 0) take_kept(unique(spec$objects))[spec$objects])
    NULL
  }, error = identity)
  if (!is.null(problem)) return(list(error = problem))
  state$job <- job
  state$spec <- spec
  state$is_compiled <- NULL
  NULL
}

prepare_job <- function(spec, values) {
  if (length(values) > 0) list2env(stats::setNames(values, names(spec$objects)), spec$env)
  if (!identical(RNGkind(), spec$kind)) do.call(RNGkind, as.list(spec$kind))
  if (!identical(getwd(), spec$folder) && dir.exists(spec$folder)) setwd(spec$folder)
  for (package in spec$packages) suppressPackageStartupMessages(library(package, character.only = TRUE))
  parent.env(spec$env) <- if (is.null(spec$namespace)) globalenv() else asNamespace(spec$namespace)
}

# Seconds after which a worker answers with what it has of a chunk, and leaves the rest to be given out anew; bytes, likewise.
work_seconds <- 0.2
work_bytes <- 64 * 2^20

# Iterations of a job: `given` has its id, `setup` (NULL: it is known), the `first` iteration, their `arguments`, the file of `marks`
# and which `slot` of it is this worker's. list(results, seconds), perhaps of fewer than were asked for; list(missing), list(error) as
# work_setup().
work_chunk <- function(state, given) {
  if (!is.null(given$setup)) {
    problem <- work_setup(state, given$job, given$setup)
    if (!is.null(problem)) return(problem)
  } else if (identical(state$job, given$job) && is.null(state$is_compiled)) {
    # A second chunk: worth it by now.
    state$spec$expr <- compiler::compile(state$spec$expr, state$spec$env, list(suppressAll = TRUE))
    state$is_compiled <- TRUE
  }
  if (!identical(state$job, given$job)) return(list(missing = character()))
  if (!identical(state$marks_path, given$marks)) {
    state$marks <- .Call(C_marks, given$marks, most_slots)
    state$marks_path <- given$marks
  }
  on.exit(.Call(C_mark, state$marks, given$slot, 0))
  run_iterations(state, given$first, given$arguments, given$slot)
}

run_iterations <- function(state, first, arguments, slot) {
  spec <- state$spec
  count <- arguments$count
  results <- vector("list", count)
  calls <- list()
  began <- .Call(C_clock)
  bytes <- 0
  i <- 0L
  evaluate <- function() {
    while (i < count) {
      i <<- i + 1L
      .Call(C_mark, state$marks, slot, first + i - 1)
      assign_arguments(arguments, i, spec$env)
      value <- eval(spec$expr, spec$env)
      bytes <<- bytes + size_of_result(value, spec$max_result)
      results[i] <<- list(value)
      if (bytes > work_bytes || .Call(C_clock) - began > work_seconds) break
    }
    TRUE
  }
  failed <- function(e) {
    results[i] <<- list(e)
    spec$stop || .Call(C_clock) - began > work_seconds
  }
  trace <- function(e) calls[[as.character(i)]] <<- call_lines(sys.calls())
  # What catches errors is set up once for all iterations until there is one.
  while (i < count && !tryCatch(withCallingHandlers(evaluate(), error = trace), error = failed)) {}
  answer <- list(results = if (i < count) results[seq_len(i)] else results, seconds = .Call(C_clock) - began)
  if (length(calls) > 0) answer$calls <- calls
  answer
}

assign_arguments <- function(arguments, i, env) {
  if (is.null(arguments$rows)) for (name in names(arguments$columns)) assign(name, arguments$columns[[name]][[i]], envir = env)
  else list2env(arguments$rows[[i]], env)
  if (!is.null(arguments$seeds)) assign(".Random.seed", arguments$seeds[, i], envir = globalenv())
}

# Bytes of a result, about. An error where it has more than it may.
size_of_result <- function(value, most) {
  size <- .Call(C_size, value, most)
  # What hangs on environments is only known once it is serialized.
  if (is.na(size)) size <- tryCatch(.Call(C_serialized_size, value, most), error = function(e) Inf)
  if (size > most) {
    all <- if (is.finite(size)) bytes_words(max(size, as.numeric(utils::object.size(value)))) else "more memory"
    stop(sprintf("its result takes %s, more than max_result allows (%s)", all, bytes_words(most)), call. = FALSE)
  }
  size
}

bytes_words <- function(bytes) {
  if (bytes >= 2^30) sprintf("%.3g GiB", bytes / 2^30) else if (bytes >= 2^20) sprintf("%.3g MiB", bytes / 2^20) else sprintf("%.0f bytes", bytes)
}

# The stack of an error, without the frames of this file and of what catches it.
call_lines <- function(calls) {
  lines <- vapply(calls, function(call) substr(paste(deparse(call, 500L, nlines = 1L), collapse = ""), 1, 500), "")
  inner <- max(0, grep("^eval\\(spec\\$expr, spec\\$env\\)", lines))
  lines <- lines[seq_along(lines) > inner]
  lines[!grepl("^(\\.handleSimpleError|h\\(simpleError|\\(function \\(e\\))", lines)]
}
