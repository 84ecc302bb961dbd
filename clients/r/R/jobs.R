# Jobs of loops that nobody waited for: from any session that knows the server.

#' Jobs of foreach loops on a pool
#'
#' A loop's value is such a job where [registerDoScoria()] was told `wait = FALSE`, or the loop itself by
#' `.options.scoria = list(wait = FALSE)`. Any session may ask for it by its id.
#'
#' @param job id of a job, or what a loop gave.
#' @param server as [registerDoScoria()] takes it; `NULL`: the one of [setCredentials()].
#' @param ... `profile`, `data`, `account`, `key`, `ca_file`, as [setCredentials()] takes them.
#' @return `getJob()`: a `scoria_job` that prints how far it is. `getJobStatus()`: a list with `id`, `state`
#'   (`"running"`, `"completed"`, `"failed"`: ended, with iterations that failed), `iterations`, `done`, `failed`, and the numbers of `tasks`.
#' @examplesIf FALSE
#' job <- foreach(i = 1:100, .options.scoria = list(wait = FALSE)) %dopar% simulate(i)
#' job$id
#' # in another session
#' job <- getJob("scoria-r-0123456789abcdef0123")
#' getJobResult(job)
#' deleteJob(job)
#' @export
getJob <- function(job, server = NULL, ...) {
  if (inherits(job, "scoria_job")) return(job)
  need_word(job, "job")
  server <- server_of(find_account(server, ...))
  bytes <- get_blob(server, container_of(job), "job")
  if (is.null(bytes)) {
    batch(server, "GET", c("jobs", job))  # says what is wrong, where there is none
    refuse(sprintf("job '%s' is not one of a foreach loop", job), "not_found")
  }
  found <- unserialize(bytes)
  found$server <- server
  structure(found, class = "scoria_job")
}

#' @rdname getJob
#' @export
getJobStatus <- function(job, server = NULL, ...) {
  job <- getJob(job, server, ...)
  counts <- counts_of(job)
  iterations <- getJobIterations(job)
  failed <- sum(iterations$state == "failed")
  is_running <- counts$open > 0
  list(id = job$id, state = if (is_running) "running" else if (failed > 0 || any(iterations$state == "waiting")) "failed" else "completed", iterations = job$count,
       done = sum(iterations$state == "done"), failed = failed, tasks = unlist(counts[names(counts) != "open"]))
}

# Its tasks by state; `open`: how many are still to end. Those of a job that was terminated may stay active for ever.
counts_of <- function(job) {
  counts <- patiently(function() document_of(batch(job$server, "GET", c("jobs", job$id, "taskcounts"))))$taskCounts
  counts$open <- counts$active + counts$running
  if (counts$open > 0 && identical(document_of(batch(job$server, "GET", c("jobs", job$id), query = list(`$select` = "state")))$state, "completed")) counts$open <- 0
  counts
}

#' @export
print.scoria_job <- function(x, ...) {
  status <- tryCatch(getJobStatus(x), scoria_error = function(e) NULL)
  if (is.null(status)) cat(sprintf("<job %s of pool %s: it cannot be asked for>\n", x$id, x$pool))
  else cat(sprintf("<job %s of pool %s: %s, %.0f of %.0f iterations done, %.0f failed>\n", x$id, x$pool, status$state, status$done, status$iterations,
                   status$failed))
  invisible(x)
}

