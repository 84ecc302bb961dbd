# Each of foreach's options means what it means with %do%.

test_that("results are a list, in order, whatever they are", {
  need_workers(workers = 2)
  expect_agreement(foreach(i = 1:5), i^2)
  expect_agreement(foreach(i = 1:300), if (i %% 3 == 0) NULL else letters[i %% 26 + 1])
  expect_agreement(foreach(i = list(a = 1, b = "x", c = NULL, d = mean)), list(class(i), i))
  expect_agreement(foreach(i = integer()), i)
  expect_agreement(foreach(i = 1:3, j = letters), paste(i, j))
  expect_agreement(foreach(i = c(x = 1, y = 2)), i)
  expect_agreement(foreach(1:3, .combine = c), 7)
})

test_that("vectors with a class, matrices, data frames and other iterators give the elements that they give", {
  need_workers(workers = 2)
  expect_agreement(foreach(i = as.Date("2024-02-28") + 0:3), i + 1)
  expect_agreement(foreach(i = factor(c("a", "b", "a"))), i)
  expect_agreement(foreach(i = matrix(1:6, 2), .combine = cbind), i * 2)
  expect_agreement(foreach(i = iterators::iter(matrix(1:6, 2), by = "row"), .combine = rbind), i * 2)
  expect_agreement(foreach(i = cars), sum(i))
  expect_agreement(foreach(i = iterators::icount(7)), i)
  expect_agreement(foreach(i = iterators::isplit(1:10, rep(1:2, 5))), sum(i$value))
  expect_agreement(foreach(i = iterators::iter(1:4, checkFunc = function(x) x > 2)), i)
  expect_agreement(foreach(i = iterators::iter(1:2, recycle = TRUE), j = 1:5), i * j)
  expect_agreement(foreach(i = array(1:8, c(2, 2, 2))), i)
})

test_that(".combine gets the same calls, also those with several results at once", {
  need_workers(workers = 2)
  for (count in c(1, 2, 3, 99, 100, 101, 250)) {
    expect_agreement(foreach(i = seq_len(count), .combine = c), i)
    expect_agreement(foreach(i = seq_len(count), .combine = rbind), c(i, i^2))
    expect_agreement(foreach(i = seq_len(count), .combine = "+"), i)
    expect_agreement(foreach(i = seq_len(count), .combine = function(...) list(...), .multicombine = TRUE, .maxcombine = 7), i)
  }
  expect_agreement(foreach(i = 1:5, .combine = cbind), c(a = i, b = -i))
  expect_agreement(foreach(i = 1:5, .combine = rbind), data.frame(i = i, s = as.character(i)))
  expect_agreement(foreach(i = 1:9, .combine = function(a, b) paste0("(", a, b, ")")), i)
  expect_agreement(foreach(i = 1:9, .combine = list), i)
  expect_agreement(foreach(i = 1:9, .combine = c), if (i < 9) NULL else as.Date("2024-01-01"))
})

test_that(".init and .final have their parts", {
  need_workers(workers = 2)
  expect_agreement(foreach(i = 1:5, .combine = c, .init = 100), i)
  expect_agreement(foreach(i = 1:5, .combine = "+", .init = 100, .final = sqrt), i)
  expect_agreement(foreach(i = 1:5, .final = function(all) length(all)), i)
  expect_agreement(foreach(i = integer(), .combine = c, .init = 3, .final = function(x) -x), i)
  expect_agreement(foreach(i = integer(), .combine = c), i)
})

test_that("without .inorder all results are there, in some order", {
  need_workers(workers = 2)
  out <- foreach(i = 1:120, .combine = c, .inorder = FALSE) %dopar% i
  expect_identical(sort(out), 1:120)
  out <- foreach(i = 1:20, .inorder = FALSE) %dopar% i
  expect_setequal(unlist(out), 1:20)
  out <- foreach(i = 1:2, .combine = c, .inorder = FALSE) %dopar% { Sys.sleep(if (i == 1) 0.5 else 0); i }
  expect_identical(out, 2:1)
})

