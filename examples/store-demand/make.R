# Makes everything in this folder but the plan: simulated sales of six stores, a gbm model of demand for each of five of them and
# one for all, a random forest that tells whether a store runs out, and R's own answer to the plan.
# usage: Rscript make.R    (in this folder; R with gbm, randomForest, dplyr and tidyr)
suppressMessages({library(dplyr); library(tidyr); library(gbm); library(randomForest)})
RNGversion("4.2.0")
set.seed(7)

products <- data.frame(sku = c("A1", "A2", "B1", "C9"), brand = c("alba", "alba", "borea", "cimo"), size = c(0.5, 1, 1, 2))
stores <- data.frame(shop = 1:6, area = c(420, 380, 900, 150, 610, 240))
all <- expand_grid(store = 1:6, sku = products$sku, week = seq(as.Date("2024-01-01"), by = "week", length.out = 60))
all <- all %>% left_join(products, by = "sku") %>% left_join(stores, by = c(store = "shop")) %>%
  group_by(store, sku) %>%
  mutate(price = round(2 + size + cumsum(rnorm(n(), 0, 0.05)), 2),
         season = 1 + 0.3 * sin(as.numeric(format(week, "%j")) / 58),
         sold = rpois(n(), season * sqrt(area) * exp(1 - 0.4 * price)),
         ran_out = factor(ifelse(runif(n()) < pmin(0.9, sold / 25), "yes", "no"))) %>% ungroup()
# What was written down: weeks without a sale have no row, some prices are missing, and one store is not in the list of stores.
sales <- all %>% filter(sold > 0, runif(n()) > 0.1) %>% mutate(price = ifelse(runif(n()) < 0.2, NA, price)) %>%
  transmute(store, sku, week = format(week), price, sold)
write.csv(sales, "data/sales.csv", row.names = FALSE, quote = FALSE)
write.csv(products, "data/products.csv", row.names = FALSE, quote = FALSE)
write.csv(stores[stores$shop != 6, ], "data/stores.csv", row.names = FALSE, quote = FALSE)

# The plan's own steps, in R.
steps <- sales %>% complete(nesting(store, sku), week = format(seq(min(as.Date(week)), max(as.Date(week)), by = "week")),
                            fill = list(sold = 0)) %>%
  left_join(products, by = "sku") %>% left_join(stores[stores$shop != 6, ], by = c(store = "shop")) %>%
  arrange(store, sku, week) %>% group_by(store, sku) %>% fill(price, .direction = "downup") %>%
  mutate(lag1 = lag(sold), lag2 = lag(sold, 2), trend = lag1 - lag2,
         month_mean = (lag1 + lag2 + lag(sold, 3) + lag(sold, 4)) / 4) %>% ungroup()
last <- "2025-02-03"
train <- steps %>% filter(week < last, !is.na(month_mean)) %>% mutate(brand = factor(brand))
train <- left_join(train, transmute(all, store, sku, week = format(week), ran_out), by = c("store", "sku", "week"))

# Only what predict() reads, so that the files are small; formulas made at top level carry no data.
demand <- sold ~ price + size + brand + lag1 + trend + month_mean
slim <- function(fit) {
  keep <- c("initF", "trees", "c.splits", "n.trees", "num.classes", "var.names", "var.type", "var.levels", "Terms",
            "distribution", "response.name", "cv.folds", "train.fraction", "train.error", "valid.error", "call")
  structure(unclass(fit)[intersect(keep, names(fit))], class = "gbm")
}
fit_demand <- function(rows) {
  fit <- gbm(demand, data = as.data.frame(rows), distribution = "poisson", n.trees = 40, interaction.depth = 3,
             shrinkage = 0.1, bag.fraction = 0.8, n.minobsinnode = 5)
  attr(fit$Terms, ".Environment") <- globalenv()
  slim(fit)
}
for (store in 1:5) saveRDS(fit_demand(train[train$store == store, ]), sprintf("models/demand_%d.rds", store), version = 3)
saveRDS(fit_demand(train), "models/demand_all.rds", version = 3)
known <- as.data.frame(train[!is.na(train$area), ])
ran_out <- ran_out ~ price + lag1 + month_mean + area
out <- randomForest(ran_out, data = known, ntree = 20, maxnodes = 12)
for (part in c("votes", "oob.times", "err.rate", "confusion", "predicted")) out[[part]] <- NULL
out$y <- out$y[0]
attr(out$terms, ".Environment") <- globalenv()
saveRDS(out, "models/ran_out.rds", version = 3)

# R's own answer for the last weeks.
rows <- as.data.frame(steps[steps$week >= last, ])
rows$brand <- factor(rows$brand, levels = levels(train$brand))
file_of <- function(store) if (store <= 5) sprintf("models/demand_%d.rds", store) else "models/demand_all.rds"
rows$demand <- NA_real_
for (store in 1:6) {
  at <- rows$store == store
  fit <- readRDS(file_of(store))
  rows$demand[at] <- predict(fit, rows[at, ], n.trees = fit$n.trees, type = "response")
}
p <- predict(readRDS("models/ran_out.rds"), rows, type = "prob")  # NA where the store's area is not known
rows$p_yes <- p[, "yes"]
expected <- rows %>% transmute(store, sku, week, brand = as.character(brand), demand, per_area = demand / area, risk = p_yes)
expected[] <- lapply(expected, function(x) if (is.double(x)) ifelse(is.na(x), NA, format(x, digits = 17, trim = TRUE)) else x)
write.csv(expected, "expected.csv", row.names = FALSE, quote = FALSE)
