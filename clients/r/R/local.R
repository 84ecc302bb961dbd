# A loop on warm workers of this machine. Each worker is told what the loop is together with its first chunk; from then on chunks go out
# as answers come in, two at a time to a worker where they are quick.

# What a worker runs: one of work.R's functions, named. Not compiled and without its source, as it travels with each call.
far <- eval(quote(function(state, name, given) asNamespace("scoria")[[name]](state, given)), baseenv())

kinds <- list(call = 1L, reset = 2L, value = 16L, failed = 17L, done = 18L)
last_flag <- 2L
quick_seconds <- 0.005  # a chunk below is followed by another before its answer is there

run_local <- function(obj, expr, envir, registration) {
  it <- iterators::iter(obj)
  arguments <- arguments_of(it)
  count <- arguments$count
  gather <- gather_of(it, count)
  if (count == 0) return(gather$finish())
  own <- loop_options(obj, registration)
  if (isFALSE(own$wait)) refuse("wait = FALSE needs a pool: only a server keeps jobs that nobody waits for")
  streams <- if (!".doRNG.stream" %in% it$argnames) streams_of(count, own$seed)  # doRNG brings its own
  job <- describe_job(obj, expr, envir, function(value) .Call(C_hash, value), registration$max_result)
  job$id <- sprintf("job-%d", session$jobs <- (if (is.null(own_session()$jobs)) 0L else session$jobs) + 1L)
  # What stays in a worker from another loop is taken away; from the same one's last run it may be of use.
  job$identity <- .Call(C_hash, list(job$expr, job$packages))

  todo <- list(c(1, count))  # ranges of iterations that nobody works on, in order
  stop_at <- Inf  # the first iteration that failed, where that ends the loop
  seconds <- NA_real_  # of an iteration
  done <- 0
  trouble <- new.env(parent = emptyenv())  # by iteration: what is known of its failure
  warned <- list()
  workers <- leased(registration, min(registration$workers, count), job$packages)
  progress <- progress_of(count, own$progress)
  on.exit({
    progress$end()
    session$sharing <- NULL
    # Whoever was interrupted may be in the middle of anything.
    for (worker in session$workers) if (length(worker$waiting) > 0) release_workers(list(worker))
  })

  give <- function(worker) {
    range <- todo[[1]]
    size <- chunk_size(range[[2]] - range[[1]] + 1, registration$workers, seconds, own$chunk_size)
    last <- range[[1]] + size - 1
    todo <<- if (last == range[[2]]) todo[-1] else c(list(c(last + 1, range[[2]])), todo[-1])
    given <- arguments$slice(range[[1]], size)
    if (!is.null(streams)) given$seeds <- streams[, range[[1]] - 1 + seq_len(size), drop = FALSE]
    setup <- tell_job(worker, job)
    call <- call_of("work_chunk", list(job = job$id, setup = setup, first = range[[1]], arguments = given, marks = session$marks_path, slot = worker$slot))
    send_call(worker, call, list(first = range[[1]], last = last))
  }
  chunks_of <- function(worker) Filter(function(sent) !is.null(sent$first), worker$waiting)
  is_free <- function(worker) {
    waiting <- length(chunks_of(worker))
    if (waiting != 1 || is.na(seconds)) return(waiting == 0)
    seconds * chunk_size(todo[[1]][[2]] - todo[[1]][[1]] + 1, registration$workers, seconds, own$chunk_size) < quick_seconds
  }
  is_needed <- function(worker) any(vapply(chunks_of(worker), function(sent) sent$first < stop_at, NA))
  again <- function(first, last) {
    if (first > last || first > stop_at) return(invisible())
    todo <<- c(list(c(first, last)), todo)
    todo <<- todo[order(vapply(todo, `[[`, 0, 1))]
  }
  record <- function(worker, first, results, output = "", calls = NULL) {
    for (i in which(vapply(results, inherits, NA, "error"))) {
      at <- first + i - 1
      assign(sprintf("%.0f", at), list(error = results[[i]], worker = worker$id, node = worker$node, output = output, calls = calls[[as.character(i)]]), trouble)
      if (identical(obj$errorHandling, "stop") && at < stop_at) stop_at <<- at
    }
    gather$add(first, results)
    done <<- done + length(results)
    progress$show(done)
  }
  # A worker that has ended, or has to: its iteration fails, others of its chunks are run elsewhere.
  lose <- function(worker, what) {
    chunks <- chunks_of(worker)
    worker$waiting <- list()
    if (length(chunks) > 0) {
      at <- .Call(C_mark_of, session$marks, worker$slot)[[1]]
      own <- chunks[[1]]
      if (at < own$first || at > own$last) at <- own$first
      again(own$first, at - 1)
      again(at + 1, own$last)
      for (other in chunks[-1]) again(other$first, other$last)
      if (nzchar(what$output) && registration$output) cat(what$output)
      record(worker, at, list(worker_error(worker, at, what$reason, what$output)), what$output)
    }
    workers <<- leased(registration, min(registration$workers, count), job$packages)
  }
  take <- function(worker) {
    most <- registration$max_result + 2 * work_bytes
    answer <- .Call(C_receive, worker$connection, most)
    if (is.null(answer)) {
      what <- end_of(worker)
      if (!is.null(worker$ended_for)) what$reason <- worker$ended_for
      return(lose(worker, what))
    }
    if (answer$bytes > most) {
      release_workers(list(worker))
      reason <- sprintf("its answer has %s, more than max_result allows (%s)", bytes_words(answer$bytes), bytes_words(registration$max_result))
      return(lose(worker, list(reason = reason, output = "")))
    }
    sent <- worker$waiting[[1]]
    worker$waiting <- worker$waiting[-1]
    outcome <- answer$value
    if (answer$kind == kinds$failed) fail_chunk(worker, outcome, sent)
    if (!is.null(outcome$output) && nzchar(outcome$output) && registration$output) cat(outcome$output)
    warned <<- c(warned, outcome$warnings)
    if (!is.null(sent$first) && answer$kind == kinds$value) take_chunk(worker, sent, outcome)
    if (bitwAnd(answer$flags, last_flag) > 0) {
      for (other in chunks_of(worker)) again(other$first, other$last)
      worker$waiting <- list()
      drop_worker(worker)
      workers <<- leased(registration, min(registration$workers, count), job$packages)
    }
  }
  # Its answer could not be made, for want of memory for one; whose fault it is shows when iterations travel alone.
  fail_chunk <- function(worker, outcome, sent) {
    if (is.null(sent$first) || inherits(outcome$error, "packageNotFoundError")) fail_setup(worker, outcome$error, outcome$output, sent)
    worker$job <- NULL
    if (sent$first < sent$last) {
      own$chunk_size <<- 1
      return(again(sent$first, sent$last))
    }
    error <- worker_error(worker, sent$first, conditionMessage(outcome$error), outcome$output, outcome$error)
    record(worker, sent$first, list(error), outcome$output, stats::setNames(list(outcome$calls), sprintf("%.0f", sent$first)))
  }
  take_chunk <- function(worker, sent, outcome) {
    value <- outcome$value
    if (!is.null(value$error)) fail_setup(worker, value$error, outcome$output, sent)
    if (!is.null(value$missing)) {  # it has forgotten what it had: all of it is told again
      worker$has <- character()
      worker$job <- NULL
      return(again(sent$first, sent$last))
    }
    ran <- length(value$results)
    again(sent$first + ran, sent$last)
    seconds <<- value$seconds / ran
    record(worker, sent$first, value$results, outcome$output, value$calls)
  }

  repeat {
    if (is.finite(stop_at)) todo <- Filter(function(range) range[[1]] < stop_at, todo)
    for (worker in workers) while (length(todo) > 0 && is_free(worker)) give(worker)
    if (done == count) break
    busy <- workers[vapply(workers, function(worker) length(worker$waiting) > 0, NA)]
    # Where the loop stops, what runs behind the first failure is of no use.
    if (is.finite(stop_at) && length(todo) == 0 && !any(vapply(busy, is_needed, NA))) break
    ready <- .Call(C_wait, lapply(busy, `[[`, "connection"), if (is.null(own$timeout)) 3600 else 0.05)
    for (worker in busy[ready]) take(worker)
    if (!is.null(own$timeout)) for (worker in setdiff_workers(busy, busy[ready])) end_overdue(worker, own$timeout)
    progress$show(done)
  }
  for (one in warned) warning(one)
  if (is.finite(stop_at)) stop_loop(it, stop_at, trouble[[sprintf("%.0f", stop_at)]], expr)
  gather$finish()
}

