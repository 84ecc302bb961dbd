# Times foreach loops on warm workers beside doParallel, in turns, after checking that both give the same.
#
# usage: SCORIA_PROGRAM=.../scoria Rscript clients/r/bench/foreach.R [ROUNDS [REGEX]]      with scoria, doParallel, caret and randomForest installed
suppressPackageStartupMessages({
  library(foreach)
  library(parallel)
  library(doParallel)
  library(scoria)
})
rounds <- as.integer(c(commandArgs(TRUE), "9")[[1]])
has_caret <- requireNamespace("caret", quietly = TRUE) && requireNamespace("randomForest", quietly = TRUE)

psock <- parallel::makeCluster(2)
backends <- list(
  sequential = function() registerDoSEQ(),
  psock = function() registerDoParallel(psock),
  fork = function() registerDoParallel(cores = 2),
  scoria = function() registerDoScoria(workers = 2)
)

grid <- function() {
  set.seed(1)
  caret::train(Species ~ ., iris, "rf", ntree = 500, tuneGrid = data.frame(mtry = 1:4), trControl = caret::trainControl("cv", 5))$results
}
workloads <- list(
  "foreach of 2" = list(run = function() foreach(i = 1:2) %dopar% i, times = 20),
  "foreach of 1000 no-ops" = list(run = function() foreach(i = 1:1000) %dopar% i, times = 1),
  "foreach of 1000, .combine = c" = list(run = function() foreach(i = 1:1000, .combine = c) %dopar% sqrt(i), times = 1),
  "16 MB variable, 2 tasks" = local({
    large <- as.numeric(1:2e6)
    list(run = function() foreach(i = 1:2, .export = "large") %dopar% sum(large), times = 1)
  })
)
if (has_caret) workloads[["caret rf iris 5x4"]] <- list(run = grid, times = 1)

chosen <- if (length(commandArgs(TRUE)) > 1) commandArgs(TRUE)[[2]] else ""
workloads <- workloads[grepl(chosen, names(workloads))]

cat(sprintf("%s, %s, %d cores, scoria %s\n", R.version.string, Sys.info()[["nodename"]], detectCores(), packageVersion("scoria")))
median_range <- function(seconds) sprintf("%.2f ms [%.2f..%.2f]", 1e3 * median(seconds), 1e3 * min(seconds), 1e3 * max(seconds))
for (name in names(workloads)) {
  work <- workloads[[name]]
  backends$sequential()
  expected <- work$run()
  seconds <- lapply(backends, function(x) numeric())
  for (round in 0:rounds) {
    for (backend in names(backends)) {
      backends[[backend]]()
      if (round == 0) {
        stopifnot(identical(work$run(), expected))  # the answer; and a first run, which is not timed
        next
      }
      took <- system.time(for (i in seq_len(work$times)) work$run(), gcFirst = FALSE)[["elapsed"]] / work$times
      seconds[[backend]] <- c(seconds[[backend]], took)
    }
  }
  cat(sprintf("%s, n=%d\n", name, rounds))
  for (backend in names(backends)) cat(sprintf("  %-10s %s\n", backend, median_range(seconds[[backend]])))
  ratio <- function(other) median(seconds$scoria / seconds[[other]])
  cat(sprintf("  scoria is %.2f of psock, %.2f of fork, %.2f of sequential\n", ratio("psock"), ratio("fork"), ratio("sequential")))
}
parallel::stopCluster(psock)

# The first job of a session: new sessions, in turns. What `scoria workers` keeps between sessions is there after the first.
if (has_caret && grepl(chosen, "first caret job of a session")) {
  first <- function(setup) {
    code <- sprintf('suppressPackageStartupMessages({library(caret); library(foreach)}); at <- proc.time()[[3]]; %s; set.seed(1)
      out <- train(Species ~ ., iris, "rf", ntree = 500, tuneGrid = data.frame(mtry = 1:4), trControl = trainControl("cv", 5))$results
      cat(proc.time()[[3]] - at, digest <- sum(out[, -1]), "\\n")', setup)
    as.numeric(strsplit(tail(system2(file.path(R.home("bin"), "Rscript"), c("-e", shQuote(code)), stdout = TRUE), 1), " ")[[1]][1:2])
  }
  ours <- "library(scoria); registerDoScoria(workers = 2)"
  theirs <- "library(doParallel); registerDoParallel(makeCluster(2))"
  first(ours)
  times <- vapply(seq_len(min(rounds, 3)), function(i) {
    a <- first(theirs)
    b <- first(ours)
    stopifnot(all.equal(a[[2]], b[[2]]))
    c(psock = a[[1]], scoria = b[[1]])
  }, c(psock = 0, scoria = 0))
  cat(sprintf("first caret job of a session, n=%d\n  psock      %s\n  scoria     %s\n  scoria is %.2f of psock\n", ncol(times),
              median_range(times["psock", ]), median_range(times["scoria", ]), median(times["scoria", ] / times["psock", ])))
}
