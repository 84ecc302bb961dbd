# Errors name the thing, what is wrong and what would be right.

rows <- data.frame(a = c(1, 2), f = factor(c("low", "high")))
fitted <- function() stored_and_loaded(lm(y ~ a + f, data.frame(y = c(1, 3, 2, 5, 4, 7), a = 1:6, f = factor(rep(c("low", "high"), 3)))))

test_that("a file that is none, or no model, is refused", {
  need_library()
  expect_refused(scoria_load("/no/such/model.rds"), "'/no/such/model.rds': No such file or directory", "not_found")
  path <- tempfile(fileext = ".rds")
  writeLines("no model", path)
  expect_s3_class(error_of(scoria_load(path)), "scoria_error")
  saveRDS(list(1, 2), path)
  expect_s3_class(error_of(scoria_load(path)), "scoria_error")
  saveRDS(lm(dist ~ speed, cars), path, compress = FALSE)
  expect_refused(scoria_load(path, max_bytes = 100), "100", "too_large")
  writeBin(head(readBin(path, "raw", 1e6), 2000), path)
  expect_s3_class(error_of(scoria_load(path)), "scoria_error")
})

test_that("arguments of a wrong kind are refused before anything is done", {
  expect_refused(scoria_load(3), "path must be one text, not 3")
  expect_refused(scoria_load(c("a", "b")), "path must be one text, not character of length 2")
  expect_refused(scoria_load("a", object = NA), "object must be one text, not NA")
  for (threads in list(0, 1025, 1.5, NA, "2", 1:2)) expect_refused(scoria_load("a", threads = threads), "must be a whole number from 1 to 1024")
  expect_refused(scoria_load("a", max_bytes = -1), "max_bytes is -1, must be a whole number from 1 to")
})

test_that("arguments of loops are refused by their names", {
  expect_refused(registerDoScoria(workrs = 2), "registerDoScoria() has no argument 'workrs'; it has workers, pool,")
  expect_refused(registerDoScoria(chunk_size = 1.5), "chunk_size is 1.5, must be a whole number from 1 to")
  need_workers(workers = 1)
  run <- function(...) foreach(i = 1:2, .options.scoria = list(...)) %dopar% i
  expect_refused(run(chunk_size = 0), ".options.scoria$chunk_size is 0, must be a whole number from 1 to")
  expect_refused(run(timeout = "2"), ".options.scoria$timeout must be a number above 0, not \"2\"")
  expect_refused(run(progress = 1), ".options.scoria$progress must be TRUE or FALSE, not 1")
})

test_that("columns that are missing or of a wrong kind are named", {
  model <- fitted()
  expect_refused(predict(model), "newdata is missing")
  expect_refused(predict(model, 1:3), "newdata must be a data.frame or a matrix, not integer of length 3")
  expect_refused(predict(model, rows["a"]), "the input lacks column 'f'")
  expect_refused(predict(model, transform(rows, a = c("1", "2"))), "variable 'a' was fitted with type \"numeric\"")
  expect_refused(predict(model, transform(rows, a = complex(2))), "column 'a' is complex of length 2: a model takes numbers")
  lists <- rows
  lists$a <- list(1, 2)
  expect_refused(predict(model, lists), "column 'a' is list of length 2")
  lists$a <- diag(2)
  expect_refused(predict(model, lists), "column 'a' has 2 columns itself, must be a vector")
  lists$a <- structure(c(1, 2), class = "integer64")
  expect_refused(predict(model, lists), "column 'a' is integer64: as.numeric() makes numbers of it")
})

test_that("columns that the model does not know are not looked at", {
  model <- fitted()
  more <- rows
  more$other <- list(1, "b")
  expect_identical(predict(model, more), predict(model, rows))
})

test_that("a level that the model has not seen is named with its row", {
  expect_refused(predict(fitted(), transform(rows, f = c("low", "violet"))), "new levels violet: row 2 is the first; levels: 'high', 'low'")
})

test_that("types and parameters that the family has not are refused with those it has", {
  model <- fitted()
  expect_refused(predict(model, rows, type = "prob"), "prediction type 'prob' is not one of this lm model; it has 'response'")
  expect_refused(predict(model, rows, type = 1), "type must be a text, one of response, terms")
  expect_refused(predict(model, rows, n.trees = 5), "parameter 'n.trees' is not one of this lm model; it takes 'interval'")
  expect_refused(predict(model, rows, "response", 5), "arguments after type must be named")
  expect_refused(predict(model, rows, level = NA), "level must be numbers, texts or truth values, not NA")
})

test_that("a model from another session says how to open it again", {
  model <- unserialize(serialize(fitted(), NULL))
  expect_refused(predict(model, rows), "open it again with scoria_load(\"")
})

test_that("a library that is not there is an error that names the places", {
  script <- "options(scoria.library = '/no/such/libscoria.so.1'); e <- tryCatch(scoria::scoria_load('a'), scoria_error = identity); cat(e$code, conditionMessage(e))"
  said <- paste(system2(file.path(R.home("bin"), "Rscript"), c("-e", shQuote(script)), stdout = TRUE, env = paste0("R_LIBS=", paste(.libPaths(), collapse = ":"))), collapse = "\n")
  expect_match(said, "^library libscoria.so cannot be loaded. Set options[(]scoria.library =[)]")
  expect_match(said, "/no/such/libscoria.so.1: cannot open shared object file", fixed = TRUE)
})