#' Iterations of a job
#'
#' @inheritParams getJob
#' @return a data.frame with a row for each: `iteration`, `state` (`"waiting"`, `"running"`, `"done"`, `"failed"`), `task`, `node` and `message`, the
#'   error's, `NA` where there is none.
#' @export
getJobIterations <- function(job, server = NULL, ...) {
  job <- getJob(job, server, ...)
  out <- data.frame(iteration = seq_len(job$count), state = "waiting", task = NA_character_, node = NA_character_, message = NA_character_)
  for (task in job_tasks(job)) {
    range <- range_of(task$id)
    rows <- seq(range[[1]], range[[2]])
    node <- if (is.null(task$nodeInfo$nodeId)) NA_character_ else task$nodeInfo$nodeId
    open <- rows[!out$state[rows] %in% c("done", if (task$state == "completed") "failed")]
    out$task[open] <- task$id
    out$node[open] <- node
    if (task$state != "completed") {
      out$state[open] <- if (task$state == "running") "running" else "waiting"
      out$message[open] <- NA
      next
    }
    outcome <- outcome_of(job, task)
    for (i in seq_along(outcome$iterations)) {
      at <- outcome$iterations[[i]]
      value <- outcome$results[[i]]
      if (out$state[[at]] == "done") next
      out$state[[at]] <- if (is_error(value)) "failed" else "done"
      out$message[[at]] <- if (is_error(value)) conditionMessage(value) else NA
      out$task[[at]] <- task$id
      out$node[[at]] <- node
    }
    skipped <- intersect(outcome$missing, which(out$state == "waiting"))
    out$state[skipped] <- "failed"
    out$message[skipped] <- "its task ended before it came to it"
  }
  out
}

# Tasks in the order in which they were added, so that what was run again comes last.
job_tasks <- function(job) {
  tasks <- batch_list(job$server, c("jobs", job$id, "tasks"), NULL, "id,state,creationTime,executionInfo,nodeInfo")
  tasks[order(vapply(tasks, function(task) task$creationTime, ""))]
}

#' The result of a job
#'
#' @inheritParams getJob
#' @param iterations some of them: their results are a list, with the error where one failed and `NULL` where one has not ended. `NULL`: the loop's
#'   value, as if it had been waited for.
#' @param progress whether there is a bar, on a terminal of an interactive session.
#' @return see `iterations`.
#' @export
getJobResult <- function(job, iterations = NULL, progress = TRUE, server = NULL, ...) {
  job <- getJob(job, server, ...)
  if (is.null(iterations)) {
    waitForJob(job, progress = progress)
    return(value_of(job))
  }
  found <- results_of(job)
  lapply(iterations, function(at) found$values[[sprintf("%.0f", at)]])
}

#' Wait for a job
#'
#' @inheritParams getJob
#' @param timeout seconds; then it is an error of class `scoria_error` with code `"deadline"`.
#' @param progress whether there is a bar, on a terminal of an interactive session.
#' @return the job's status, invisibly, as [getJobStatus()] gives it.
#' @export
waitForJob <- function(job, timeout = NULL, progress = TRUE, server = NULL, ...) {
  job <- getJob(job, server, ...)
  end <- if (is.null(timeout)) Inf else .Call(C_clock) + timeout
  pause <- quickest
  bar <- NULL
  on.exit(if (!is.null(bar)) bar$end())
  repeat {
    counts <- counts_of(job)
    all <- counts$active + counts$running + counts$completed
    if (is.null(bar)) bar <- progress_of(max(all, 1), progress)
    bar$show(min(counts$completed, all))
    if (counts$open == 0) return(invisible(getJobStatus(job)))
    if (.Call(C_clock) + pause > end) refuse(sprintf("job '%s' did not end within %.3g s", job$id, timeout), "deadline")
    Sys.sleep(pause)
    pause <- min(pause * 1.5, 2)
  }
}

# Of all tasks that have ended: list(values, by iteration; trouble, of those that failed; warnings). What was run again counts instead.
results_of <- function(job) {
  values <- list()
  trouble <- list()
  warnings <- list()
  for (task in Filter(function(task) task$state == "completed", job_tasks(job))) {
    outcome <- outcome_of(job, task)
    warnings <- c(warnings, outcome$warnings)
    for (i in seq_along(outcome$iterations)) {
      at <- sprintf("%.0f", outcome$iterations[[i]])
      value <- outcome$results[[i]]
      if (is_error(value) && !is.null(values[[at]]) && !is_error(values[[at]])) next
      values[at] <- list(value)
      trouble[at] <- list(if (is_error(value)) trouble_of(outcome, i))
    }
    for (at in sprintf("%.0f", outcome$missing)) {
      if (at %in% names(values)) next
      reason <- sprintf("task %s of job %s on node %s ended before it came to iteration %s", task$id, job$id, outcome$node, at)
      error <- task_error(reason, as.numeric(at), task$id, outcome$node)
      values[[at]] <- error
      trouble[[at]] <- list(error = error, worker = task$id, node = outcome$node, output = "", calls = NULL)
    }
  }
  list(values = values, trouble = trouble, warnings = warnings)
}

