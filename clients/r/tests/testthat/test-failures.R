# What goes wrong in workers is a condition that says where; nothing hangs, and the next loop works.

expect_task_error <- function(error, iteration, message) {
  expect_s3_class(error, "scoria_task_error")
  expect_identical(as.numeric(error$iteration), as.numeric(iteration))
  expect_true(nzchar(error$worker))
  expect_true(nzchar(error$node))
  expect_match(conditionMessage(error), message)
}

expect_working <- function() expect_identical(foreach(i = 1:5, .combine = c) %dopar% i, 1:5)

test_that("an error tells iteration, worker, node, stack and output", {
  need_workers(workers = 2, output = FALSE)
  inner <- function(x) stop("boo ", x)
  error <- error_of(foreach(i = 1:5) %dopar% { cat("working\n"); if (i == 3) inner(i) else i })
  expect_task_error(error, 3, "^task 3 failed - \"boo 3\"$")
  expect_identical(conditionMessage(error$parent), "boo 3")
  expect_match(paste(error$calls, collapse = "\n"), "inner(i)", fixed = TRUE)
  expect_match(error$output, "working")
  expect_working()
})

test_that("a worker that is killed, or ends, fails the iteration it was at, and no other", {
  need_workers(workers = 2, output = FALSE)
  for (way in c("kill", "segfault", "quit", "exit")) {
    run <- function(...) {
      foreach(i = 1:20, ...) %dopar% {
        if (i == 7) switch(way, kill = tools::pskill(Sys.getpid(), 9), segfault = tools::pskill(Sys.getpid(), 11), quit = q("no", 3), exit = .Internal(quit("no", 0, FALSE)))
        i
      }
    }
    message <- switch(way, kill = "killed by signal 9", segfault = "killed by signal 11", quit = "status 3", exit = "status 0")
    expect_task_error(error_of(run()), 7, paste0("^task 7 failed - \"worker .* on node .*", message))
    passed <- run(.errorhandling = "pass")
    expect_task_error(passed[[7]], 7, message)
    expect_identical(passed[-7], as.list((1:20)[-7]))
    expect_identical(run(.errorhandling = "remove"), as.list((1:20)[-7]))
  }
  expect_working()
})

test_that("a worker may be killed from outside while it works", {
  need_workers(workers = 2, output = FALSE)
  passed <- foreach(i = 1:2, .errorhandling = "pass") %dopar% {
    if (i == 1) {
      system(paste("sleep 0.2; kill -9", Sys.getpid()), wait = FALSE)
      Sys.sleep(20)
    }
    i
  }
  expect_task_error(passed[[1]], 1, "signal 9")
  expect_identical(passed[[2]], 2L)
  expect_working()
})

test_that("workers that are killed again and again cost their iterations, and no other", {
  need_workers(workers = 3, output = FALSE)
  expect_working()
  passed <- foreach(i = 1:400, .errorhandling = "pass") %dopar% {
    if (i %% 50 == 0) tools::pskill(Sys.getpid(), 9)
    Sys.sleep(0.002)
    i
  }
  failed <- vapply(passed, inherits, NA, "scoria_task_error")
  expect_identical(which(failed), seq(50L, 400L, 50L))
  expect_identical(vapply(passed[failed], function(error) error$iteration, 0), seq(50, 400, 50))
  expect_identical(unlist(passed[!failed]), setdiff(1:400, seq(50, 400, 50)))
  expect_working()
})

test_that("no process is left when a session stops its workers, or ends", {
  need_workers(workers = 2)
  expect_working()
  pids <- vapply(scoria:::session$workers, function(worker) as.integer(worker$pid), 0L)
  expect_true(all(dir.exists(file.path("/proc", pids))))
  stopWorkers()
  until(!any(dir.exists(file.path("/proc", pids))))
  said <- said_by("library(foreach); scoria::registerDoScoria(2); cat(unlist(foreach(i = 1:2) %dopar% Sys.getpid()))")
  pids <- strsplit(said, " ")[[1]]
  expect_length(pids, 2)
  until(!any(dir.exists(file.path("/proc", pids))))
  expect_working()
})

test_that("memory beyond the limit is an error of the iteration", {
  need_workers(workers = 2, memory = 600 * 2^20)
  passed <- foreach(i = 1:3, .errorhandling = "pass") %dopar% if (i == 2) sum(numeric(2^28)) else i
  expect_match(conditionMessage(passed[[2]]), "cannot allocate|memory")
  expect_identical(passed[c(1, 3)], list(1L, 3L))
  need_workers(workers = 2)
  expect_working()
})

test_that("a result that cannot be sent is an error of its iteration", {
  need_workers(workers = 2)
  passed <- foreach(i = 1:6, .errorhandling = "pass", .options.scoria = list(chunk_size = 3)) %dopar% {
    deep <- NULL
    if (i == 2) for (k in 1:1e6) deep <- list(deep)
    if (i == 2) deep else i
  }
  expect_s3_class(passed[[2]], "error")
  expect_identical(passed[-2], list(1L, 3L, 4L, 5L, 6L))
  expect_working()
})

