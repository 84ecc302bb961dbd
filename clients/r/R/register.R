#' Run foreach loops on Scoria
#'
#' After `registerDoScoria()`, loops with `%dopar%` run on warm R processes of this machine, which need no server; after
#' `registerDoScoria(pool = "night")`, on the nodes of a server's pool.
#'
#' @param workers how many processes of this machine, at most; or a cluster, from [makeCluster()], in place of `pool`.
#' @param pool id of a pool, in place of this machine's processes.
#' @param server address of the server with that pool, `"http://host:port"`; `NULL`: as [setCredentials()] said, else the server
#'   that the `scoria` program would find: `SCORIA_SERVER`, `SCORIA_PROFILE`, `SCORIA_DATA`, the server on this machine.
#' @param memory bytes that a worker may hold; an allocation beyond is an error of the iteration.
#' @param timeout seconds that an iteration may take (on a pool: a chunk of them); `NULL`: any.
#' @param max_result bytes that the result of an iteration may have.
#' @param chunk_size iterations that travel together; `NULL`: ever fewer as the loop comes to its end.
#' @param progress whether there is a bar, on a terminal of an interactive session.
#' @param output whether what iterations print is printed here.
#' @param wait on a pool: whether a loop waits for its results; `FALSE`: its value is a job, see [getJob()].
#' @param command on a pool: what runs a chunk on nodes, with its script's name added; `NULL`: `"scoria call-r"`, a warm process, or
#'   `"Rscript"` where tasks run in containers.
#' @param ... `profile`, `data`, `account`, `key`, `ca_file`: which server and whose key, as [setCredentials()] takes them.
#' @return nothing of interest.
#' @importFrom foreach foreach %do% %dopar% %:% when times registerDoSEQ getDoParWorkers
#' @details All of foreach's options mean what they mean with `%do%`. Variables are found as foreach's other back ends find them; beyond
#'   that, those of functions around the loop, up to the global environment. `.options.scoria = list(timeout =, chunk_size =, seed =,
#'   progress =, wait =, job =)` says otherwise for one loop.
#'
#'   An iteration that fails is an error of class `scoria_task_error` with `iteration`, `worker`, `node`, `output`, `calls` and
#'   `parent`, the error of the expression itself (`NULL` where the process was killed, or took too long). With `.errorhandling = "pass"` or
#'   `"remove"` the others go on, also where a process died. An interrupt ends the workers; the next loop has new ones.
#'
#'   Random numbers: where the session's generator is seeded and of kind `"L'Ecuyer-CMRG"`, or with `.options.scoria = list(seed = 1)`, each
#'   iteration has a stream of its own, so results depend neither on the number of workers nor on chunks. `doRNG` works, too.
#' @examplesIf nzchar(Sys.getenv("SCORIA_PROGRAM"))
#' library(foreach)
#' registerDoScoria(workers = 2)
#' foreach(i = 1:4, .combine = c) %dopar% sqrt(i)
#' stopWorkers()
#' @export
registerDoScoria <- function(workers = 2, pool = NULL, server = NULL, memory = NULL, timeout = NULL, max_result = 2^30, chunk_size = NULL,
                             progress = TRUE, output = TRUE, wait = TRUE, command = NULL, ...) {
  unknown <- setdiff(names(list(...)), c(server_words, "container", ""))
  if (length(unknown) > 0) {
    known <- c(setdiff(names(formals(registerDoScoria)), "..."), server_words)
    refuse(sprintf("registerDoScoria() has no argument '%s'; it has %s", unknown[[1]], paste(known, collapse = ", ")))
  }
  if (inherits(workers, "scoria_cluster")) {
    pool <- workers
    workers <- 1
  }
  registration <- list(workers = need_count(workers, "workers", most_slots), timeout = need_amount(timeout, "timeout"),
                       max_result = need_amount(max_result, "max_result"), chunk_size = need_chunk(chunk_size, "chunk_size"),
                       progress = need_flag(progress, "progress"), output = need_flag(output, "output"), wait = need_flag(wait, "wait"),
                       limits = Filter(Negate(is.null), list(memory_bytes = need_amount(memory, "memory"))))
  if (length(registration$limits) == 0) registration$limits <- stats::setNames(list(), character())
  if (!is.null(pool)) return(register_pool(registration, pool, server, command, ...))
  if (!is.null(server) || ...length() > 0) refuse("server and account need pool =, the pool whose nodes run the loops")
  if (!wait) refuse("wait = FALSE needs pool =: only a server keeps jobs that nobody waits for")
  own_session()
  # Its packages are loaded while the session goes on; workers that are there already stay.
  session$preload <- loaded_packages(session$preload)
  control(list(op = "prepare", template = template_of(session$preload)))
  foreach::setDoPar(do_local, registration, info_local)
  invisible()
}

# What says which server and whose key: find_account()'s.
server_words <- c("profile", "data", "account", "key", "ca_file")

do_local <- function(obj, expr, envir, data) {
  if (!inherits(obj, c("foreach"))) refuse("obj must be a foreach object")
  run_local(obj, expr, envir, data)
}

info_local <- function(data, item) {
  switch(item, workers = as.integer(data$workers), name = "doScoria", version = as.character(utils::packageVersion("scoria")), NULL)
}

#' End this session's workers
#'
#' They would end with the session, too. The next loop has new ones.
#' @return nothing of interest.
#' @export
stopWorkers <- function() {
  own_session()
  forget_lease()
  invisible()
}

# A script of doAzureParallel's has no library(foreach): attaching that package brought it.
#' @export
foreach::foreach
#' @export
foreach::`%do%`
#' @export
foreach::`%dopar%`
#' @export
foreach::`%:%`
#' @export
foreach::when
#' @export
foreach::times
#' @export
foreach::registerDoSEQ
#' @export
foreach::getDoParWorkers
