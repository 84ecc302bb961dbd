# Runs one chunk of a foreach loop on a node. Sent there as a file of its own: base R only, 3.5 and later.
#
# In the task's folder:  scoria_setup                    the loop: serialized list, as the client's describe_job() makes it
#                        scoria_chunk or SCORIA_CHUNK    the chunk: serialized list(first, arguments, objects, timeout); hexadecimal in the variable
#                        object files                    large exports, serialized, by the names of their contents
#                        scoria_result                   what is left behind: serialized list(iteration, value, calls, wrote) one after the other, as
#                                                        they come; `wrote`: see written() below; then list(end = TRUE, warnings). list(failed = condition): the loop cannot be run here
local({
  result <- file("scoria_result", "wb")
  write <- function(record) {
    serialize(record, result, xdr = FALSE)
    flush(result)
  }
  read <- function(path) {
    from <- file(path, "rb")
    on.exit(close(from))
    unserialize(from)
  }
  failed <- function(e) {
    write(list(failed = e))
    message("Error: ", conditionMessage(e))
    quit("no", 1, FALSE)
  }
  hex <- Sys.getenv("SCORIA_CHUNK")
  at <- seq_len(nchar(hex) / 2) * 2 - 1
  chunk <- tryCatch(if (nzchar(hex)) unserialize(as.raw(strtoi(substring(hex, at, at + 1), 16L))) else read("scoria_chunk"), error = failed)
  spec <- tryCatch({
    # What the pool's start task installed.
    shared <- file.path(Sys.getenv("AZ_BATCH_NODE_SHARED_DIR"), "R")
    if (dir.exists(shared)) .libPaths(c(shared, .libPaths()))
    spec <- read("scoria_setup")
    for (name in names(spec$objects)) assign(name, read(spec$objects[[name]]), envir = spec$env)
    kind <- as.list(spec$kind)
    do.call(RNGkind, if (getRversion() < "3.6") kind[1:2] else kind)
    for (package in spec$packages) suppressPackageStartupMessages(library(package, character.only = TRUE))
    parent.env(spec$env) <- if (is.null(spec$namespace)) globalenv() else asNamespace(spec$namespace)
    spec
  }, error = failed)

  # How long the files are that output and messages go to, so that it is known which iteration wrote what; NA where it is none that can be told.
  is_known <- vapply(1:2, function(fd) grepl("/std(out|err)[.]txt$", Sys.readlink(sprintf("/proc/self/fd/%d", fd))), NA)
  written <- function() if (all(is_known)) c(file.size("/proc/self/fd/1"), file.size("/proc/self/fd/2")) else c(NA_real_, NA_real_)

  arguments <- chunk$arguments
  warnings <- list()
  calls <- NULL
  evaluate <- function() {
    on.exit(setTimeLimit())
    if (!is.null(chunk$timeout)) setTimeLimit(elapsed = chunk$timeout, transient = TRUE)
    eval(spec$expr, spec$env)
  }
  checked <- function(value) {
    size <- utils::object.size(value)
    if (size > spec$max_result) stop(sprintf("its result takes %.0f bytes, more than max_result allows (%.0f)", size, spec$max_result), call. = FALSE)
    value
  }
  for (i in seq_len(arguments$count)) {
    if (is.null(arguments$rows)) for (name in names(arguments$columns)) assign(name, arguments$columns[[name]][[i]], envir = spec$env)
    else list2env(arguments$rows[[i]], spec$env)
    if (!is.null(arguments$seeds)) assign(".Random.seed", arguments$seeds[, i], envir = globalenv())
    calls <- NULL
    before <- written()
    value <- tryCatch(withCallingHandlers(checked(evaluate()), warning = function(w) {
      warnings[[length(warnings) + 1L]] <<- w
      invokeRestart("muffleWarning")
    }, error = function(e) {
      lines <- vapply(sys.calls(), function(call) substr(deparse(call, nlines = 1L)[1L], 1L, 500L), "")
      lines <- lines[seq_along(lines) > max(0L, grep("^eval\\(spec\\$expr, spec\\$env\\)", lines))]
      calls <<- lines[!grepl("^(\\.handleSimpleError|h\\(simpleError|\\(function \\(e\\))", lines)]
    }), error = identity)
    write(list(iteration = chunk$first + i - 1, value = value, calls = calls, wrote = c(before, written())))
    if (spec$stop && inherits(value, "error")) {
      message("Error in iteration ", chunk$first + i - 1, ": ", conditionMessage(value))
      break
    }
  }
  for (w in warnings) message("Warning: ", conditionMessage(w))
  write(list(end = TRUE, warnings = warnings))
  close(result)
})
