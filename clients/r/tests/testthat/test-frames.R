# The package's C code: hashes, sizes, and what travels.

test_that("contents have names: the same for the same, whatever it is called or however it is stored", {
  hash <- function(x) .Call(scoria:::C_hash, x)
  expect_identical(hash(c(1, 2)), hash(c(1, 2) + 0))
  expect_identical(hash(1:10), hash(1:10 + 0L))
  expect_false(hash(1:10) == hash(as.numeric(1:10)))
  expect_false(hash(c(a = 1)) == hash(1))
  for (size in c(0, 1, 15, 16, 17, 31, 1000)) expect_false(hash(raw(size)) == hash(raw(size + 1)))
  expect_match(hash(iris), "^[0-9a-f]{32}$")
  expect_identical(hash(new.env()), NA_character_)
  expect_identical(hash(list(1, function() 1)) , hash(list(1, function() 1)))
  expect_identical(hash(local({ x <- 1; function() x })), NA_character_)
})

test_that("sizes are about those of memory, and not known for what can change", {
  size <- function(x, most = 1e9) .Call(scoria:::C_size, x, most)
  expect_equal(size(numeric(1e5)), 8e5, tolerance = 0.01)
  expect_equal(size(list(raw(1e6), "a")), 1e6, tolerance = 0.01)
  expect_equal(size(rep("abcd", 1e5)), 12e5, tolerance = 0.01)
  expect_gt(size(as.list(1:1e6), 1000), 1000)
  expect_true(is.na(size(list(1, globalenv()))))
  expect_true(is.na(size(lm(dist ~ speed, cars))))
  expect_error(.Call(scoria:::C_serialized_size, numeric(1000), 100), "more than 100 bytes")
  expect_equal(.Call(scoria:::C_serialized_size, numeric(1000), 1e6), 8000, tolerance = 0.01)
})

test_that("values of all sizes and kinds arrive as they were", {
  need_workers(workers = 2)
  set.seed(1)
  values <- list(raw(0), raw(1e3), raw(40e3), raw(2e6), as.list(1:1000), iris, quote(a + b), y ~ x, "s\u00fcd", NULL, NA, 1i, as.POSIXct("2024-01-01", tz = "UTC"), factor("a"), list(list(NULL)))
  expect_identical(foreach(value = values) %dopar% value, values)
  expect_identical(foreach(size = 2^(0:24)) %dopar% raw(size), lapply(2^(0:24), raw))
  f <- foreach(i = 1) %dopar% { k <- 5; function(x) x + k }
  expect_identical(f[[1]](1), 6)
})

test_that("many large arguments and results in flight do not block each other", {
  need_workers(workers = 2)
  parts <- lapply(1:60, function(i) rep(i, 5000))
  expect_identical(foreach(part = parts, .options.scoria = list(chunk_size = 1)) %dopar% rep(part, 3), lapply(parts, rep, 3))
  parts <- lapply(1:200, function(i) rep(as.numeric(i), 400))
  expect_identical(foreach(part = parts) %dopar% rep(part, 20), lapply(parts, rep, 20))
})

test_that("sockets that cannot be are errors", {
  expect_error(.Call(scoria:::C_connect, "/no/such.sock"), "'/no/such.sock': No such file or directory")
  expect_error(.Call(scoria:::C_connect, strrep("x", 200)), "the path of a socket is too long")
})
