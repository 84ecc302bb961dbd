# The baseline of bench/serve.py: a randomForest of 100 trees, or a linear model, on MASS::Boston behind plumber, by a script like those that people write.
# Usage: Rscript bench/serve_plumber.R CACHE_DIR make          writes serve_forest.rds, serve_linear.rds, bodies serve_{1,10,100,all}.json, R's predictions
#                                                              serve_{forest,linear}_all.txt, and the forest's arrays, serve_forest.json
#        Rscript bench/serve_plumber.R CACHE_DIR PORT MODEL    serves CACHE_DIR/MODEL; the line "Running plumber API" says that it listens
suppressMessages(library(randomForest))
args <- commandArgs(TRUE)
if (!length(args) %in% 2:3) stop("usage: serve_plumber.R CACHE_DIR make | CACHE_DIR PORT MODEL")
cache <- args[1]
if (args[2] == "make") {
  boston <- MASS::Boston
  set.seed(1)
  models <- list(forest = randomForest(medv ~ ., boston, ntree = 100), linear = lm(medv ~ ., boston))
  for (name in names(models)) {
    saveRDS(models[[name]], file.path(cache, sprintf("serve_%s.rds", name)))
    writeLines(sprintf("%.17g", predict(models[[name]], boston)), file.path(cache, sprintf("serve_%s_all.txt", name)))
  }
  for (rows in list(1, 10, 100, nrow(boston))) {
    # digits: what a double needs; the column medv travels along, as in httr's POST of the whole frame.
    body <- jsonlite::toJSON(list(df = boston[seq_len(rows), ]), digits = NA)
    writeLines(body, file.path(cache, sprintf("serve_%s.json", if (rows == nrow(boston)) "all" else rows)))
  }
  forest <- models$forest$forest
  arrays <- forest[c("ndbigtree", "nodestatus", "leftDaughter", "rightDaughter", "bestvar", "xbestsplit", "nodepred")]
  writeLines(jsonlite::toJSON(c(arrays, list(features = jsonlite::unbox(length(forest$xlevels)))), digits = NA), file.path(cache, "serve_forest.json"))
} else {
  model <- readRDS(file.path(cache, args[3]))
  file <- tempfile(fileext = ".R")
  # digits = NA: plumber's own choice would round predictions to four digits.
  writeLines(c("#* @post /score", "#* @serializer json list(digits = NA)", "function(df) predict(model, df)"), file)
  service <- plumber::Plumber$new(file, envir = globalenv())
  service$setDocs(FALSE)
  service$run(host = "127.0.0.1", port = as.integer(args[2]))
}
