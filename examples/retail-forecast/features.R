# The features of the retail forecast, in dplyr: what plan.yaml says in its own words. Sourced by train.R, expected.R and the
# R baseline bench/retail_r.R.

suppressMessages(library(dplyr))

price_columns <- paste0("price", 1:11)
lag_columns <- c("month_mean", "month_max", "month_min", "lag1")

# Models 1 to 6 forecast that many weeks ahead; model 7, which knows no recent sales, serves weeks 7 to 13.
model_of_step <- function(step) pmin(step, 7)
model_features <- function(model) c("sku", "deal", "feat", "level", if (model < 7) lag_columns, price_columns)

# The part that does not depend on the step: history and future stacked, one ordered series per sku and store.
stack_series <- function(history, future) {
  bind_rows(history, future) %>%
    arrange(sku, store, week) %>%
    mutate(sales = log(sales)) %>%
    group_by(sku, store)
}

running_mean_of_known <- function(v) {
  known <- which(!is.na(v))
  v[known] <- cummean(v[known])
  v
}

without_sales <- function(rows) rows[setdiff(names(rows), "sales")]

# The features of every complete row, or of those of one week.
step_features <- function(series, step, only_week = NULL) {
  rows <- series %>%
    mutate(
      lag1 = lag(sales, step),
      lag2 = lag(sales, step + 1),
      lag3 = lag(sales, step + 2),
      lag4 = lag(sales, step + 3),
      lag5 = lag(sales, step + 4),
      level = running_mean_of_known(lag1)) %>%
    ungroup()
  if (!is.null(only_week)) rows <- filter(rows, week == only_week)
  rows %>%
    mutate(
      month_mean = (lag1 + lag2 + lag3 + lag4 + lag5) / 5,
      month_max = pmax(lag1, lag2, lag3, lag4, lag5),
      month_min = pmin(lag1, lag2, lag3, lag4, lag5)) %>%
    filter(complete.cases(without_sales(.))) %>%
    as.data.frame()
}
