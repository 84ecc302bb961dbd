# A loop on the nodes of a server's pool: chunks are tasks of a job, whose results come back through its container.

objects_container <- "scoria-r-objects"  # of all jobs: what is large, once, by the names of contents
inline_bytes <- 3 * 2^10
quickest <- 0.01
slowest <- 0.5  # seconds between questions about what has ended
sweep_seconds <- 30  # between questions about all tasks
most_tasks <- 100  # that one request adds
keep_days <- 30  # objects that no job has asked for so long are deleted

register_pool <- function(registration, pool, server, command, container = NULL, ...) {
  if (length(registration$limits) > 0) refuse("memory is of this machine's workers: a pool's tasks have what the pool gives")
  if (inherits(pool, "scoria_cluster")) {
    registration$server <- pool$server
    if (is.null(container)) container <- pool$container
    pool <- pool$poolId
  } else {
    registration$server <- server_of(find_account(server, ...))
  }
  registration$pool <- need_word(pool, "pool")
  if (is.null(command)) command <- if (is.null(container)) "scoria call-r" else "Rscript"
  registration$command <- need_word(command, "command")
  registration$container <- container
  registration$workers <- pool_slots(registration$server, pool)
  foreach::setDoPar(do_pool, registration, info_local)
  invisible()
}

# How many tasks the pool's nodes run at once; 1, where it has none yet.
pool_slots <- function(server, pool) {
  document <- document_of(batch(server, "GET", c("pools", pool)))
  number <- function(name) if (is.null(document[[name]])) 0 else as.numeric(document[[name]])
  nodes <- max(number("currentDedicatedNodes"), number("targetDedicatedNodes")) + max(number("currentLowPriorityNodes"), number("targetLowPriorityNodes"))
  as.integer(max(1, nodes * max(1, number("taskSlotsPerNode"))))
}

do_pool <- function(obj, expr, envir, data) {
  own <- loop_options(obj, data)
  it <- iterators::iter(obj)
  arguments <- arguments_of(it)
  if (arguments$count == 0) return(foreach::getResult(it))
  job <- submit_job(obj, it, arguments, expr, envir, data, own)
  if (!own$wait) return(job)
  is_through <- FALSE
  on.exit(if (!is_through || isTRUE(settings$delete_jobs)) tryCatch(remove_job(job), error = function(e) NULL))  # also where it was interrupted
  value <- tryCatch(collect_job(job, own, data$output), scoria_task_error = function(e) {
    is_through <<- TRUE
    stop(e)
  })
  is_through <- TRUE
  value
}

sha_name <- function(bytes, kind) paste0(kind, "-", substr(paste(unclass(as.character(openssl::sha256(bytes))), collapse = ""), 1, 40))

# ---- what a loop becomes ----

submit_job <- function(obj, it, arguments, expr, envir, registration, own) {
  server <- registration$server
  count <- arguments$count
  id <- if (is.null(own$job)) paste0("scoria-r-", random_digits()) else need_word(own$job, ".options.scoria$job")
  objects <- list()  # by the names of their contents: bytes
  name_of <- function(value) {
    if (is.na(.Call(C_hash, value))) return(NA_character_)
    bytes <- serialize(value, NULL, xdr = FALSE)
    name <- sha_name(bytes, "object")
    objects[[name]] <<- bytes
    name
  }
  streams <- if (!".doRNG.stream" %in% it$argnames) streams_of(count, own$seed)
  described <- describe_job(obj, expr, envir, name_of, registration$max_result)
  setup <- .Call(C_packed_raw, described$packed)
  setup_name <- sha_name(setup, "setup")
  runner <- readBin(system.file("scoria_chunk.R", package = "scoria"), "raw", 1e6)
  runner_name <- sha_name(runner, "runner")
  store_objects(server, c(stats::setNames(list(setup, runner), c(setup_name, runner_name)), objects))

  # Iterators of what was iterated over need not be kept: that is in the chunks.
  if (inherits(it, "iforeach")) it$iargs <- NULL
  job <- list(id = id, server = server, pool = registration$pool, count = count, it = it, expr = described$expr,
              files = c(list(scoria_setup = setup_name, scoria_chunk.R = runner_name), stats::setNames(as.list(names(objects)), names(objects))),
              command = command_of(registration$command, described$packages), container = registration$container, timeout = own$timeout)
  class(job) <- "scoria_job"
  metadata <- list(list(name = "scoria-r", value = as.character(utils::packageVersion("scoria"))), list(name = "iterations", value = sprintf("%.0f", count)))
  batch(server, "POST", "jobs", list(id = id, poolInfo = list(poolId = registration$pool), metadata = metadata))
  is_whole <- FALSE
  on.exit(if (!is_whole) tryCatch(remove_job(job), error = function(e) NULL))
  create_container(server, container_of(id))
  first <- 1
  tasks <- list()
  while (first <= count) {
    size <- chunk_size(count - first + 1, registration$workers, NA, if (is.null(own$chunk_size)) settings$chunk_size else own$chunk_size)
    given <- arguments$slice(first, size)
    if (!is.null(streams)) given$seeds <- streams[, first - 1 + seq_len(size), drop = FALSE]
    tasks <- c(tasks, list(task_of(job, first, given)))
    first <- first + size
  }
  # All that another session needs, before there are tasks.
  put_blob(server, container_of(id), "job", serialize(unclass(job)[setdiff(names(job), "server")], NULL, xdr = FALSE))
  add_tasks(job, tasks)
  is_whole <- TRUE
  job
}

