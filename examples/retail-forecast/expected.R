# R's own forecast with the models of this example, as a fixture: 57,200 little-endian doubles, columns q5 q25 q50 q75 q95 one after
# the other, each 11,440 rows sorted by sku, store, week. Also prints how good the forecast is on the weeks it has not seen.
# Usage: Rscript expected.R [data-dir = data] [models-dir = models] [out = retail_expected.bin.gz]

suppressMessages(library(gbm))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
source(file.path(here, "features.R"))
source(file.path(here, "forecast.R"))
data_dir <- c(commandArgs(TRUE), "data")[1]
models_dir <- c(commandArgs(TRUE)[-1], "models")[1]
out_file <- c(commandArgs(TRUE)[-(1:2)], "retail_expected.bin.gz")[1]
read_part <- function(part) read.csv(file.path(data_dir, part, "product1.csv.gz"))

answers <- forecast(read_part("history"), read_part("futurex"), load_models(models_dir))
out <- gzfile(out_file, "wb", compression = 9)
writeBin(unlist(answers[paste0("q", quantiles)], use.names = FALSE), out, size = 8, endian = "little")
close(out)

actual <- read_part("actual")
stopifnot(identical(actual[c("sku", "store", "week")], answers[c("sku", "store", "week")]))
for (q in quantiles) {
  forecast_q <- answers[[paste0("q", q)]]
  miss <- log(actual$sales) - log(forecast_q)
  pinball <- mean(pmax(q / 100 * miss, (q / 100 - 1) * miss))
  cat(sprintf("q%-3d sales at or below: %5.1f %%   pinball loss of log sales: %.4f\n", q, 100 * mean(actual$sales <= forecast_q), pinball))
}
crossing <- answers$q25 < answers$q5 | answers$q50 < answers$q25 | answers$q75 < answers$q50 | answers$q95 < answers$q75
cat(sprintf("%d rows, %.1f %% with crossing quantiles\n", nrow(answers), 100 * mean(crossing)))
