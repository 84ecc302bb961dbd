# The retail forecast in R, the baseline of bench/retail: for each product reads its history and future, makes the features with
# dplyr, predicts 13 weeks x 5 quantiles with 35 gbm models (loaded once) and writes the forecast as CSV.
# Usage: Rscript bench/retail_r.R DATA_DIR MODELS_DIR OUT_DIR [PRODUCT ...]   (no product: every file in DATA_DIR/history)
# Prints one JSON line: seconds by phase (load, read, features, predict, write), rows, operations (rows x quantiles).

suppressMessages({
  library(dplyr)
  library(gbm)
})
root <- file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))), "..")
source(file.path(root, "examples/retail-forecast/features.R"))
source(file.path(root, "examples/retail-forecast/forecast.R"))
args <- commandArgs(TRUE)
if (length(args) < 3) stop("usage: retail_r.R DATA_DIR MODELS_DIR OUT_DIR [PRODUCT ...]")
data_dir <- args[1]
products <- args[-(1:3)]
if (!length(products)) products <- sub("[.]csv([.]gz)?$", "", list.files(file.path(data_dir, "history"), "[.]csv"))
dir.create(args[3], recursive = TRUE, showWarnings = FALSE)

seconds <- c(load = 0, read = 0, features = 0, predict = 0, write = 0)
clock <- function(phase, value) {
  began <- proc.time()[["elapsed"]]
  value  # evaluated here
  seconds[[phase]] <<- seconds[[phase]] + proc.time()[["elapsed"]] - began
  value
}
read_rows <- function(part, product) {
  path <- file.path(data_dir, part, paste0(product, ".csv"))
  read.csv(if (file.exists(path)) path else paste0(path, ".gz"))
}

began <- proc.time()[["elapsed"]]
models <- clock("load", load_models(args[2]))
rows <- 0
for (product in products) {
  history <- clock("read", read_rows("history", product))
  future <- clock("read", read_rows("futurex", product))
  answers <- forecast(history, future, models, clock)
  clock("write", write.csv(answers, file.path(args[3], paste0(product, ".csv")), quote = FALSE, row.names = FALSE))
  rows <- rows + nrow(answers)
}
cat(sprintf('{"bench":"retail_r","products":%d,"rows":%d,"operations":%d,%s,"total":%.3f}\n', length(products), rows,
            rows * length(quantiles), paste0('"', names(seconds), '":', sprintf("%.3f", seconds), collapse = ","),
            proc.time()[["elapsed"]] - began))