setdiff_workers <- function(all, some) Filter(function(one) !any(vapply(some, identical, NA, one)), all)

# What is given is an environment, as the stacks of errors, and of R when it dies, show all arguments else.
call_of <- function(name, given) {
  .Call(C_pack, list(far, list(name, list2env(given, new.env(FALSE, emptyenv())))))
}

send_call <- function(worker, packed, sent) {
  worker$waiting <- c(worker$waiting, list(sent))
  # Where nobody is there any more, reading says so.
  .Call(C_send, worker$connection, kinds$call, packed)
}

# What a worker must be told before its first chunk of a job: large values it has not, and the job itself, which is the answer. NULL: all is known.
tell_job <- function(worker, job) {
  if (identical(worker$job, job$id)) return(NULL)
  if (!is.null(worker$identity) && !identical(worker$identity, job$identity)) {
    worker$waiting <- c(worker$waiting, list(list(is_reset = TRUE)))
    .Call(C_send, worker$connection, kinds$reset, NULL)
  }
  if (is.null(worker$job)) .Call(C_mark, session$marks, worker$slot, 0)
  worker$identity <- job$identity
  worker$job <- job$id
  if (!identical(session$sharing$job, job$id)) share_job(job)
  if (!is.null(session$sharing$names)) for (name in setdiff(session$sharing$names, worker$has)) {
    send_call(worker, shared_value(job, name), list(is_kept = TRUE))
    worker$has <- c(worker$has, name)
  }
  session$sharing$setup
}

