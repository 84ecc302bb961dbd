# What the tasks of a job left behind, as results of iterations.

range_of <- function(task) as.numeric(strsplit(task, "-", fixed = TRUE)[[1]])

# Records of a task's scoria_result; the last may have been cut off when its process was killed.
read_records <- function(bytes) {
  from <- rawConnection(bytes)
  on.exit(close(from))
  records <- list()
  repeat {
    record <- tryCatch(list(unserialize(from)), error = function(e) NULL)
    if (is.null(record)) return(records)
    records <- c(records, record)
  }
}

# A task that has ended: list(iterations, results, calls, wrote, is_through, warnings, missing); `results` has errors where iterations failed; `missing` are
# those that it did not come to.
outcome_of <- function(job, task) {
  range <- range_of(task$id)
  node <- if (is.null(task$nodeInfo$nodeId)) "none" else task$nodeInfo$nodeId
  records <- Filter(is.list, read_records(patiently(function() {
    bytes <- get_blob(job$server, container_of(job$id), paste0("results/", task$id))
    if (is.null(bytes)) raw() else bytes
  })))
  last <- if (length(records) > 0) records[[length(records)]]
  own <- Filter(function(record) !is.null(record$iteration), records)
  iterations <- vapply(own, function(record) as.numeric(record$iteration), 0)
  outcome <- list(task = task$id, node = node, iterations = iterations, results = lapply(own, `[[`, "value"), calls = lapply(own, `[[`, "calls"),
                  wrote = lapply(own, `[[`, "wrote"), is_through = !is.null(last$end), warnings = last$warnings, failed = last$failed)
  missing <- setdiff(seq(range[[1]], range[[2]]), iterations)
  if (is.null(last$end) && length(missing) > 0) {  # it ended while at the first of those
    at <- missing[[1]]
    reason <- if (!is.null(last$failed)) conditionMessage(last$failed) else why_without(job, task)
    error <- task_error(sprintf("task %s of job %s on node %s: %s", task$id, job$id, node, reason), at, task$id, node, attr(reason, "output"), parent = last$failed)
    outcome$iterations <- c(iterations, at)
    outcome$results <- c(outcome$results, list(error))
    outcome$calls <- c(outcome$calls, list(NULL))
    missing <- missing[-1]
  }
  outcome$missing <- missing
  outcome
}

signals <- c("1" = "SIGHUP", "2" = "SIGINT", "6" = "SIGABRT", "7" = "SIGBUS", "8" = "SIGFPE", "9" = "SIGKILL", "11" = "SIGSEGV", "15" = "SIGTERM")

# Why there is nothing of an iteration.
why_without <- function(job, task) {
  info <- task$executionInfo
  code <- info$exitCode
  failure <- info$failureInfo
  output <- tail_of(job, task$id)
  reason <- if (identical(failure$code, "CommandProgramNotFound")) {
    sprintf("there is no '%s' on it: registerDoScoria(command =) says what runs R there", sub(" .*", "", job$command))
  } else if (!is.null(code) && code != 0) {
    signal <- if (code < 0) -code else code - 128
    name <- signals[as.character(signal)]
    what <- if (is.na(name)) sprintf("it ended with exit code %d before it was through", code)
            else paste0("it was killed by ", name, if (signal == 9) " (by hand, or because memory ran out)")
    paste0(what, if (nzchar(output)) paste0("; its output ends with:\n", output))
  } else if (!is.null(code) && is.null(failure)) {
    "it ended by itself with status 0 before it was through"
  } else {
    job$server$stored <- NULL  # perhaps for want of a file that was stored once: the next loop looks again
    said <- if (is.null(failure$message)) "it ended and left no result" else failure$message
    details <- vapply(failure$details, function(one) sprintf(" (%s: %s)", one$name, one$value), "")
    paste0(if (!is.null(failure$code)) paste0(failure$code, ": "), said, paste(details, collapse = ""))
  }
  structure(reason, output = output)
}

