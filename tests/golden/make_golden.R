# Makes the golden cases of the model families: every expected number is R's own.
# Usage: Rscript tests/golden/make_golden.R [name-regex]
# Needs: R with gbm, randomForest, rpart, survival, nnet, MASS, e1071, quantreg, jsonlite; xz and zstd on the path.

GOLDEN <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
only <- c(commandArgs(TRUE), ".")[1]

suppressMessages({
  library(gbm)
  library(randomForest)
  library(survival)
  library(nnet)
  library(MASS)
  library(e1071)
})
stopifnot(l10n_info()[["UTF-8"]])
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
source(file.path(GOLDEN, "golden_writer.R"))

# Formulas live in the global environment: else a model file would carry this script's frames.
form <- function(text) as.formula(text, env = globalenv())

# A case is one call of add(name, {...}); the block runs, at top level, only when its name is wanted.
add <- function(name, block) {
  if (!grepl(only, name)) return(invisible())
  CASE <<- name
  block
}

# Rows with a bit of everything: smooth and grid-valued numbers, few and many levels, an order, a flag, a count.
mixed_rows <- function(n, seed, levels = 12) {
  set.seed(seed)
  d <- data.frame(
    a = rnorm(n), b = round(runif(n, -3, 3), 1), k = rpois(n, 3L),
    f = factor(sprintf("L%03d", sample(levels, n, TRUE)), sprintf("L%03d", seq_len(levels))),
    g = factor(sample(c("low", "mid", "high"), n, TRUE), c("low", "mid", "high")),
    o = factor(sample(c("S", "M", "L", "XL"), n, TRUE), c("S", "M", "L", "XL"), ordered = TRUE),
    t = runif(n) < 0.4)
  d$signal <- sin(2 * d$a) + 0.4 * d$b + ifelse(as.integer(d$f) %% 3 == 0, 1, 0) + 0.3 * as.integer(d$o) - 0.2 * d$k +
    ifelse(d$g == "mid", 0.8, 0) + ifelse(d$t, 0.5, 0)
  d
}

# Puts `value` (NA or NaN) into every `every`-th row of the named columns, shifted from column to column.
with_holes <- function(d, columns, every = 6, value = NA) {
  for (j in seq_along(columns)) {
    rows <- seq(1 + j, nrow(d), by = every)
    d[[columns[j]]][rows] <- value
  }
  d
}

for (part in list.files(GOLDEN, "_cases.R$")) source(file.path(GOLDEN, part))
