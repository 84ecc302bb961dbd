# A bar where a person sits, nothing elsewhere.

test_that("nothing is shown where output is piped", {
  need_workers(workers = 2)
  script <- "library(foreach); scoria::registerDoScoria(2); invisible(foreach(i = 1:4) %dopar% Sys.sleep(0.4))"
  path <- tempfile(fileext = ".R")
  writeLines(script, path)
  said <- system2(file.path(R.home("bin"), "Rscript"), path, stdout = TRUE, stderr = TRUE, env = paste0("R_LIBS=", paste(.libPaths(), collapse = ":")))
  expect_identical(as.character(said), character())
})

test_that("the bar tells how far it is, not at once and not too often, and goes", {
  path <- tempfile()
  file <- file(path, "w")
  bar <- scoria:::progress_bar(200, file, delay = 0.1)
  bar$show(10)
  flush(file)
  expect_identical(file.size(path), 0)
  Sys.sleep(0.15)
  for (i in 1:100) bar$show(100)
  bar$end()
  close(file)
  said <- readChar(path, 1000)
  expect_match(said, "[============            ]  50% | 100 of 200 | ETA 0 s", fixed = TRUE)
  expect_identical(lengths(regmatches(said, gregexpr("of 200", said))), 1L)
  expect_match(said, "\r\033\\[K$")
})

test_that("times are said in words", {
  expect_identical(scoria:::seconds_words(12), "12 s")
  expect_identical(scoria:::seconds_words(600), "10 min")
  expect_identical(scoria:::seconds_words(9000), "2.5 h")
})