# `names`: what all workers must have; `calls`: those that tell it, serialized once for all of them and only where one lacks it, as
# memory that is shared with them. `setup`: the job, or its name where it is large itself.
share_job <- function(job) {
  setup <- .Call(C_packed_raw, job$packed)
  large <- list()
  if (length(setup) > large_bytes) {
    name <- .Call(C_hash, job$packed)
    large[[name]] <- setup
    setup <- name
  }
  session$sharing <- list(job = job$id, names = c(names(job$values), names(large)), large = large, calls = list(), setup = setup)
}

shared_value <- function(job, name) {
  call <- session$sharing$calls[[name]]
  if (is.null(call)) {
    value <- if (is.null(session$sharing$large[[name]])) job$values[[name]] else session$sharing$large[[name]]
    call <- call_of("work_keep", list(name = name, value = value))
    session$sharing$calls[[name]] <- call
  }
  call
}

end_overdue <- function(worker, timeout) {
  at <- .Call(C_mark_of, session$marks, worker$slot)
  if (at[[1]] == 0 || at[[2]] <= timeout || !is.null(worker$ended_for)) return(invisible())
  worker$ended_for <- sprintf("it was ended after %.3g s, as timeout = %.3g says", at[[2]], timeout)
  try(control(list(op = "kill", id = worker$id), FALSE), silent = TRUE)
}

# The loop cannot be run at all: a package that is missing, or a worker that does not know this package.
fail_setup <- function(worker, error, output, sent) {
  stop(worker_error(worker, if (is.null(sent$first)) NA_real_ else sent$first, conditionMessage(error), if (is.null(output)) "" else output, error))
}

worker_error <- function(worker, iteration, reason, output, parent = NULL) {
  task_error(sprintf("worker %s on node %s: %s", worker$id, worker$node, reason), iteration, worker$id, worker$node, output, parent = parent)
}

# foreach's own error of a loop that stops, and what else is known.
stop_loop <- function(it, at, what, expr) {
  stop(task_error(sprintf("task %d failed - \"%s\"", nested_index(it, at), conditionMessage(what$error)), at, what$worker, what$node, what$output, expr,
                  if (!inherits(what$error, "scoria_task_error")) what$error, if (is.null(what$calls)) character() else what$calls))
}

# In nested loops foreach counts the iterations of the innermost.
nested_index <- function(it, at) {
  repeat {
    if (inherits(it, "ifilteredforeach")) {
      it <- it$ie1
    } else if (inherits(it, "ixforeach")) {
      ends <- cumsum(it$state$fired)
      outer <- which(at <= ends)[[1]]
      if (outer > 1) at <- at - ends[[outer - 1]]
      it <- it$state$ie2[[outer]]
    } else {
      return(as.integer(at))
    }
  }
}

# What `.options.scoria = list(...)` of a loop says, else the registration.
loop_options <- function(obj, registration) {
  if (length(obj$options) == 0) return(registration[c("timeout", "chunk_size", "progress", "wait")])
  own <- obj$options$scoria
  theirs <- obj$options$azure  # of a script of doAzureParallel's; its other options have no meaning here
  for (name in c("wait", "job", "chunkSize")) if (!is.null(theirs[[name]])) own[[if (name == "chunkSize") "chunk_size" else name]] <- theirs[[name]]
  unknown <- setdiff(names(own), c("timeout", "chunk_size", "seed", "progress", "wait", "job"))
  if (length(unknown) > 0) refuse(sprintf(".options.scoria has no '%s'; it has timeout, chunk_size, seed, progress, wait, job", unknown[[1]]))
  need_amount(own$timeout, ".options.scoria$timeout")
  need_chunk(own$chunk_size, ".options.scoria$chunk_size")
  for (name in intersect(c("progress", "wait"), names(own))) need_flag(own[[name]], paste0(".options.scoria$", name))
  for (name in c("timeout", "chunk_size", "progress", "wait")) if (is.null(own[[name]])) own[[name]] <- registration[[name]]
  own
}