random_digits <- function() paste(sprintf("%02x", as.integer(openssl::rand_bytes(10))), collapse = "")

# Names of containers are stricter than those of jobs.
container_of <- function(id) if (grepl("^[a-z0-9](-?[a-z0-9]){2,62}$", id)) id else sha_name(charToRaw(tolower(id)), "scoria-r")

command_of <- function(command, packages) {
  packages <- setdiff(packages, base_packages)
  paste0(command, if (grepl("\\bcall-r$", command) && length(packages) > 0) paste0(" --preload ", paste(packages, collapse = ",")), " scoria_chunk.R")
}

# Stores what is not there yet; what was not asked for a long time goes.
store_objects <- function(server, objects) {
  if (is.null(server$stored)) {
    create_container(server, objects_container)
    server$stored <- character()
    there <- list_blobs(server, objects_container)
    age <- as.numeric(difftime(Sys.time(), http_moment(there$changed), units = "days"))
    for (name in there$name[which(age > keep_days)]) unless_gone(blob_request(server, "DELETE", objects_container, name))
    # An old one is stored anew, so that it is not taken for one that nobody asks for.
    server$stored <- there$name[which(age <= keep_days / 4)]
  }
  for (name in setdiff(names(objects), server$stored)) {
    put_blob(server, objects_container, name, objects[[name]])
    server$stored <- c(server$stored, name)
  }
}

http_moment <- function(text) {
  parts <- regmatches(text, regexec("([0-9]+) ([A-Z][a-z]+) ([0-9]+) ([0-9:]+)", text))
  moment <- function(one) if (length(one) < 5) NA_character_ else sprintf("%s-%02d-%s %s", one[[4]], match(one[[3]], month.abb), one[[2]], one[[5]])
  as.POSIXct(vapply(parts, moment, ""), tz = "GMT", format = "%Y-%m-%d %H:%M:%S")
}

# A chunk as a task, whose id says which iterations it has.
task_of <- function(job, first, given) {
  last <- first + given$count - 1
  id <- sprintf("%08.0f-%08.0f", first, last)
  chunk <- serialize(list(first = first, arguments = given, timeout = job$timeout), NULL, xdr = FALSE)
  files <- lapply(names(job$files), function(path) list(httpUrl = blob_url(job$server, objects_container, job$files[[path]]), filePath = path))
  environment <- list()
  if (length(chunk) <= inline_bytes) {
    environment <- list(list(name = "SCORIA_CHUNK", value = paste(chunk, collapse = "")))
  } else {
    put_blob(job$server, container_of(job$id), paste0("chunks/", id), chunk)
    files <- c(files, list(list(httpUrl = blob_url(job$server, container_of(job$id), paste0("chunks/", id)), filePath = "scoria_chunk")))
  }
  output <- list(filePattern = "scoria_result", uploadOptions = list(uploadCondition = "taskcompletion"),
                 destination = list(container = list(containerUrl = blob_url(job$server, container_of(job$id), NULL, "rcw"), path = paste0("results/", id))))
  task <- list(id = id, commandLine = job$command, resourceFiles = files, outputFiles = list(output))
  if (length(environment) > 0) task$environmentSettings <- environment
  # Iterations are timed on the node; this is for what R cannot interrupt.
  if (!is.null(job$timeout)) task$constraints <- list(maxWallClockTime = sprintf("PT%.0fS", ceiling(job$timeout * given$count) + 30))
  if (!is.null(job$container)) task$containerSettings <- list(imageName = job$container)
  task
}

add_tasks <- function(job, tasks) {
  while (length(tasks) > 0) {
    now <- tasks[seq_len(min(most_tasks, length(tasks)))]
    answers <- document_of(patiently(function() batch(job$server, "POST", c("jobs", job$id, "addtaskcollection"), list(value = now))))$value
    for (answer in answers) {
      # TaskExists: a first try arrived.
      if (tolower(answer$status) != "success" && !identical(answer$error$code, "TaskExists")) {
        refuse(sprintf("task %s: %s", answer$taskId, words_of(answer$error)))
      }
    }
    tasks <- tasks[-seq_along(now)]
  }
}

remove_job <- function(job) {
  unless_gone(batch(job$server, "DELETE", c("jobs", job$id)))
  delete_container(job$server, container_of(job$id))
}
