# One rpart tree in R, the baseline of `bench/run rpart`: regression on numbers and factors with surrogate splits, about 150 nodes.
# Usage: Rscript bench/rpart_r.R CACHE_DIR [ROWS = 200000] [REPEATS = 3]
# Writes CACHE_DIR/rpart.rds, the rows to score as CACHE_DIR/rpart_rows.csv and R's answers as CACHE_DIR/rpart_expected.csv (%.17g),
# and prints one JSON line with the median seconds of predict.

suppressMessages(library(rpart))
args <- commandArgs(TRUE)
if (length(args) < 1) stop("usage: rpart_r.R CACHE_DIR [ROWS] [REPEATS]")
cache <- args[1]
rows_wanted <- as.integer(c(args[-1], "200000")[1])
repeats <- as.integer(c(args[-(1:2)], "3")[1])
dir.create(cache, recursive = TRUE, showWarnings = FALSE)

independent_rows <- function(n, seed) {
  set.seed(seed)
  d <- setNames(as.data.frame(matrix(rnorm(n * 8), n)), paste0("x", 1:8))
  d$f <- factor(sample(letters[1:12], n, TRUE), letters[1:12])
  d$g <- factor(sample(c("low", "mid", "high"), n, TRUE), c("low", "mid", "high"))
  for (name in names(d)) d[[name]][runif(n) < 0.1] <- NA
  d
}
d <- independent_rows(5000, 1)
known <- lapply(d[1:8], function(v) ifelse(is.na(v), 0, v))
d$y <- with(known, 3 * sin(x1) + x2 * x3 + 2 * (x4 > 0.5)) + ifelse(d$f %in% c("a", "e", "k"), 2, 0) + ifelse(d$g %in% "mid", 1, 0) + rnorm(5000)
model <- rpart(y ~ ., d, y = FALSE, control = rpart.control(cp = 0.0008, xval = 0))
saveRDS(model, file.path(cache, "rpart.rds"))
rows <- independent_rows(rows_wanted, 2)
seconds <- replicate(repeats, system.time(answers <<- predict(model, rows))[["elapsed"]])

exact <- function(v) if (is.factor(v)) as.character(v) else ifelse(is.na(v), "NA", sprintf("%.17g", v))
writeLines(c(paste(names(rows), collapse = ","), do.call(paste, c(unname(lapply(rows, exact)), sep = ","))),
           file.path(cache, "rpart_rows.csv"))
writeLines(c("vector", exact(answers)), file.path(cache, "rpart_expected.csv"))
cat(sprintf('{"bench":"rpart_r","rows":%d,"trees":1,"nodes":%d,"seconds":%.4f,"ns_per_tree_row":%.2f}\n', nrow(rows), nrow(model$frame),
            median(seconds), 1e9 * median(seconds) / nrow(rows)))
