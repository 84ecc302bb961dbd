# Times one call of R's predict.gbm on the real features of the retail forecast.
# Usage: Rscript bench/gbm_predict_r.R MODEL.rds DATA_DIR [ROWS = 20000] [REPEATS = 3] [ROWS.csv OUT.csv]
# With the last two it writes the rows it scored (%.17g) and R's answers, for a comparison bit by bit.
# Prints one JSON line: median seconds and nanoseconds per tree and row.

suppressMessages({
  library(dplyr)
  library(gbm)
})
root <- file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))), "..")
source(file.path(root, "examples/retail-forecast/features.R"))
args <- commandArgs(TRUE)
if (length(args) < 2) stop("usage: gbm_predict_r.R MODEL.rds DATA_DIR [ROWS] [REPEATS] [ROWS.csv OUT.csv]")
rows_wanted <- as.integer(c(args[-(1:2)], "20000")[1])
repeats <- as.integer(c(args[-(1:3)], "3")[1])

model <- readRDS(args[1])
path <- file.path(args[2], "history", "product1.csv")
series <- stack_series(read.csv(if (file.exists(path)) path else paste0(path, ".gz")), NULL)
step <- as.integer(sub(".*_t([0-9]+)_.*", "\\1", basename(args[1])))
rows <- step_features(series, step)[model$var.names]
rows <- rows[rep_len(seq_len(nrow(rows)), rows_wanted), ]

seconds <- replicate(repeats, system.time(answers <<- predict(model, rows, n.trees = model$n.trees))[["elapsed"]])
exact <- function(v) sprintf("%.17g", v)
if (length(args) >= 6) {
  writeLines(c(paste(names(rows), collapse = ","), do.call(paste, c(unname(lapply(rows, exact)), sep = ","))), args[5])
  writeLines(c("link", exact(answers)), args[6])
}
cat(sprintf('{"bench":"gbm_predict_r","model":"%s","rows":%d,"trees":%d,"seconds":%.4f,"ns_per_tree_row":%.2f}\n', basename(args[1]),
            nrow(rows), as.integer(model$n.trees), median(seconds), 1e9 * median(seconds) / nrow(rows) / model$n.trees))
