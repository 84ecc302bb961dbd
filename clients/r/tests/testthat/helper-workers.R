# Warm workers of this machine, which need the program.
need_workers <- function(...) {
  skip_if_not_installed("foreach")
  skip_if(!nzchar(Sys.getenv("SCORIA_PROGRAM")), "the scoria program is not named: set SCORIA_PROGRAM")
  registerDoScoria(..., progress = FALSE)
}

`%do%` <- foreach::`%do%`
`%dopar%` <- foreach::`%dopar%`
`%:%` <- foreach::`%:%`
foreach <- foreach::foreach
when <- foreach::when

# A loop gives with %dopar% what it gives with %do%.
expect_agreement <- function(loop, body) {
  body <- substitute(body)
  home <- parent.frame()
  run <- function(operator) eval(as.call(list(as.name(operator), loop, body)), home)
  expected <- run("%do%")
  expect_identical(run("%dopar%"), expected)
}

# The error of a loop that stops, without what only one of both has.
message_of <- function(expression) conditionMessage(error_of(expression))

# Processes of workers that this session has leased.
worker_ids <- function() vapply(scoria:::session$workers, function(worker) worker$id, "")

# What another session writes to standard output.
said_by <- function(script) {
  path <- tempfile(fileext = ".R")
  writeLines(script, path)
  said <- suppressWarnings(system2(file.path(R.home("bin"), "Rscript"), path, stdout = TRUE, env = paste0("R_LIBS=", paste(.libPaths(), collapse = ":"))))
  paste(said, collapse = "\n")
}