value_of <- function(job) {
  found <- results_of(job)
  missing <- setdiff(sprintf("%.0f", seq_len(job$count)), names(found$values))
  if (length(missing) > 0) refuse(sprintf("job '%s' was ended before it came to iteration %s: retryJob() runs what is missing", job$id, missing[[1]]), "unavailable")
  for (one in found$warnings) warning(one)
  failed <- Filter(function(at) !is.null(found$trouble[[at]]), names(found$trouble))
  if (length(failed) > 0 && identical(error_handling(job$it), "stop")) {
    at <- min(as.numeric(failed))
    stop_loop(job$it, at, with_output(job, found$trouble[[sprintf("%.0f", at)]]), job$expr)
  }
  gather <- gather_of(unserialize(serialize(job$it, NULL)), job$count)  # gathering changes it, and the job may be asked again
  for (at in seq_len(job$count)) gather$add(at, found$values[sprintf("%.0f", at)])
  gather$finish()
}

#' Run what failed again
#'
#' @inheritParams getJob
#' @return the iterations that are run again, invisibly: those that failed, and those that no task came to.
#' @export
retryJob <- function(job, server = NULL, ...) {
  job <- getJob(job, server, ...)
  iterations <- getJobIterations(job)
  open <- vapply(Filter(function(task) task$state != "completed", job_tasks(job)), function(task) task$id, "")
  again <- iterations$iteration[iterations$state == "failed" | (iterations$state == "waiting" & !iterations$task %in% open)]
  if (length(again) == 0) return(invisible(again))
  state <- document_of(batch(job$server, "GET", c("jobs", job$id)))$state
  if (identical(state, "completed")) refuse(sprintf("job '%s' was terminated: nothing more can run in it", job$id), "denied")
  there <- vapply(job_tasks(job), function(task) task$id, "")
  tasks <- lapply(runs_of(again), function(run) task_of(job, run[[1]], arguments_of_range(job, run[[1]], run[[2]])))
  for (task in tasks) {
    if (!task$id %in% there) next  # one of the same iterations makes room
    unless_gone(batch(job$server, "DELETE", c("jobs", job$id, "tasks", task$id)))
    unless_gone(blob_request(job$server, "DELETE", container_of(job$id), paste0("results/", task$id, "/scoria_result")))
    unless_gone(blob_request(job$server, "DELETE", container_of(job$id), paste0("results/", task$id)))
  }
  add_tasks(job, tasks)
  invisible(again)
}

# The arguments of iterations that several tasks may have had.
arguments_of_range <- function(job, first, last) {
  parts <- lapply(seq(first, last), function(at) arguments_again(job, at, at))
  joined <- list(count = length(parts))
  if (is.null(parts[[1]]$rows)) joined$columns <- do.call(Map, c(list(f = c), lapply(parts, `[[`, "columns")))
  else joined$rows <- do.call(c, lapply(parts, `[[`, "rows"))
  if (!is.null(parts[[1]]$seeds)) joined$seeds <- do.call(cbind, lapply(parts, `[[`, "seeds"))
  joined
}

