# What R CMD check runs. The tests that need libscoria or the golden cases are skipped where these are not named (tests/run names them).
if (requireNamespace("testthat", quietly = TRUE)) {
  library(testthat)
  library(scoria)
  test_check("scoria")
}
