# Makes the evaluation fixtures: a small hostile forecast with its history and actual values, and R's own scores of it and of the
# retail example. The measures are defined in src/report/evaluation.h and computed here from the definitions, by dplyr.
# Usage: Rscript make.R [directory = .]; needs dplyr. Run in tests/data/report.

suppressMessages(library(dplyr))
out <- c(commandArgs(TRUE), ".")[1]
levels <- c(0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)
columns <- c("q2.5", "q5", "q25", "q50", "q75", "q95", "q97.5")

# ---- the small one: 6 series, some without history, with missing values, zeros, crossings, rows on one side only
set.seed(20)
series <- expand.grid(item = c("a", "b,c"), site = 1:3, stringsAsFactors = FALSE)
history <- merge(series, data.frame(day = 1:12)) %>%
  mutate(units = round(rgamma(n(), 3, 0.1), 2)) %>%
  filter(!(item == "a" & site == 2)) %>%                            # no history at all
  filter(!(item == "a" & site == 3 & day < 11))                     # only two known values
history$units[history$item == "b,c" & history$site == 1 & history$day >= 10] <- NA  # the last ones are missing
history$units[history$item == "b,c" & history$site == 2] <- 7                       # constant
forecast <- merge(series, data.frame(step = 1:4)) %>% mutate(day = 12 + step)
draws <- t(replicate(nrow(forecast), sort(round(rgamma(7, 3, 0.1), 3))))
colnames(draws) <- columns
forecast <- cbind(forecast, draws)
forecast[5, c("q25", "q50")] <- forecast[5, c("q50", "q25")]        # crossing
forecast[9, c("q2.5", "q97.5")] <- forecast[9, c("q97.5", "q2.5")]  # crossing
forecast$q50[7] <- NA
forecast$q95[12] <- NaN
forecast <- forecast[sample(nrow(forecast)), ]
actual <- merge(series, data.frame(day = 13:17)) %>% mutate(units = round(rgamma(n(), 3, 0.1), 2))
actual$units[c(2, 11)] <- 0
actual$units[8] <- NA
actual$units[3] <- forecast$q25[with(forecast, item == actual$item[3] & site == actual$site[3] & day == actual$day[3])]  # a tie
actual <- actual[-c(4, 15), ]
actual <- actual[sample(nrow(actual)), ]

pinball <- function(y, q, tau) mean(pmax(tau * (y - q), (tau - 1) * (y - q)))

naive_forecasts <- function(history, forecast, keys, time, value) {
  origin <- forecast %>% group_by(across(all_of(keys))) %>% summarise(origin = min(.data[[time]]), .groups = "drop")
  history %>%
    inner_join(origin, by = keys) %>%
    filter(.data[[time]] < origin, !is.na(.data[[value]])) %>%
    arrange(.data[[time]]) %>%
    group_by(across(all_of(keys))) %>%
    summarise(naive_last = tail(.data[[value]], 1), naive_four = mean(tail(.data[[value]], 4)), naive_all = mean(.data[[value]]),
              .groups = "drop")
}

point <- function(y, m) {
  nonzero <- y != 0
  c(rows = length(y), zero_actuals = sum(!nonzero), pinball = pinball(y, m, 0.5),
    mape = mean(abs(y - m)[nonzero] / abs(y[nonzero])), wape = sum(abs(y - m)) / sum(abs(y)), rmse = sqrt(mean((y - m)^2)))
}

# One named vector of everything for the rows of `group`, which has y and the naive forecasts joined in.
score <- function(group, columns, levels) {
  complete <- complete.cases(group[columns])
  scored <- group[complete & !is.na(group$y), ]
  result <- c(forecasts = nrow(group), scored = nrow(scored), without_actual = sum(complete & is.na(group$y)),
              incomplete = sum(!complete))
  losses <- mapply(function(column, tau) pinball(scored$y, scored[[column]], tau), columns, levels)
  result[paste0("pinball ", columns)] <- losses
  result[paste0("at_or_below ", columns)] <- sapply(columns, function(column) mean(scored$y <= scored[[column]]))
  result["mean_pinball"] <- mean(losses)
  for (i in which(levels < 0.5)) {
    lower <- scored[[columns[i]]]
    upper <- scored[[columns[length(columns) + 1 - i]]]
    nominal <- format(levels[length(levels) + 1 - i] - levels[i])
    result[paste("coverage", nominal)] <- mean(lower <= scored$y & scored$y <= upper)
    result[paste("width", nominal)] <- mean(upper - lower)
  }
  result["crossing"] <- mean(apply(scored[columns], 1, is.unsorted))
  result[paste("median", names(point(1, 1)))] <- point(scored$y, scored$q50)
  compared <- scored[!is.na(scored$naive_all), ]
  result[paste("compared", names(point(1, 1)))] <- point(compared$y, compared$q50)
  naive <- sapply(c("naive_last", "naive_four", "naive_all"), function(name) point(compared$y, compared[[name]]))
  for (name in colnames(naive)) result[paste(name, rownames(naive))] <- naive[, name]
  result["best_naive"] <- if (nrow(compared) > 0) which.min(naive["pinball", ]) - 1 else NA
  result["skill"] <- 1 - result[["compared pinball"]] / min(naive["pinball", ])
  result
}

scores <- function(forecast, actual, history, keys, time, value, columns, levels) {
  joined <- forecast %>%
    left_join(actual %>% select(all_of(c(keys, time)), y = all_of(value)), by = c(keys, time)) %>%
    left_join(naive_forecasts(history, forecast, keys, time, value), by = keys)
  groups <- c(split(joined, joined$step), list(all = joined))
  bind_rows(lapply(names(groups), function(name) {
    values <- score(groups[[name]], columns, levels)
    data.frame(group = name, measure = names(values), value = unname(values))
  }))
}

write <- function(data, name) {
  data[] <- lapply(data, function(x) if (is.double(x)) sprintf("%.17g", x) else x)
  data[] <- lapply(data, function(x) ifelse(x %in% c("NA", "NaN"), NA, x))
  write.csv(data, file.path(out, name), row.names = FALSE, na = "NA", quote = which(names(data) %in% c("item", "group", "measure")))
}
write(history, "history.csv")
write(forecast, "forecast.csv")
write(actual, "actual.csv")
write(scores(forecast, actual, history, c("item", "site"), "day", "units", columns, levels), "scores.csv")

# ---- the retail example, with R's own forecast
example <- file.path(out, "../../../examples/retail-forecast/data")
part <- function(name) read.csv(file.path(example, name, "product1.csv.gz"))
retail <- part("futurex") %>% select(sku, store, week) %>% arrange(sku, store, week) %>% mutate(step = week - 107L)
fixture <- gzfile(file.path(out, "../retail_expected.bin.gz"), "rb")
numbers <- readBin(fixture, "double", 5 * nrow(retail), endian = "little")
close(fixture)
five <- c("q5", "q25", "q50", "q75", "q95")
retail[five] <- matrix(numbers, nrow(retail))
write(scores(retail, part("actual"), part("history"), c("sku", "store"), "week", "sales", five, c(0.05, 0.25, 0.5, 0.75, 0.95)),
      "retail_scores.csv")
