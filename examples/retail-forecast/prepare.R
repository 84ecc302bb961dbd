# Makes the data of the retail forecast from the orangeJuice data of R's bayesm package: weekly sales of 11 orange juices in
# Dominick's stores. The steps are those of Microsoft's R batch scoring reference (github.com/Azure/RBatchScoring, R/get_data.R).
# Usage: Rscript prepare.R [out-dir = data]
# Writes history/product1.csv.gz (weeks 0-107), futurex/product1.csv.gz (weeks 108-120, without sales) and
# actual/product1.csv.gz (the sales of those 13 weeks, to judge a forecast by).

suppressMessages(library(dplyr))
data("orangeJuice", package = "bayesm")
out_dir <- c(commandArgs(TRUE), "data")[1]
horizon <- 13

# A series is one brand in one store. Only those still sold in the last week stay; stores and weeks are counted anew (stores in
# the order of their old numbers as text: what merge() made of them in the reference).
juice <- orangeJuice$yx %>%
  select(store, brand, week, logmove, price1:price11, deal, feat) %>%
  mutate(feat = as.integer(feat)) %>%
  group_by(store, brand) %>%
  filter(max(week) == max(orangeJuice$yx$week)) %>%
  ungroup() %>%
  mutate(store = match(store, as.integer(sort(as.character(unique(store))))), week = week - min(week))

# A week without a record repeats the last one before it, sales included.
fill_gaps <- function(series, key) {
  weeks <- seq(min(series$week), max(series$week))
  latest <- findInterval(weeks, series$week)
  filled <- series[latest, ]
  filled$week <- weeks
  filled
}
juice <- juice %>%
  arrange(store, brand, week) %>%
  group_by(store, brand) %>%
  group_modify(fill_gaps) %>%
  ungroup() %>%
  transmute(sku = brand, store, week, deal, feat, across(price1:price11), sales = exp(logmove)) %>%
  as.data.frame()

# 15 significant digits, the most that R's write.csv gives: as in the reference.
write_part <- function(rows, part) {
  dir.create(file.path(out_dir, part), recursive = TRUE, showWarnings = FALSE)
  out <- gzfile(file.path(out_dir, part, "product1.csv.gz"), "wb", compression = 9)
  write.csv(rows, out, quote = FALSE, row.names = FALSE)
  close(out)
}
last_known <- max(juice$week) - horizon
future <- juice %>% filter(week > last_known)
write_part(juice %>% filter(week <= last_known) %>% arrange(sku, store, week), "history")
write_part(future %>% arrange(week, store, sku) %>% select(-sales), "futurex")
write_part(future %>% arrange(sku, store, week) %>% select(sku, store, week, sales), "actual")