test_that("an iteration that takes too long is ended", {
  need_workers(workers = 2, timeout = 0.3)
  at <- proc.time()[[3]]
  passed <- foreach(i = 1:4, .errorhandling = "pass") %dopar% { while (i == 2) {}; i }
  expect_task_error(passed[[2]], 2, "ended after .* as timeout = 0.3 says")
  expect_identical(passed[-2], list(1L, 3L, 4L))
  expect_lt(proc.time()[[3]] - at, 10)
  expect_identical(foreach(i = 1:30, .combine = c) %dopar% { Sys.sleep(0.02); i }, 1:30)  # no iteration takes so long
})

test_that("a result that is too large is an error of its iteration", {
  need_workers(workers = 2, max_result = 2^20)
  passed <- foreach(i = 1:3, .errorhandling = "pass") %dopar% if (i == 2) numeric(2^18) else i
  expect_match(conditionMessage(passed[[2]]), "its result takes 2 MiB, more than max_result allows (1 MiB)", fixed = TRUE)
  expect_identical(passed[c(1, 3)], list(1L, 3L))
  hidden <- foreach(i = 1, .errorhandling = "pass") %dopar% { data <- numeric(2^18); function() data }
  expect_match(conditionMessage(hidden[[1]]), "max_result")
  need_workers(workers = 2)
  expect_match(message_of(foreach(i = 1:2) %dopar% if (i == 2) raw(2^31) else i), "its result takes 2 GiB, more than max_result allows (1 GiB)", fixed = TRUE)
  expect_length((foreach(i = 1:2) %dopar% raw(2^26))[[2]], 2^26)
  expect_working()
})

test_that("an interrupt ends the workers, and the next loop has new ones", {
  need_workers(workers = 2)
  expect_working()
  before <- worker_ids()
  at <- proc.time()[[3]]
  interrupted <- local({
    setTimeLimit(elapsed = 0.3)  # R looks at both in the same place
    on.exit(setTimeLimit())
    error_of(foreach(i = 1:2) %dopar% Sys.sleep(20))
  })
  expect_s3_class(interrupted, "error")
  expect_lt(proc.time()[[3]] - at, 5)
  expect_length(intersect(worker_ids(), before), 0)
  expect_working()
})

test_that("an interrupt while workers are waited for leaves nothing half asked", {
  need_workers(workers = 2)
  stopWorkers()
  session <- scoria:::session
  before <- session$preload
  on.exit(session$preload <- before)
  session$preload <- sort(c(before, paste0("slow.to.load.", Sys.getpid())))  # no template of another session has it
  interrupted <- local({
    setTimeLimit(elapsed = 0.05)
    on.exit(setTimeLimit())
    error_of(foreach(i = 1:2) %dopar% i)
  })
  expect_s3_class(interrupted, "error")
  expect_length(session$workers, 0)
  for (again in 1:3) expect_working()
})

test_that("a signal at the terminal is an interrupt", {
  need_workers(workers = 2)
  script <- "library(foreach); scoria::registerDoScoria(2); system(sprintf('(sleep 1; kill -INT %d)', Sys.getpid()), wait = FALSE)  # as a whole in the background
    said <- tryCatch(foreach(i = 1:2) %dopar% Sys.sleep(30), interrupt = function(e) 'interrupted')
    cat(said, unlist(foreach(i = 1:2) %dopar% i))"
  expect_identical(said_by(script), "interrupted 1 2")
})

test_that("an error elsewhere in the session leaves the workers usable", {
  need_workers(workers = 2)
  expect_identical(message_of(foreach(i = 1:100) %dopar% if (i == 1) stop("first") else Sys.sleep(0.01)), "task 1 failed - \"first\"")
  expect_working()
  expect_output(foreach(i = 1:4, .combine = function(...) stop("in combine")) %dopar% i, "in combine")
  expect_working()
})

test_that("workers that have had their share are replaced without a word", {
  need_workers(workers = 2)
  registration <- scoria:::session$limits
  foreach::setDoPar(scoria:::do_local, list(workers = 2, max_result = 2^30, progress = FALSE, output = TRUE, limits = list(calls = 3)), scoria:::info_local)
  expect_identical(foreach(i = 1:100, .combine = c, .options.scoria = list(chunk_size = 3)) %dopar% i, 1:100)
  need_workers(workers = 2)
  expect_working()
})

test_that("where `scoria workers` has gone, it is started anew", {
  need_workers(workers = 2)
  expect_working()
  try(scoria:::control(list(op = "stop"), FALSE), silent = TRUE)
  Sys.sleep(0.5)
  expect_working()
})

test_that("a program or an R that is not there is an error that says so", {
  need_workers(workers = 1)
  script <- "e <- tryCatch(scoria::registerDoScoria(2), scoria_error = identity); cat(e$code, conditionMessage(e))"
  said <- said_by(paste0("options(scoria.program = '/no/such/scoria'); ", script))
  expect_match(said, "^not_found there is no program '/no/such/scoria'")
  stopWorkers()
  real <- scoria:::template_of
  on.exit({ assignInNamespace("template_of", real, "scoria"); stopWorkers() })
  assignInNamespace("template_of", function(packages) { made <- real(packages); made$program <- "/no/such/Rscript"; made }, "scoria")
  error <- error_of(foreach(i = 1:2) %dopar% i)
  expect_s3_class(error, "scoria_error")
  expect_match(conditionMessage(error), "/no/such/Rscript")
})
