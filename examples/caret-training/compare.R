# Whether `scoria score` says of the unseen houses what R's predict() said, and what train.R found what it should have.
# Usage: Rscript compare.R out-dir [expected.csv]

arguments <- commandArgs(TRUE)
read <- function(name) read.csv(file.path(arguments[1], name))
ours <- read("predictions.csv")$response
theirs <- read("r_answers.csv")$response
stopifnot(length(ours) > 100, length(ours) == length(theirs), !anyNA(ours))
difference <- max(abs(ours - theirs) / abs(theirs))
cat(sprintf("%d predictions, largest relative difference from R's: %.2g\n", length(ours), difference))
stopifnot(difference < 1e-12)
if (length(arguments) > 1) {
  found <- read("resamples.csv")
  expected <- read.csv(arguments[2])
  stopifnot(identical(dim(found), dim(expected)), identical(names(found), names(expected)), identical(found$resample, expected$resample))
  difference <- max(abs(found[-1] - expected[-1]))
  cat(sprintf("%d errors of resamples, largest difference from those of %s: %.2g\n", length(unlist(found[-1])), basename(arguments[2]), difference))
  stopifnot(difference < 1e-6)
}
