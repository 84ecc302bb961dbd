# Which variables of the session iterations find.

test_that("those of the loop's function, those around it, and what those use", {
  need_workers(workers = 2)
  outer_factor <- 10
  helper <- function(x) deeper(x) * outer_factor
  deeper <- function(x) x + 1
  run <- function(offset) {
    local_factor <- 2
    foreach(i = 1:3, .combine = c) %dopar% { helper(i) * local_factor + offset }
  }
  expect_identical(run(1), (1:3 + 1) * 10 * 2 + 1)
})

test_that("dots are there, and ..1", {
  need_workers(workers = 2)
  run <- function(...) foreach(i = 1:2, .combine = c) %dopar% sum(i, ...)
  expect_identical(run(10, 20), c(31, 32))
  first <- function(...) foreach(i = 1:2, .combine = c) %dopar% { i + ..1 }
  expect_identical(first(10, 20), c(11, 12))
})

test_that(".export brings what is not seen, .noexport keeps what is", {
  need_workers(workers = 2)
  hidden <- 5
  expect_identical(foreach(i = 1:2, .combine = c, .export = "hidden") %dopar% get("hidden"), c(5, 5))
  expect_match(message_of(foreach(i = 1:2, .noexport = "hidden") %dopar% hidden), "object 'hidden' not found")
  expect_match(message_of(foreach(i = 1:2, .export = "nowhere_to_be_found") %dopar% i), "nowhere_to_be_found")
})

test_that("a loop in a package's function finds what the package has", {
  need_workers(workers = 2)
  run <- function() foreach::`%dopar%`(foreach::foreach(i = 1:2, .combine = c), shown(i))
  environment(run) <- asNamespace("scoria")
  expect_identical(run(), c("1L", "2L"))
})

test_that("what iterations assign stays there", {
  need_workers(workers = 2)
  total <- 0
  foreach(i = 1:4) %dopar% { total <- total + i }
  expect_identical(total, 0)
})

test_that("a large variable is sent once, however often and by whatever name loops use it", {
  need_workers(workers = 2)
  stopWorkers()
  large <- runif(2e5)
  expect_identical(foreach(i = 1:2, .combine = c) %dopar% sum(large), rep(sum(large), 2))
  sent <- lapply(scoria:::session$workers, function(worker) worker$has)
  expect_identical(lengths(sent), c(1L, 1L))
  same <- large + 0
  expect_identical(foreach(i = 1:4, .combine = c) %dopar% mean(same), rep(mean(large), 4))
  expect_identical(lapply(scoria:::session$workers, function(worker) worker$has), sent)
  large[[1]] <- 7
  expect_identical(foreach(i = 1:2, .combine = c) %dopar% large[[1]], c(7, 7))
  # A closure's surroundings, too.
  make <- function(data) {
    force(data)
    function(i) data[[i]]
  }
  take <- make(rnorm(1e5))
  before <- worker_ids()
  for (again in 1:2) expect_identical(foreach(i = 1:2, .combine = c) %dopar% take(i), c(take(1), take(2)))
  expect_identical(worker_ids(), before)
})

test_that("a worker that has forgotten a large variable is told again", {
  need_workers(workers = 1)
  stopWorkers()
  large <- runif(2e5)
  run <- function() foreach(i = 1:2, .combine = c) %dopar% sum(large)
  expect_identical(run(), rep(sum(large), 2))
  foreach(i = 1) %dopar% { kept <- asNamespace("scoria")$kept; kept$values <- list(); kept$bytes <- numeric(); NULL }
  expect_identical(run(), rep(sum(large), 2))
})

test_that("of what workers keep, the oldest gives way, never what a loop needs", {
  namespace <- asNamespace("scoria")
  kept <- namespace$kept
  before <- list(kept$values, kept$bytes, namespace$most_kept_bytes)
  on.exit({ kept$values <- before[[1]]; kept$bytes <- before[[2]]; assignInNamespace("most_kept_bytes", before[[3]], "scoria") })
  kept$values <- list()
  kept$bytes <- numeric()
  assignInNamespace("most_kept_bytes", 25000, "scoria")
  for (name in c("a", "b", "c")) namespace$work_keep(NULL, list(name = name, value = numeric(1250)))
  expect_named(namespace$take_kept(c("a", "c")), c("a", "c"))
  expect_named(kept$values, c("a", "c"))
  for (name in c("d", "e")) namespace$work_keep(NULL, list(name = name, value = numeric(1250)))
  expect_named(namespace$take_kept(c("a", "c", "d", "e")), c("a", "c", "d", "e"))
})

test_that("an environment that iterations change is as it was in the next loop", {
  need_workers(workers = 1)
  counter <- new.env()
  counter$data <- numeric(1e5)
  for (again in 1:2) expect_identical(foreach(i = 1, .combine = c) %dopar% { counter$data[[1]] <- counter$data[[1]] + 1; counter$data[[1]] }, 1)
})

test_that("nothing of another loop is left in a worker", {
  need_workers(workers = 1)
  foreach(i = 1) %dopar% { assign("left_over", 1, globalenv()); options(scoria.left = TRUE); Sys.setenv(SCORIA_LEFT = "1"); NULL }
  expect_identical(foreach(i = 1) %dopar% c(exists("left_over"), isTRUE(getOption("scoria.left")), nzchar(Sys.getenv("SCORIA_LEFT"))), list(c(FALSE, FALSE, FALSE)))
})

test_that("a forked child has workers of its own, and its parent keeps its", {
  need_workers(workers = 2)
  foreach(i = 1:2) %dopar% i
  before <- worker_ids()
  job <- parallel::mcparallel({ out <- foreach(i = 1:2, .combine = c) %dopar% i * 10; list(out, worker_ids()) })
  child <- parallel::mccollect(job)[[1]]
  expect_identical(child[[1]], c(10, 20))
  expect_length(intersect(child[[2]], before), 0)
  expect_identical(foreach(i = 1:2, .combine = c) %dopar% i, 1:2)
  expect_identical(worker_ids(), before)
})
