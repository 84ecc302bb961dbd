# The baseline of bench/serve.py: a randomForest of 100 trees on MASS::Boston behind plumber, by a script like those that people write.
# Usage: Rscript bench/serve_plumber.R CACHE_DIR make     writes serve.rds, serve_1.json, serve_10.json and R's predictions of them
#        Rscript bench/serve_plumber.R CACHE_DIR PORT     serves; the line "Running plumber API" says that it listens
suppressMessages(library(randomForest))
args <- commandArgs(TRUE)
if (length(args) != 2) stop("usage: serve_plumber.R CACHE_DIR make|PORT")
cache <- args[1]
if (args[2] == "make") {
  boston <- MASS::Boston
  set.seed(1)
  model <- randomForest(medv ~ ., boston, ntree = 100)
  saveRDS(model, file.path(cache, "serve.rds"))
  for (rows in c(1, 10)) {
    # digits: what a double needs; the column medv travels along, as in httr's POST of the whole frame.
    writeLines(jsonlite::toJSON(list(df = boston[seq_len(rows), ]), digits = NA), file.path(cache, sprintf("serve_%d.json", rows)))
    writeLines(sprintf("%.17g", predict(model, boston[seq_len(rows), ])), file.path(cache, sprintf("serve_%d.txt", rows)))
  }
} else {
  model <- readRDS(file.path(cache, "serve.rds"))
  file <- tempfile(fileext = ".R")
  # digits = NA: plumber's own choice would round predictions to four digits.
  writeLines(c("#* @post /score", "#* @serializer json list(digits = NA)", "function(df) predict(model, df)"), file)
  service <- plumber::Plumber$new(file, envir = globalenv())
  service$setDocs(FALSE)
  service$run(host = "127.0.0.1", port = as.integer(args[2]))
}
