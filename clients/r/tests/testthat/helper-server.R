# A real server with a local pool of two nodes, for the tests that want one; started by the first of them, ended with the tests.
served <- new.env()

need_server <- function(..., pool = "two") {
  skip_if(!nzchar(Sys.getenv("SCORIA_PROGRAM")), "the scoria program is not named: set SCORIA_PROGRAM")
  skip_if_not_installed("curl")
  skip_if_not_installed("openssl")
  if (is.null(served$data)) start_server()
  setCredentials(data = served$data)
  served$jobs <- getJobList()$id
  if (!is.null(pool)) registerDoScoria(pool = pool, progress = FALSE, ...)
  scoria:::server_of(scoria:::find_account())
}

free_port <- function() {
  repeat {
    port <- sample(20000:50000, 1)
    socket <- tryCatch(serverSocket(port), error = function(e) NULL)
    if (!is.null(socket)) {
      close(socket)
      return(port)
    }
  }
}

start_server <- function() {
  seed <- globalenv()[[".Random.seed"]]  # ports are nobody's random numbers
  on.exit(if (is.null(seed)) suppressWarnings(rm(".Random.seed", envir = globalenv())) else assign(".Random.seed", seed, globalenv()))
  set.seed(Sys.getpid() + as.integer(Sys.time()))
  folder <- tempfile("server-")
  dir.create(folder)
  writeLines("overcommit: 8", file.path(folder, "server.yaml"))
  data <- file.path(folder, "data")
  command <- sprintf("echo $$ > %s/pid; exec %s server --data %s --http 127.0.0.1:%d --https 127.0.0.1:%d --config %s/server.yaml > %s/log 2>&1", folder, Sys.getenv("SCORIA_PROGRAM"), data,
                     free_port(), free_port(), folder, folder)
  served$restart <- function(seconds = NULL) {
    first <- if (is.null(seconds)) "" else sprintf("sleep %g; kill %d; while kill -0 %d; do sleep 0.1; done 2>/dev/null; sleep 1; ", seconds, served$pid(), served$pid())
    system2("sh", c("-c", shQuote(paste0(first, command))), wait = FALSE)
  }
  served$pid <- function() as.integer(readLines(file.path(folder, "pid")))
  served$restart()
  until(file.exists(file.path(data, "server.json")))
  served$data <- data
  served$folder <- folder
  withr::defer(end_server(), testthat::teardown_env())
  setCredentials(data = data)
  makeCluster(list(name = "two", poolSize = list(dedicatedNodes = list(min = 2, max = 2))), timeout = 60)
}

end_server <- function() {
  server <- scoria:::server_of(scoria:::account_of_data(served$data))
  for (pool in scoria:::batch_list(server, "pools", select = "id")) scoria:::unless_gone(scoria:::batch(server, "DELETE", c("pools", pool$id)))
  try(until(length(scoria:::batch_list(server, "pools", select = "id")) == 0, 30), silent = TRUE)
  tools::pskill(served$pid(), tools::SIGTERM)
  Sys.sleep(0.5)
}

until <- function(condition, seconds = 60) {
  condition <- substitute(condition)
  home <- parent.frame()
  end <- Sys.time() + seconds
  while (!isTRUE(tryCatch(eval(condition, home), error = function(e) FALSE))) {
    if (Sys.time() > end) stop("waited in vain for ", deparse(condition))
    Sys.sleep(0.05)
  }
}

# No job, and no container but the one of all jobs, is left of loops that were waited for since need_server().
expect_nothing_left <- function(server) {
  until(length(setdiff(getJobList()$id, served$jobs)) == 0)
  expect_identical(setdiff(scoria:::list_containers(server, "scoria-r-"), c("scoria-r-objects", served$jobs)), character())
}