tail_of <- function(job, task, file = "stderr.txt", most = 2000) {
  bytes <- tryCatch(task_file(job$server, job$id, task, file), scoria_error = function(e) raw())  # its node may be gone, and the file with it
  text <- trimws(rawToChar(bytes[bytes != 0]))
  substr(text, max(1, nchar(text, "bytes") - most), nchar(text, "bytes"))
}

task_file <- function(server, job, task, path) {
  batch(server, "GET", c("jobs", job, "tasks", task, "files", strsplit(path, "/", fixed = TRUE)[[1]]))$body
}

# What stop_loop() has to know of an iteration that failed; its output, where the error does not have it, with_output() asks for.
trouble_of <- function(outcome, i) {
  error <- outcome$results[[i]]
  list(error = error, worker = outcome$task, node = outcome$node, output = error$output, calls = outcome$calls[[i]], outcome = outcome, i = i)
}

with_output <- function(job, trouble) {
  if (is.null(trouble$output)) trouble$output <- written_by(job, trouble$outcome)$by(trouble$i)
  trouble
}

# What a task's iterations wrote: list(all, by): a text, and a function that gives iteration number i's. Output and messages are files of their
# own, whose order is known from iteration to iteration only. What the script itself says there, after them, is no part of it.
written_by <- function(job, outcome) {
  file <- function(name) tryCatch(task_file(job$server, job$id, outcome$task, name), scoria_error = function(e) raw())  # its node may be gone
  text <- function(bytes) rawToChar(bytes[bytes != 0])
  output <- file("stdout.txt")
  messages <- file("stderr.txt")
  part <- function(bytes, from, to) text(bytes[seq_along(bytes) > from & seq_along(bytes) <= to])
  wrote <- outcome$wrote
  if (anyNA(unlist(wrote)) || any(lengths(wrote) != 4)) {
    all <- paste0(text(output), sub("(^|\n)(Warning|Error in iteration [0-9]+): .*", "\\1", text(messages)))
    return(list(all = all, by = function(i) all))
  }
  all <- ""
  at <- c(0, 0)
  for (one in wrote) {
    all <- paste0(all, part(output, at[[1]], one[[3]]), part(messages, one[[2]], one[[4]]))
    at <- one[3:4]
  }
  # Behind it: what was written late, and the last words of a process that ended in an iteration; not R's report of a crash, which is all of the script.
  all <- paste0(all, part(output, at[[1]], Inf), if (!outcome$is_through) sub("\n [*]{3} caught .*", "", part(messages, at[[2]], Inf)))
  list(all = all, by = function(i) if (i > length(wrote)) "" else paste0(part(output, wrote[[i]][[1]], wrote[[i]][[3]]), part(messages, wrote[[i]][[2]], wrote[[i]][[4]])))
}

ended_tasks <- function(job, since) {
  filter <- "state eq 'completed'"
  if (nzchar(since)) filter <- sprintf("%s and stateTransitionTime ge DateTime'%s'", filter, since)
  batch_list(job$server, c("jobs", job$id, "tasks"), filter, "id,state,stateTransitionTime,executionInfo,nodeInfo")
}