#' What a job's iterations wrote, and files of its tasks
#'
#' @inheritParams getJob
#' @param iteration which one's task is asked for.
#' @param file `"stdout.txt"` or `"stderr.txt"`, where R writes messages.
#' @return `getJobLog()`: a text. `getJobFile()`: a raw vector, or the path of the file that was written, invisibly.
#' @export
getJobLog <- function(job, iteration, file = "stdout.txt", server = NULL, ...) {
  job <- getJob(job, server, ...)
  for (task in rev(job_tasks(job))) {
    range <- range_of(task$id)
    if (iteration >= range[[1]] && iteration <= range[[2]]) {
      # One that has not begun has written nothing.
      bytes <- tryCatch(task_file(job$server, job$id, task$id, file), scoria_service_error = function(e) {
        if (e$status == 409 || (e$code == "FileNotFound" && file %in% c("stdout.txt", "stderr.txt"))) raw() else stop(e)
      })
      return(rawToChar(bytes[bytes != 0]))
    }
  }
  refuse(sprintf("job '%s' has no iteration %s", job$id, shown(iteration)), "not_found")
}

#' @rdname getJobLog
#' @param taskId id of a task ([getJobIterations()] names them).
#' @param filePath of the file in the task's folder.
#' @param downloadPath where to write it; `NULL`: nowhere.
#' @param overwrite whether a file that is there gives way.
#' @export
getJobFile <- function(job, taskId, filePath, downloadPath = NULL, overwrite = FALSE, server = NULL, ...) {
  id <- if (inherits(job, "scoria_job")) job$id else need_word(job, "job")
  server <- if (inherits(job, "scoria_job")) job$server else server_of(find_account(server, ...))
  written(task_file(server, id, taskId, filePath), downloadPath, overwrite)
}

written <- function(bytes, path, overwrite) {
  if (is.null(path)) return(bytes)
  if (file.exists(path) && !overwrite) refuse(sprintf("'%s' is there already: overwrite = TRUE replaces it", path), "denied")
  writeBin(bytes, path)
  invisible(path)
}

#' Jobs of a server
#'
#' @inheritParams getJob
#' @param filter a list; `state`: only jobs of these states of the server's (`"active"`, `"completed"`, ...); `loops = FALSE`: also
#'   jobs that are no foreach loops.
#' @return a data.frame: `id`, `pool`, `state`, `created`, `iterations`.
#' @export
getJobList <- function(filter = list(), server = NULL, ...) {
  server <- server_of(find_account(server, ...))
  jobs <- batch_list(server, "jobs")
  loops <- function(job) Filter(function(one) one$name == "iterations", job$metadata)
  if (!isFALSE(filter$loops)) jobs <- Filter(function(job) length(loops(job)) > 0, jobs)
  if (!is.null(filter$state)) jobs <- Filter(function(job) tolower(job$state) %in% tolower(filter$state), jobs)
  text <- function(field) vapply(jobs, function(job) as.character(field(job)), "")
  data.frame(id = text(function(job) job$id), pool = text(function(job) if (is.null(job$poolInfo$poolId)) NA else job$poolInfo$poolId),
             state = text(function(job) job$state), created = text(function(job) job$creationTime), iterations = as.numeric(text(function(job) if (length(loops(job)) > 0) loops(job)[[1]]$value else NA)))
}

#' End jobs, and delete them
#'
#' @inheritParams getJob
#' @param deleteResult whether its results go, too. Without them nothing of a loop is left.
#' @return nothing of interest.
#' @details `terminateJob()` ends what runs of it, and keeps its results.
#' @export
deleteJob <- function(job, deleteResult = TRUE, server = NULL, ...) {
  id <- if (inherits(job, "scoria_job")) job$id else need_word(job, "job")
  server <- if (inherits(job, "scoria_job")) job$server else server_of(find_account(server, ...))
  batch(server, "DELETE", c("jobs", id))
  if (need_flag(deleteResult, "deleteResult")) delete_container(server, container_of(id))
  invisible()
}

#' @rdname deleteJob
#' @export
terminateJob <- function(job, server = NULL, ...) {
  id <- if (inherits(job, "scoria_job")) job$id else need_word(job, "job")
  server <- if (inherits(job, "scoria_job")) job$server else server_of(find_account(server, ...))
  batch(server, "POST", c("jobs", id, "terminate"), stats::setNames(list(), character()))
  invisible()
}
