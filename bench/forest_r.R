# The deep forest in R, the baseline of bench/forest: randomForest regression, 500 trees of about 3,300 nodes on 20 columns.
# Usage: Rscript bench/forest_r.R CACHE_DIR [ROWS = 20000] [REPEATS = 3]
# Trains CACHE_DIR/forest.rds if it is not there (5,000 i.i.d. rows; minutes), writes the rows to score as CACHE_DIR/forest_rows.csv and
# R's answers as CACHE_DIR/forest_expected.csv (%.17g), and prints one JSON line with the median seconds of predict.

suppressMessages(library(randomForest))
args <- commandArgs(TRUE)
if (length(args) < 1) stop("usage: forest_r.R CACHE_DIR [ROWS] [REPEATS]")
cache <- args[1]
rows_wanted <- as.integer(c(args[-1], "20000")[1])
repeats <- as.integer(c(args[-(1:2)], "3")[1])
dir.create(cache, recursive = TRUE, showWarnings = FALSE)

independent_rows <- function(n, seed) {
  set.seed(seed)
  setNames(as.data.frame(matrix(rnorm(n * 20), n)), paste0("x", 1:20))
}
model_file <- file.path(cache, "forest.rds")
if (!file.exists(model_file)) {
  x <- independent_rows(5000, 1)
  y <- with(x, 3 * sin(x1) + x2 * x3 + 2 * (x4 > 0.5) - abs(x5) + 0.5 * x6) + rnorm(5000)
  model <- randomForest(x, y, ntree = 500)
  model[c("predicted", "y", "oob.times")] <- NULL
  saveRDS(model, paste0(model_file, ".part"))
  invisible(file.rename(paste0(model_file, ".part"), model_file))
}
model <- readRDS(model_file)
rows <- independent_rows(rows_wanted, 2)
seconds <- replicate(repeats, system.time(answers <<- predict(model, rows))[["elapsed"]])

exact <- function(v) sprintf("%.17g", v)
writeLines(c(paste(names(rows), collapse = ","), do.call(paste, c(unname(lapply(rows, exact)), sep = ","))),
           file.path(cache, "forest_rows.csv"))
writeLines(c("response", exact(answers)), file.path(cache, "forest_expected.csv"))
cat(sprintf('{"bench":"forest_r","rows":%d,"trees":%d,"nodes":%.0f,"seconds":%.4f,"ns_per_tree_row":%.2f}\n', nrow(rows),
            as.integer(model$ntree), mean(model$forest$ndbigtree), median(seconds),
            1e9 * median(seconds) / nrow(rows) / model$ntree))
