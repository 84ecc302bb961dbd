# The whole forecast in R, for comparison: reads history and future, makes features, predicts, 13 weeks x 5 quantiles.
# Sourced by expected.R and by the baseline bench/retail_r.R; needs features.R and gbm.

quantiles <- c(5, 25, 50, 75, 95)
steps <- 1:13

load_models <- function(models_dir) {
  names <- as.vector(outer(1:7, quantiles, function(model, q) sprintf("gbm_t%d_q%d", model, q)))
  sapply(names, function(name) readRDS(file.path(models_dir, paste0(name, ".rds"))), simplify = FALSE)
}

# `clock(phase, value)` lets a benchmark time each phase; it returns value.
forecast <- function(history, future, models, clock = function(phase, value) value) {
  first_week <- min(future$week)
  series <- clock("features", stack_series(history, future))
  parts <- lapply(steps, function(step) {
    rows <- clock("features", step_features(series, step, only_week = first_week + step - 1))
    answers <- clock("predict", sapply(quantiles, function(q) {
      model <- models[[sprintf("gbm_t%d_q%d", model_of_step(step), q)]]
      exp(predict(model, rows, n.trees = model$n.trees))
    }))
    colnames(answers) <- paste0("q", quantiles)
    cbind(rows[c("sku", "store", "week")], step = step, answers)
  })
  bind_rows(parts) %>% arrange(sku, store, week)
}
