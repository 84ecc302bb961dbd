# Four kinds of model for the price of a house, tuned by caret::train() on warm workers of this machine, and the best of them saved.
# Usage: Rscript train.R [out-dir = out] [workers = 2]         workers = 0: one after the other in this R; the numbers are the same
# Leaves in out-dir: resamples.csv (the error of every model in every resample), best.rds, new_homes.csv (houses that no model has seen), r_answers.csv
# (R's own predictions for them), models.svg. Needs caret, gbm, glmnet, kernlab, randomForest, and the packages scoria and foreach.

suppressMessages({
  library(caret)
  library(scoria)
})
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
source(file.path(here, "plot.R"))
out <- c(commandArgs(TRUE), "out")[1]
workers <- as.integer(c(commandArgs(TRUE)[-1], 2)[1])
dir.create(out, showWarnings = FALSE, recursive = TRUE)
if (workers > 0) registerDoScoria(workers = workers) else foreach::registerDoSEQ()

# 932 houses sold in and around Sacramento in five days of 2008.
data(Sacramento)
homes <- Sacramento[c("beds", "baths", "sqft", "type", "latitude", "longitude", "price")]
set.seed(20)
is_seen <- seq_len(nrow(homes)) %in% createDataPartition(homes$price, p = 0.8)[[1]]
seen <- homes[is_seen, ]
unseen <- homes[!is_seen, ]

# The same ten resamples for all, so that they can be compared one by one; seeds for each, so that it does not matter which worker gets which.
resamples_of_all <- createMultiFolds(seen$price, k = 5, times = 2)
control <- trainControl(method = "repeatedcv", number = 5, repeats = 2, index = resamples_of_all,
                        seeds = c(lapply(1:10, function(i) 100L * i + 1:20), list(7L)))
x <- seen[setdiff(names(seen), "price")]
y <- log(seen$price)
tune <- function(name, ...) {
  began <- proc.time()[["elapsed"]]
  set.seed(1)
  model <- train(..., trControl = control)
  cat(sprintf("%-7s %5.1f s  RMSE %.4f with %s\n", name, proc.time()[["elapsed"]] - began, min(model$results$RMSE),
              paste(names(model$bestTune), unlist(model$bestTune), sep = " = ", collapse = ", ")))
  model
}
tuned <- list(
  rf = tune("rf", x, y, method = "rf", ntree = 150, tuneGrid = data.frame(mtry = 1:3)),
  gbm = tune("gbm", x, y, method = "gbm", verbose = FALSE,
             tuneGrid = expand.grid(n.trees = c(100, 300), interaction.depth = c(2, 5), shrinkage = 0.1, n.minobsinnode = 10)),
  glmnet = tune("glmnet", log(price) ~ ., seen, method = "glmnet", tuneLength = 4),
  svm = tune("svm", log(price) ~ ., seen, method = "svmRadial", tuneGrid = expand.grid(sigma = c(0.05, 0.2), C = c(0.5, 1, 2))))
if (workers > 0) stopWorkers()

errors <- resamples(tuned, metric = "RMSE")$values
errors <- setNames(errors[c("Resample", paste0(names(tuned), "~RMSE"))], c("resample", names(tuned)))
write.csv(errors, file.path(out, "resamples.csv"), row.names = FALSE)

# The best that is a model file for `scoria score`: what caret wraps around it, such as the resamples, stays behind.
best <- names(which.min(colMeans(errors[c("rf", "gbm")])))
model <- tuned[[best]]$finalModel
saveRDS(model, file.path(out, "best.rds"))
write.csv(unseen, file.path(out, "new_homes.csv"), row.names = FALSE)
answers <- if (best == "gbm") predict(model, unseen, n.trees = model$n.trees) else predict(model, unseen)
stopifnot(all.equal(unname(answers), unname(predict(tuned[[best]], unseen)), tolerance = 1e-12))
write.csv(data.frame(response = sprintf("%.17g", answers)), file.path(out, "r_answers.csv"), row.names = FALSE, quote = FALSE)
writeLines(models_picture(errors, best, unseen$price, exp(answers)), file.path(out, "models.svg"))
cat(sprintf("best: %s; on %d houses that it has not seen its RMSE is %.4f\n", best, nrow(unseen), sqrt(mean((answers - log(unseen$price))^2))))
