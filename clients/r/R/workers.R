# Warm workers of this machine, leased from `scoria workers` (docs/formats/worker.md). A session has one lease, which it keeps between loops.

# Of this process: `control`, the connection over which workers are leased; `workers`; `marks`, where they are (src/marks.c).
session <- new.env(parent = emptyenv())

# A forked child must not speak over its parent's sockets: it begins with nothing.
own_session <- function() {
  if (!identical(session$process, Sys.getpid())) {
    rm(list = ls(session), envir = session)
    session$process <- Sys.getpid()
    session$workers <- list()
  }
  session
}

connect_control <- function() {
  own_session()
  if (!is.null(session$control)) return(invisible())
  place <- ask_program(c("workers", "start"))
  session$control <- tryCatch(.Call(C_connect, place$socket), error = function(e) refuse(paste("no warm workers:", conditionMessage(e)), "unavailable"))
  invisible()
}

# A request to `scoria workers`. NULL, where it has ended and `again` is FALSE: with it all of its workers.
control <- function(request, again = TRUE) {
  connect_control()
  is_whole <- FALSE
  on.exit(if (!is_whole) forget_lease())  # who was interrupted would take the answer for that of his next request
  answer <- .Call(C_ask, session$control, as.character(jsonlite::toJSON(request, auto_unbox = TRUE, null = "null", digits = 17)))
  is_whole <- TRUE
  if (is.null(answer)) {
    forget_lease()
    return(if (again) control(request, FALSE))
  }
  document <- jsonlite::parse_json(answer[[1]])
  if (!is.null(document$error)) refuse(paste0("warm workers: ", document$error$message), as.character(document$error$code))
  document$sockets <- answer[[2]]
  document
}

# Nothing is leased any more: workers end when the connection does over which they were leased.
forget_lease <- function() {
  for (worker in session$workers) .Call(C_close, worker$connection)
  if (!is.null(session$control)) .Call(C_close, session$control)
  session$control <- NULL
  session$workers <- list()
}

# Names that say how programs run: what workers get of this session's environment.
environment_words <- function() {
  all <- Sys.getenv()
  names <- c("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "LANG", "LANGUAGE", "LC_.*", "TZ", "TZDIR", "LD_LIBRARY_PATH", "JAVA_HOME", "OMP_.*",
             "OPENBLAS_.*", "MKL_.*", "BLIS_.*", "KMP_.*", "VECLIB_.*", "R_ENVIRON.*", "R_PROFILE.*", "R_MAX_.*", "(http|https|no)_proxy", "(HTTP|HTTPS|NO)_PROXY")
  wanted <- grepl(sprintf("^(%s)$", paste(names, collapse = "|")), names(all))
  words <- as.list(all[wanted])
  words$R_LIBS <- paste(.libPaths(), collapse = ":")
  words[order(names(words))]
}

base_packages <- c("base", "methods", "datasets", "utils", "grDevices", "graphics", "stats", "tools", "parallel", "compiler", "splines", "stats4", "tcltk", "grid")

# What this package itself loads, sooner or later: no reason for another template.
own_packages <- c("scoria", "codetools", "foreach", "iterators", "jsonlite")
servers_packages <- c("curl", "openssl", "askpass", "sys")

# Packages that a template should have: those that this session has loaded. One set of packages is one template, whatever their order.
loaded_packages <- function(more = NULL) sort(unique(setdiff(c(own_packages, setdiff(loadedNamespaces(), servers_packages), more), base_packages)))

template_of <- function(packages) {
  environment <- environment_words()
  # Templates outlive sessions; one that has loaded what has been installed anew since is of no use.
  environment$SCORIA_INSTALLED <- .Call(C_hash, file.mtime(file.path(find.package(packages, quiet = TRUE), "Meta", "package.rds")))
  list(runtime = "r", program = file.path(R.home("bin"), "Rscript"), preload = as.list(packages), environment = environment)
}

# Leases so many workers that at least `count` are there, with the packages that a loop needs. What they are limited to, and how many
# there may be, says the registration.
leased <- function(registration, count, packages) {
  own_session()
  if (!is.null(packages)) packages <- setdiff(packages, c(session$preload, base_packages))
  # Of one that is missing the loop itself tells.
  if (length(packages) > 0) packages <- packages[nzchar(vapply(packages, function(name) system.file(package = name), ""))]
  # What says something without being asked has ended, perhaps with all of `scoria workers`.
  idle <- session$workers[vapply(session$workers, function(worker) length(worker$waiting) == 0, NA)]
  for (worker in idle[.Call(C_wait, lapply(idle, `[[`, "connection"), 0)]) drop_worker(worker)
  key <- registration$limits
  if (!identical(session$limits, key)) release_workers(session$workers)
  session$limits <- key
  if (length(session$workers) == 0) {
    session$preload <- if (is.null(session$preload)) loaded_packages(packages) else sort(union(session$preload, packages))
  } else if (length(packages) > 0) {
    # Those that are there load it themselves, which is quicker; those that come after them will have it.
    session$preload <- loaded_packages(c(session$preload, packages))
    control(list(op = "prepare", template = template_of(session$preload)))
  }
  wanted <- count - length(session$workers)
  if (wanted > 0) {
    answer <- control(list(op = "lease", template = template_of(session$preload), count = wanted, limits = key))
    if (length(answer$workers) == 0) refuse("no worker could be leased", "exhausted")
    taken <- vapply(session$workers, function(one) one$slot, 0L)
    slots <- setdiff(seq_len(most_slots), taken)
    if (is.null(session$marks)) {
      session$marks_path <- tempfile("scoria-marks-")
      session$marks <- .Call(C_marks, session$marks_path, most_slots)
    }
    made <- Map(new_worker, answer$workers, answer$sockets, slots[seq_along(answer$workers)], answer$node)
    session$workers <- c(session$workers, unname(made))
  }
  session$workers[seq_len(min(count, length(session$workers)))]
}

most_slots <- 1024L

new_worker <- function(document, connection, slot, node) {
  worker <- new.env(parent = emptyenv())
  worker$id <- document$id
  worker$pid <- document$pid
  worker$node <- node
  worker$connection <- connection
  worker$slot <- slot
  worker$waiting <- list()  # what it was sent and has not answered, in order
  worker$has <- character()  # names of what it keeps (work.R)
  worker
}

drop_worker <- function(worker) {
  .Call(C_close, worker$connection)
  session$workers <- Filter(function(one) !identical(one, worker), session$workers)
}

# Ends workers, whatever they do.
release_workers <- function(workers) {
  for (worker in workers) {
    drop_worker(worker)
    if (!is.null(session$control)) try(control(list(op = "kill", id = worker$id), FALSE), silent = TRUE)
  }
}

# Why a worker's socket was closed: list(reason, output).
end_of <- function(worker) {
  drop_worker(worker)
  said <- tryCatch(control(list(op = "ended", id = worker$id), FALSE), error = function(e) NULL)
  if (is.null(said)) return(list(reason = "it is gone, and so is `scoria workers`, which it belonged to", output = ""))
  said
}
