# Jobs that nobody waits for, seen from another session.

in_other_session <- function(code) {
  said_by(sprintf("suppressMessages({library(scoria)}); setCredentials(data = '%s'); %s", served$data, code))
}

test_that("a job's state, results, logs and files are there for another session", {
  need_server(wait = FALSE, chunk_size = 2)
  job <- foreach(i = 1:5, .combine = c) %dopar% { cat("iteration", i, "\n"); i * 10 }
  expect_s3_class(job, "scoria_job")
  expect_identical(in_other_session(sprintf("cat(getJobResult('%s'))", job$id)), "10 20 30 40 50")
  status <- getJobStatus(job)
  expect_identical(status[c("state", "iterations", "done", "failed")], list(state = "completed", iterations = 5L, done = 5L, failed = 0L))
  expect_output(print(getJob(job$id)), "completed, 5 of 5 iterations done, 0 failed")
  expect_identical(getJobResult(job), c(10, 20, 30, 40, 50))
  expect_identical(getJobResult(job, iterations = c(4, 2)), list(40, 20))
  expect_identical(getJobLog(job, 4), "iteration 3 \niteration 4 \n")
  task <- getJobIterations(job)$task[[1]]
  path <- tempfile()
  getJobFile(job$id, task, "stdout.txt", path)
  expect_identical(readLines(path), c("iteration 1 ", "iteration 2 "))
  expect_error(getJobFile(job, task, "stdout.txt", path), "is there already")
  expect_true(job$id %in% getJobList()$id)
  expect_identical(getJobList()$iterations[getJobList()$id == job$id], 5)
  deleteJob(job)
  until(!job$id %in% getJobList(list(loops = FALSE))$id)
  expect_error(getJob(job$id), class = "scoria_service_error")
})

test_that("what failed is run again, and nothing else", {
  need_server(wait = FALSE, chunk_size = 3)
  marker <- tempfile()
  job <- foreach(i = 1:7, .combine = c, .errorhandling = "remove") %dopar% {
    cat(paste0(i, "\n"), file = marker, append = TRUE)  # one write: cat() writes each argument by itself, and another's may come between
    if (i %in% c(2, 5) && !file.exists(paste0(marker, ".mended"))) stop("not yet ", i)
    if (i == 7 && !file.exists(paste0(marker, ".mended"))) tools::pskill(Sys.getpid(), 9)
    i
  }
  waitForJob(job, timeout = 60)
  iterations <- getJobIterations(job)
  expect_identical(iterations$state, c("done", "failed", "done", "done", "failed", "done", "failed"))
  expect_identical(iterations$message[[2]], "not yet 2")
  expect_match(iterations$message[[7]], "SIGKILL")
  expect_identical(getJobStatus(job)$state, "failed")
  expect_identical(getJobResult(job), c(1L, 3L, 4L, 6L))
  file.create(paste0(marker, ".mended"))
  expect_identical(retryJob(job), c(2L, 5L, 7L))
  expect_identical(getJobResult(job), 1:7)
  expect_identical(as.integer(table(scan(marker, quiet = TRUE))), c(1L, 2L, 1L, 1L, 2L, 1L, 2L))
  expect_length(retryJob(job), 0)
  deleteJob(job)
})

test_that("a job that stops on errors does so when it is asked, and may be mended", {
  need_server(chunk_size = 4)
  marker <- tempfile()
  job <- foreach(i = 1:6, .options.scoria = list(wait = FALSE, job = paste0("Named_", Sys.getpid()))) %dopar% if (i == 2 && !file.exists(marker)) stop("no") else i
  expect_identical(job$id, paste0("Named_", Sys.getpid()))
  expect_identical(message_of(getJobResult(job)), "task 2 failed - \"no\"")
  file.create(marker)
  retryJob(job)
  expect_identical(getJobResult(job), as.list(1:6))
  deleteJob(job)
})

test_that("a job can be ended, and says what is missing", {
  need_server(wait = FALSE, chunk_size = 1)
  job <- foreach(i = 1:6) %dopar% { Sys.sleep(30); i }
  expect_identical(getJobStatus(job)$state, "running")
  expect_identical(getJobLog(job, 6), "")
  expect_error(waitForJob(job, timeout = 0.2), "did not end within 0.2 s")
  terminateJob(job)
  until(getJobStatus(job)$state != "running")
  expect_s3_class(error_of(getJobResult(job)), "scoria_error")
  deleteJob(job)
})

test_that("a nested loop's job is combined by another session", {
  need_server(wait = FALSE)
  job <- foreach(i = 1:3, .combine = rbind) %:% foreach(j = 1:2, .combine = c) %dopar% (i * j)
  expected <- foreach(i = 1:3, .combine = rbind) %:% foreach(j = 1:2, .combine = c) %do% (i * j)
  expect_identical(in_other_session(sprintf("cat(getJobResult('%s'))", job$id)), paste(expected, collapse = " "))
  expect_identical(getJobResult(job), expected)
  deleteJob(job)
})

test_that("doAzureParallel's options of a loop are understood", {
  need_server()
  job <- foreach(i = 1:6, .options.azure = list(wait = FALSE, chunkSize = 3, enableCloudCombine = FALSE)) %dopar% i
  expect_identical(unique(getJobIterations(job)$task), c("00000001-00000003", "00000004-00000006"))
  expect_identical(getJobResult(job), as.list(1:6))
  deleteJob(job)
})

test_that("local workers keep no jobs", {
  need_workers(workers = 1)
  expect_error(registerDoScoria(workers = 2, wait = FALSE), "needs pool =")
  expect_error(foreach(i = 1:2, .options.scoria = list(wait = FALSE)) %dopar% i, "needs a pool")
})