# Waits for a job and gives its loop's value, as foreach would. Iterations that a killed process did not come to are run again.
collect_job <- function(job, own, output = FALSE) {
  gather <- gather_of(job$it, job$count)
  stops <- identical(error_handling(job$it), "stop")
  progress <- progress_of(job$count, own$progress)
  on.exit(progress$end())
  seen <- new.env()
  done <- 0
  first_error <- Inf
  trouble <- NULL
  warned <- list()
  since <- ""
  pause <- quickest
  swept <- .Call(C_clock)
  is_closing <- FALSE
  repeat {
    is_sweep <- .Call(C_clock) - swept > sweep_seconds
    if (is_sweep) swept <- .Call(C_clock)
    has_news <- FALSE
    for (task in patiently(function() ended_tasks(job, if (is_sweep) "" else since))) {
      since <- max(since, earlier(task$stateTransitionTime, 5))  # times of one list are not in order
      if (!is.null(seen[[task$id]])) next
      assign(task$id, TRUE, seen)
      has_news <- TRUE
      outcome <- outcome_of(job, task)
      if (!is.null(outcome$failed)) stop(outcome$results[[length(outcome$results)]])  # no task of this loop can be run
      if (output) cat(written_by(job, outcome)$all)
      warned <- c(warned, outcome$warnings)
      for (i in seq_along(outcome$iterations)) {
        at <- outcome$iterations[[i]]
        value <- outcome$results[[i]]
        if (is_error(value) && stops && at < first_error) {
          first_error <- at
          trouble <- trouble_of(outcome, i)
        }
        gather$add(at, list(value))
      }
      done <- done + length(outcome$iterations)
      if (length(outcome$missing) > 0 && !stops) rerun(job, outcome$missing)
    }
    progress$show(done)
    if (done >= job$count || is_closing) break
    # Once more, as tasks may have ended since they were listed.
    is_closing <- is.finite(first_error) && none_before(job, first_error)
    if (is_closing) next
    pause <- if (has_news) quickest else min(pause * 1.5, slowest)
    Sys.sleep(pause)
  }
  for (one in warned) warning(one)
  if (is.finite(first_error)) stop_loop(job$it, first_error, with_output(job, trouble), job$expr)
  gather$finish()
}

error_handling <- function(it) {
  while (inherits(it, "ifilteredforeach")) it <- it$ie1
  it$errorHandling
}

# Whether no task with iterations before `at` is still to end: the loop's error is then the first.
none_before <- function(job, at) {
  open <- batch_list(job$server, c("jobs", job$id, "tasks"), "state ne 'completed'", "id")
  !any(vapply(open, function(task) range_of(task$id)[[1]] < at, NA))
}

# Tasks of iterations that were in other tasks before.
rerun <- function(job, iterations) {
  add_tasks(job, lapply(runs_of(iterations), function(run) task_of(job, run[[1]], arguments_again(job, run[[1]], run[[2]]))))
}

# 1 2 3 7 8: list(c(1, 3), c(7, 8)).
runs_of <- function(iterations) {
  ends <- which(c(diff(iterations) != 1, TRUE))
  Map(function(begin, end) iterations[c(begin, end)], c(1, head(ends, -1) + 1), ends)
}

bytes_of_hex <- function(digits) {
  at <- seq(1, nchar(digits), 2)
  as.raw(strtoi(substring(digits, at, at + 1), 16L))
}

# The arguments of iterations, out of the tasks that had them.
arguments_again <- function(job, first, last) {
  for (task in batch_list(job$server, c("jobs", job$id, "tasks"), NULL, "id,environmentSettings")) {
    range <- range_of(task$id)
    if (first < range[[1]] || last > range[[2]]) next
    hex <- Filter(function(one) one$name == "SCORIA_CHUNK", task$environmentSettings)
    bytes <- if (length(hex) > 0) bytes_of_hex(hex[[1]]$value) else get_blob(job$server, container_of(job$id), paste0("chunks/", task$id))
    given <- unserialize(bytes)$arguments
    own <- first - range[[1]] + seq_len(last - first + 1)
    cut <- list(count = length(own))
    if (is.null(given$rows)) cut$columns <- lapply(given$columns, function(column) column[own]) else cut$rows <- given$rows[own]
    if (!is.null(given$seeds)) cut$seeds <- given$seeds[, own, drop = FALSE]
    return(cut)
  }
  refuse(sprintf("job %s has no task with iterations %.0f to %.0f", job$id, first, last), "not_found")
}

earlier <- function(moment, seconds) utc_time(as.POSIXct(substr(moment, 1, 19), tz = "GMT", format = "%Y-%m-%dT%H:%M:%S") - seconds)