test_that("loops in loops, and conditions", {
  need_workers(workers = 2)
  expect_agreement(foreach(i = 1:3) %:% foreach(j = 1:2), c(i, j))
  expect_agreement(foreach(i = 1:3, .combine = rbind) %:% foreach(j = 1:4, .combine = c), i * j)
  expect_agreement(foreach(i = 1:3, .combine = c) %:% foreach(j = seq_len(i), .combine = "+", .init = 100), j)
  expect_agreement(foreach(i = 1:20, .combine = c) %:% when(i %% 3 == 0), i)
  expect_agreement(foreach(a = 1:7, .combine = c) %:% foreach(b = 1:7, .combine = c) %:% when(a < b && a + b == 8), a * b)
  expect_agreement(foreach(i = 1:2) %:% foreach(j = 1:2) %:% foreach(k = 1:2, .combine = c), i + 10 * j + 100 * k)
  expect_agreement(foreach(i = 1:3, .errorhandling = "remove") %:% foreach(j = 1:3, .combine = c, .errorhandling = "remove"), if (j == 2) stop("no") else j)
})

test_that(".errorhandling stops, removes, or passes", {
  need_workers(workers = 2)
  fails <- function(operator, ...) {
    loop <- foreach(i = 1:60, ...)
    eval(as.call(list(as.name(operator), loop, quote(if (i %in% c(7, 50)) stop("no ", i) else i))))
  }
  expect_identical(message_of(fails("%dopar%")), message_of(fails("%do%")))
  expect_identical(message_of(fails("%dopar%")), "task 7 failed - \"no 7\"")
  expect_identical(fails("%dopar%", .errorhandling = "remove"), fails("%do%", .errorhandling = "remove"))
  expect_identical(fails("%dopar%", .errorhandling = "remove", .combine = c), fails("%do%", .errorhandling = "remove", .combine = c))
  passed <- fails("%dopar%", .errorhandling = "pass")
  expect_identical(lapply(passed[-c(7, 50)], identity), as.list((1:60)[-c(7, 50)]))
  expect_identical(conditionMessage(passed[[50]]), "no 50")
  nested <- function(operator) eval(as.call(list(as.name(operator), foreach(i = 1:3) %:% foreach(j = 1:3), quote(if (i == 2 && j == 3) stop("here") else j))))
  expect_identical(message_of(nested("%dopar%")), message_of(nested("%do%")))
})

test_that("an error of .combine is said as foreach says it", {
  need_workers(workers = 2)
  run <- function(operator) capture.output(eval(as.call(list(as.name(operator), foreach(i = 1:3, .combine = function(a, b) stop("cannot")), quote(i)))))
  expect_identical(run("%dopar%")[[1]], "error calling combine function:")
  capture.output(expect_agreement(foreach(i = 1:5, .combine = function(a, b) if (b == 3) stop("no") else a + b), i))
})

test_that(".packages are attached, and a missing one is an error that names it", {
  need_workers(workers = 2)
  expect_identical(foreach(i = 1:2, .combine = c, .packages = "tools") %dopar% file_ext("a.txt"), c("txt", "txt"))
  error <- error_of(foreach(i = 1:2, .packages = "no.such.package") %dopar% i)
  expect_s3_class(error, "scoria_task_error")
  expect_match(conditionMessage(error), "worker .* on node .*no.such.package")
  expect_identical(foreach(i = 1:2, .combine = c) %dopar% i, 1:2)
})

test_that("results come as .Last value, warnings and output come through", {
  need_workers(workers = 2)
  expect_warning(foreach(i = 1:2) %dopar% { if (i == 2) warning("mind ", i); i }, "mind 2")
  expect_output(foreach(i = 1:2) %dopar% { cat("said", i, "\n"); i }, "said 1")
  need_workers(workers = 2, output = FALSE)
  expect_silent(foreach(i = 1:2) %dopar% { cat("said", i, "\n"); i })
})

test_that("times() and the number of workers are foreach's", {
  need_workers(workers = 3)
  expect_identical(foreach::times(3) %dopar% 7, c(7, 7, 7))
  expect_identical(foreach::getDoParWorkers(), 3L)
  expect_identical(foreach::getDoParName(), "doScoria")
  expect_true(foreach::getDoParRegistered())
})

test_that("chunks shrink, and quick iterations travel together", {
  sizes <- integer()
  left <- 1000
  while (left > 0) {
    sizes <- c(sizes, scoria:::chunk_size(left, 2, NA))
    left <- left - sizes[[length(sizes)]]
  }
  expect_identical(sizes[[1]], 63)
  expect_true(all(diff(sizes) <= 0))
  expect_identical(sizes[[length(sizes)]], 1)
  expect_identical(scoria:::chunk_size(100, 2, 1e-6), 25)
  expect_identical(scoria:::chunk_size(100, 2, 10), 7)
  expect_identical(scoria:::chunk_size(100, 2, 10, 40), 40)
})
