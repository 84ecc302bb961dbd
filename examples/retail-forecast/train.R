# Trains the 35 models of the example: gbm quantile models for 7 steps and 5 quantiles, on weeks 0-107.
# Usage: Rscript train.R [data-dir = data] [models-dir = models] [trees = 100] [depth = 6] [shrinkage = 0.1] [share-of-rows = 1]
# A model file that is there already is kept, so that a run that was interrupted can go on. The small models take about six
# minutes; the full size, `train.R data models 1250 20 0.05 0.05`, a quarter of an hour.

suppressMessages(library(gbm))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
source(file.path(here, "features.R"))
data_dir <- c(commandArgs(TRUE), "data")[1]
models_dir <- c(commandArgs(TRUE)[-1], "models")[1]
dir.create(models_dir, showWarnings = FALSE)

setting <- function(position, otherwise) if (length(commandArgs(TRUE)) < position) otherwise else as.numeric(commandArgs(TRUE)[position])
trees <- setting(3, 100)
depth <- setting(4, 6)
shrinkage <- setting(5, 0.1)
share <- setting(6, 1)
quantiles <- c(5, 25, 50, 75, 95)

# Leaves out what predict.gbm does not read. It reads trees, c.splits, initF, var.*, Terms, n.trees, num.classes, distribution
# and, to choose n.trees by itself, train.fraction and the length of train.error.
strip <- function(model) {
  for (part in c("fit", "valid.error", "oobag.improve", "call", "m", "data")) model[[part]] <- NULL
  attr(model$Terms, ".Environment") <- globalenv()
  model
}

history <- read.csv(file.path(data_dir, "history", "product1.csv.gz"))
series <- stack_series(history, NULL)
for (model in 1:7) {
  rows <- all_rows <- step_features(series, model)
  shape <- reformulate(model_features(model), "sales", env = globalenv())
  for (q in quantiles) {
    file <- file.path(models_dir, sprintf("gbm_t%d_q%d.rds", model, q))
    if (file.exists(file)) next
    set.seed(100 * model + q)
    if (share < 1) rows <- all_rows[sort(sample(nrow(all_rows), round(share * nrow(all_rows)))), ]
    began <- proc.time()[["elapsed"]]
    fitted <- gbm(shape, list(name = "quantile", alpha = q / 100), rows, n.trees = trees, interaction.depth = depth,
                  n.minobsinnode = 10, shrinkage = shrinkage, keep.data = FALSE)
    small <- strip(fitted)
    stopifnot(identical(predict(small, rows[1:500, ], n.trees = trees), predict(fitted, rows[1:500, ], n.trees = trees)))
    saveRDS(small, paste0(file, ".part"), compress = if (trees > 500) "gzip" else "xz")
    stopifnot(file.rename(paste0(file, ".part"), file))
    cat(sprintf("%s  %d rows  %.1f s  %.1f KB\n", basename(file), nrow(rows), proc.time()[["elapsed"]] - began, file.size(file) / 1024))
  }
}
