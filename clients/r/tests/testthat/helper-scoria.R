# The folder of golden cases: models that R fitted, with R's answers. tests/run names it.
golden <- Sys.getenv("SCORIA_GOLDEN")

need_library <- function() {
  skip_if(inherits(try(scoria:::load_library(), silent = TRUE), "try-error"), "libscoria is not found: set SCORIA_LIBRARY")
}

# What a fit of this test becomes when it is stored and opened.
stored_and_loaded <- function(fit, ...) {
  need_library()
  path <- tempfile(fileext = ".rds")
  saveRDS(fit, path)
  scoria_load(path, ...)
}

# The condition that an expression ends with.
error_of <- function(expression) tryCatch({ expression; NULL }, error = identity)

expect_refused <- function(expression, message, code = "invalid") {
  error <- error_of(expression)
  expect_s3_class(error, "scoria_error")
  expect_match(conditionMessage(error), message, fixed = TRUE)
  expect_identical(error$code, code)
}
