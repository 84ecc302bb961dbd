# Random numbers do not depend on who runs an iteration.

test_that("with L'Ecuyer's generator each iteration has its stream", {
  kind <- RNGkind()
  on.exit(do.call(RNGkind, as.list(kind)))
  run <- function(workers) {
    need_workers(workers = workers)
    set.seed(1, "L'Ecuyer-CMRG")
    list(foreach(i = 1:7, .combine = c) %dopar% rnorm(1), foreach(i = 1:3, .combine = c) %dopar% runif(2))
  }
  one <- run(1)
  expect_identical(run(2), one)
  set.seed(1, "L'Ecuyer-CMRG")
  stream <- .Random.seed
  sequential <- vapply(1:7, function(i) {
    stream <<- parallel::nextRNGStream(stream)
    assign(".Random.seed", stream, globalenv())
    rnorm(1)
  }, 0)
  expect_identical(one[[1]], sequential)
  expect_false(any(one[[2]][1:3] %in% one[[1]]))
})

test_that("a seed of the loop's own leaves the session's generator alone", {
  need_workers(workers = 2)
  set.seed(5)
  before <- .Random.seed
  first <- foreach(i = 1:5, .combine = c, .options.scoria = list(seed = 3)) %dopar% rnorm(1)
  expect_identical(.Random.seed, before)
  expect_identical(foreach(i = 1:5, .combine = c, .options.scoria = list(seed = 3, chunk_size = 1)) %dopar% rnorm(1), first)
  expect_error(foreach(i = 1, .options.scoria = list(sede = 3)) %dopar% i, "has no 'sede'")
})

test_that("unseeded workers differ", {
  need_workers(workers = 2)
  expect_false(anyDuplicated(foreach(i = 1:10, .combine = c, .options.scoria = list(chunk_size = 1)) %dopar% rnorm(1)) > 0)
})

test_that("set.seed() in an iteration gives the session's numbers", {
  need_workers(workers = 2)
  expect_agreement(foreach(i = 1:4), { set.seed(i); c(rnorm(1), sample(10)) })
  suppressWarnings(RNGkind(sample.kind = "Rounding"))
  on.exit(RNGkind(sample.kind = "Rejection"))
  suppressWarnings(expect_agreement(foreach(i = 1:4), { set.seed(i); sample(10) }))
})

test_that("doRNG gives what it gives in sequence", {
  skip_if_not_installed("doRNG")
  `%dorng%` <- doRNG::`%dorng%`
  run <- function(kind) {
    on.exit(RNGkind("Mersenne-Twister"))
    set.seed(123, kind)
    first <- foreach(i = 1:6, .combine = c) %dorng% rnorm(1)
    list(first, foreach(i = 1:3) %dorng% runif(2), runif(1))
  }
  for (kind in c("Mersenne-Twister", "L'Ecuyer-CMRG")) {
    foreach::registerDoSEQ()
    sequential <- suppressWarnings(run(kind))
    need_workers(workers = 2)
    expect_identical(suppressWarnings(run(kind)), sequential)
  }
})
